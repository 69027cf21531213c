/// What a sender was told it may protect a track with.
public struct TrackProtection: Hashable, Sendable {
  /// Payload types of redundant audio (RFC 2198), with the codec's payload type in each.
  public var redundancy: [UInt8: UInt8] = [:]
  /// Whether the sender repeats lost packets of sound on request, under their own numbers.
  public var repeatsSound = false
  /// The payload type of repair packets (draft-ietf-payload-flexible-fec-scheme-03).
  public var repairPayloadType: UInt8?
  /// Signalled sources of repair packets, with the source each repairs.
  public var repairSSRCs: [UInt32: UInt32] = [:]

  /// Nothing.
  public init() {}
}

/// What a viewer takes in one of its slots to make losses good.
public struct SlotProtection: Hashable, Sendable {
  /// The viewer's payload type of redundant Opus (RFC 2198).
  public var redundancyPayloadType: UInt8?
  /// Whether the viewer asks for lost packets of sound.
  public var repeatsSound = false
  /// How repair packets (draft-ietf-payload-flexible-fec-scheme-03) are sent.
  public var repair: RepairStream?

  /// Nothing.
  public init() {}
}

/// A stream of repair packets beside a slot's own.
public struct RepairStream: Hashable, Sendable {
  /// The SSRC we send them with.
  public var ssrc: UInt32
  /// The viewer's payload type for them.
  public var payloadType: UInt8

  /// Repair packets with that SSRC and payload type.
  public init(ssrc: UInt32, payloadType: UInt8) {
    self.ssrc = ssrc
    self.payloadType = payloadType
  }
}

extension PublishedTrack {
  /// Whether the sender repeats what it is asked for.
  var repeatsLost: Bool { !retransmissions.isEmpty || protection.repeatsSound }
}
