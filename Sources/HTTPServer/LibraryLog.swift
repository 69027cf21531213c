import CWebSockets
import Synchronization

/// What libwebsockets itself has to say: errors and warnings of the whole process. Nobody hears it by default.
public enum LibraryLog {
  private static let listener = Mutex<(@Sendable (String) -> Void)?>(nil)

  /// Sends each line to `listener`, on whichever thread it arises; nil for silence.
  public static func listen(_ listener: (@Sendable (String) -> Void)?) {
    self.listener.withLock { $0 = listener }
    apply()
  }

  /// Sets the level anew; libwebsockets prints to standard error until told otherwise.
  static func apply() {
    let isHeard = listener.withLock { $0 != nil }
    // LLL_ERR and LLL_WARN.
    unsafe lws_set_log_level(isHeard ? 3 : 0) { _, line in
      guard let line = unsafe line else { return }
      // The line ends with a zero byte and is the library's until we return.
      let text = unsafe String(cString: line)
      LibraryLog.listener.withLock { $0 }?(text)
    }
  }
}
