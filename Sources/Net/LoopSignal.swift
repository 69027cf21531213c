import CLinux

/// Has a loop's handler called from any thread: the handler watches `descriptor`, which is readable from `raise` to
/// `clear`.
///
/// A job of the handler's actor would do the same, and cost a task each time.
public final class LoopSignal: Sendable {
  /// To be watched by an event loop.
  public let descriptor: Descriptor

  /// A signal that is not raised.
  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try checked("create an eventfd", clinux_eventfd()))
  }

  /// Makes `descriptor` readable.
  public func raise() { clinux_eventfd_signal(descriptor.number) }

  /// Makes it silent again.
  public func clear() { clinux_eventfd_clear(descriptor.number) }
}
