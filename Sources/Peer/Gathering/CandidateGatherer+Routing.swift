import STUN
import TURN
public import Wire

extension CandidateGatherer {
  /// Whether a path begins at a relayed address of ours, be it one that is lost.
  public func isRelayed(_ path: Path) -> Bool { relayedAddresses.contains(path.local) }

  /// The TURN server that a path of our own leads to, wherever we were sent on to.
  public func turnServer(on path: Path) -> Server? {
    relays.first { $0.client.path == path }.map { servers[$0.server] }
  }

  /// Whether any path begins at a relayed address of ours: then what leaves has to go through `route`.
  public var lendsRelays: Bool { !relayedAddresses.isEmpty }

  /// Copies datagrams from one outbox to another; those on relayed paths are wrapped for their server.
  public func route(_ inner: Outbox, at now: Instant, into outer: Outbox) {
    for datagram in inner.datagrams {
      let bytes = inner.arena.span.extracting(datagram.offset..<datagram.offset + datagram.count)
      if !isRelayed(datagram.path) {
        outer.append(bytes, on: datagram.path)
      } else if let relay = relay(at: datagram.path.local) {
        relay.client.send(bytes, to: datagram.path.remote, at: now, into: outer)
      }
    }
  }

  /// Lets a remote address through our relays. Call it for each of the peer's candidates: without it a
  /// relay lets in only whom something was sent to.
  public func permit(_ remote: TransportAddress, at now: Instant, into outbox: Outbox) {
    guard !permitted.contains(remote.ip), permitted.count < 64 else { return }
    permitted.append(remote.ip)
    for relay in relays { relay.client.permit(remote.ip, at: now, into: outbox) }
  }

  /// Tells that a connection to a server could not be made, or broke.
  public func pathFailed(
    _ path: Path, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    for relay in relays where relay.client.path == path {
      var new: [TURNClient.Event] = []
      relay.client.pathFailed(events: &new)
      handle(new, of: relay, now, outbox, &events)
    }
    work(now, outbox, &events)
  }

  /// Gives relayed addresses back. Nothing is gathered or relayed any longer; who goes on calling
  /// `advance` and `receive` until `deadline` is nil repeats what gets lost.
  public func close(at now: Instant, into outbox: Outbox) {
    for index in probes.indices where !probes[index].isOver { conclude(probe: index, nil) }
    for relay in relays { relay.client.close(at: now, into: outbox) }
  }

  private func relay(at relayed: TransportAddress) -> Relay? {
    relays.first { $0.client.relayedAddress == relayed }
  }
}
