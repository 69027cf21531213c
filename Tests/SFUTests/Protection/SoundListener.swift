import Media
import RTCTesting
import RTP
import Wire

@testable import SFU

/// Sound whose frames tell who speaks and when, and what a viewer hears of it.
final class SoundListener {
  /// Where redundancy travels under, with every client.
  static let redundancyType: UInt8 = 63

  /// A frame that was heard.
  struct Heard {
    var sender: UInt8
    /// When it was sent, in frames.
    var frame: UInt16
    var packet: UInt16
    /// Its place in the packet, where that holds two.
    var place = 0
    var timestamp: UInt32
    var arrivedAt: Instant
  }

  private(set) var heard: [Heard] = []
  /// Sequence numbers in order of arrival.
  private(set) var numbers: [UInt16] = []
  /// Earlier frames in each packet.
  private(set) var depths: [Int] = []
  /// Packets with blocks of more than one person.
  private(set) var mixedCount = 0
  private(set) var levels: Set<UInt8> = []
  /// Packets of two frames.
  private(set) var pairCount = 0

  /// Listens in one slot of `client`.
  init(_ client: VirtualClient, ssrc: UInt32 = 10_000) {
    client.tap = { [unowned self] packet, bytes, now in
      guard packet.header.ssrc == ssrc else { return false }
      note(packet, bytes, now)
      return true
    }
  }

  private func note(_ packet: RTPPacket, _ bytes: [UInt8], _ now: Instant) {
    let header = packet.header
    let payload = bytes.span.extracting(packet.payloadRange)
    if let range = header.extensionRange(id: 1, in: bytes.span) {
      levels.insert(bytes[range.lowerBound])
    }
    var packets = RedundancyDecoder().decode(header, payload: payload).map {
      (header: $0.header, payload: $0.payload)
    }
    if header.payloadType != Self.redundancyType {
      packets = [(header, Array(bytes[packet.payloadRange]))]
    }
    let body = Array(bytes[packet.payloadRange])
    if header.payloadType != Self.redundancyType, let frames = OpusPacket.frames(of: body.span),
      frames.count == 2
    {
      for (place, range) in frames.enumerated() {
        hear(
          [body[0]] + body[range], header.timestamp &+ 960 &* UInt32(place),
          header.sequenceNumber, place, now)
      }
      numbers.append(header.sequenceNumber)
      pairCount += 1
      return
    }
    numbers.append(header.sequenceNumber)
    depths.append(packets.count - 1)
    if Set(packets.map { $0.payload[1] }).count > 1 { mixedCount += 1 }
    for one in packets {
      hear(one.payload, one.header.timestamp, one.header.sequenceNumber, 0, now)
    }
  }

  private func hear(
    _ payload: [UInt8], _ timestamp: UInt32, _ number: UInt16, _ place: Int, _ now: Instant
  ) {
    heard.append(
      Heard(
        sender: payload[1], frame: UInt16(payload[2]) << 8 | UInt16(payload[3]), packet: number,
        place: place, timestamp: timestamp, arrivedAt: now))
  }

  /// The share of `sender`'s frames in `frames` that were there within `limit` of being sent.
  func share(of sender: UInt8, _ frames: Range<UInt16>, within limit: Duration) -> Double {
    var inTime: Set<UInt16> = []
    for one in heard where one.sender == sender && frames.contains(one.frame) {
      let sentAt =
        Instant.zero + VirtualClient.soundInterval * Int64(one.frame)
        + .milliseconds(Int64(sender))
      if one.arrivedAt - sentAt <= limit { inTime.insert(one.frame) }
    }
    return Double(inTime.count) / Double(frames.count)
  }

  /// Numbers of the last packets that have not come.
  func missing(among count: UInt16) -> [UInt16] {
    guard let newest = numbers.max(by: { $1.isNewer(than: $0) }) else { return [] }
    let recent = Set(numbers.suffix(100))
    return (1...count).map { newest &- $0 }.filter { !recent.contains($0) }
  }

  /// Whether each timestamp, and each sequence number, means one frame only.
  var isConsistent: Bool {
    var byTimestamp: [UInt32: [UInt8]] = [:]
    var byNumber: [Int: [UInt8]] = [:]
    return heard.allSatisfy { one in
      let frame = [one.sender, UInt8(one.frame >> 8), UInt8(one.frame & 0xff)]
      defer {
        byTimestamp[one.timestamp] = frame
        byNumber[Int(one.packet) * 2 + one.place] = frame
      }
      return byTimestamp[one.timestamp].map { $0 == frame } ?? true
        && byNumber[Int(one.packet) * 2 + one.place].map { $0 == frame } ?? true
    }
  }
}

extension VirtualClient {
  /// Sends frames that tell when they were sent, with `distance` earlier ones.
  func speak(distance: Int = 0) {
    var encoder = RedundancyEncoder(payloadType: 111, distance: distance)
    soundPayload = { [name] _, timestamp in
      let frame = timestamp / 960
      let bytes = [0x78, name, UInt8(truncatingIfNeeded: frame >> 8), UInt8(frame & 0xff)]
      return distance == 0
        ? (111, bytes)
        : (SoundListener.redundancyType, encoder.encode(bytes, timestamp: timestamp))
    }
  }
}

extension VirtualRoom {
  /// Somebody who speaks with `distance` earlier frames in each packet, and repeats what is lost if `repeats`.
  func joinSpeaker(
    _ name: UInt8, distance: Int = 0, repeats: Bool = false,
    conditions: LinkConditions = LinkConditions(delay: .milliseconds(10))
  ) -> VirtualClient {
    let client = join(name, conditions: conditions)
    client.sendsPicture = false
    client.speak(distance: distance)
    if repeats { client.sentSound = [:] }
    renegotiate(client) { track in
      guard track.role == .microphone else { return }
      track.protection.redundancy = [SoundListener.redundancyType: 111]
      track.protection.repeatsSound = repeats
    }
    return client
  }

  /// Somebody who only listens, with redundancy or without.
  func joinListener(
    _ name: UInt8, takesRedundancy: Bool, slotCount: Int = 1,
    conditions: LinkConditions = LinkConditions(delay: .milliseconds(10))
  ) -> (client: VirtualClient, listener: SoundListener) {
    let client = join(name, slotCount: slotCount, isNumbered: true, conditions: conditions)
    client.sendsPicture = false
    client.sendsSound = false
    if takesRedundancy {
      renegotiate(
        client,
        slots: {
          if $0.kind == .audio {
            $0.protection.redundancyPayloadType = SoundListener.redundancyType
          }
        })
    }
    return (client, SoundListener(client))
  }
}
