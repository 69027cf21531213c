import Net

/// Ctrl-C, and what a service manager sends to end the program.
public struct StopSignals: Sendable {
  private let signals: AsyncStream<ProcessSignal>

  /// Catches the signals from now on; make one per process.
  public init() throws(ServerFault) {
    ProcessSignal.ignoreBrokenPipe()
    do throws(SystemError) {
      signals = try ProcessSignal.events()
    } catch {
      throw ServerFault("signals cannot be caught: \(error)")
    }
  }

  /// Returns at the first of them.
  public func first() async {
    for await _ in signals { return }
  }
}
