import Wire

/// Tells the sender when each of its packets arrived, for its bandwidth estimate.
struct TransportFeedback {
  var deadline: Instant? { nil }
  mutating func record(_ number: UInt16, mediaSSRC: UInt32, at now: Instant) {}
  mutating func advance(to now: Instant, for peer: RemotePeer, into outbox: Outbox) {}
}
