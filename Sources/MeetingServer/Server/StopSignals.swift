import Net

/// Ctrl-C, what a service manager sends to end the program, and where wanted what asks it to read its
/// certificate again.
public struct StopSignals: Sendable {
  private let signals: AsyncStream<ProcessSignal>

  /// Catches the signals from now on; make one per process. Without `catchingHangUp` the end of the
  /// terminal ends the program as usual.
  public init(catchingHangUp: Bool = false) throws(ServerFault) {
    ProcessSignal.ignoreBrokenPipe()
    do throws(SystemError) {
      signals = try ProcessSignal.events(
        of: [.interrupt, .terminate] + (catchingHangUp ? [.hangUp] : []))
    } catch {
      throw ServerFault("signals cannot be caught: \(error)")
    }
  }

  /// Returns at the first that asks for the end; each `SIGHUP` before it has `hangUp` run.
  public func first(hangUp: () async -> Void = {}) async {
    for await signal in signals {
      guard signal == .hangUp else { return }
      await hangUp()
    }
  }
}
