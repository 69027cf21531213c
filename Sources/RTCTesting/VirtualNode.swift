public import Wire

/// Anything that takes datagrams and a time and gives datagrams and a deadline: an ICE agent, a DTLS
/// engine, a whole peer, an SFU worker. A test wraps its machine in a small class of this shape.
public protocol VirtualNode: AnyObject {
  /// When `advance` wants to be called; nil where there is nothing to wait for.
  var deadline: Instant? { get }

  /// Takes one datagram that arrived by `path`. Its bytes may be changed in place.
  func receive(
    _ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox)

  /// Fires what is due at `now`.
  func advance(to now: Instant, into outbox: Outbox)

  /// Hears that a connection could not be made, or broke.
  func pathFailed(_ path: Path, at now: Instant, into outbox: Outbox)
}

extension VirtualNode {
  /// Nodes that use no connections need not know.
  public func pathFailed(_ path: Path, at now: Instant, into outbox: Outbox) {}
}
