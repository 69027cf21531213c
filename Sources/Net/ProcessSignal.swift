import CLinux
import Glibc

/// A signal that asks the process to end or to look again at its configuration.
public enum ProcessSignal: Int32, CaseIterable, Sendable {
  /// `SIGHUP`: the terminal is gone, or the configuration has changed.
  case hangUp = 1
  /// `SIGINT`: Ctrl-C.
  case interrupt = 2
  /// `SIGTERM`: the service manager stops us.
  case terminate = 15

  /// Catches the given signals from now on and tells of them, one after the other.
  ///
  /// The process is no longer ended by them. Meant to be called once.
  public static func events(
    of signals: [ProcessSignal] = [.interrupt, .terminate]
  ) throws(SystemError) -> AsyncStream<ProcessSignal> {
    var pipe: Int32 = -1
    for signal in signals {
      pipe = try checked("catch signal \(signal.rawValue)", clinux_catch_signal(signal.rawValue))
    }
    let (stream, continuation) = AsyncStream.makeStream(
      of: ProcessSignal.self, bufferingPolicy: .bufferingNewest(16))
    guard pipe >= 0 else { return stream }
    let thread = try startThread(name: "signals") { [pipe] in
      while true {
        let number = clinux_next_signal(pipe)
        guard number > 0 else { break }
        if let signal = ProcessSignal(rawValue: number) { continuation.yield(signal) }
      }
      continuation.finish()
    }
    pthread_detach(thread)
    return stream
  }

  /// Makes writing to a closed connection an error instead of the process's end (`SIGPIPE`).
  public static func ignoreBrokenPipe() { clinux_ignore_broken_pipe() }
}
