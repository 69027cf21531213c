/// Sends each payload of audio again with the next ones (RFC 2198).
public struct RedundancyEncoder: Sendable {
  /// The payload type of the payloads themselves.
  public let payloadType: UInt8
  /// With how many later packets a payload is sent again: as many losses in a row are made good.
  public let distance: Int
  private let limit: Int
  /// The last payloads, oldest first.
  private var sent: [(timestamp: UInt32, bytes: [UInt8])] = []

  /// An encoder. `distance` is 0–9. Earlier payloads, oldest first, are left out where the whole would be
  /// longer than `maximumPayloadSize`.
  public init(payloadType: UInt8, distance: Int = 1, maximumPayloadSize: Int = 1200) {
    self.payloadType = payloadType & 0x7f
    self.distance = min(max(distance, 0), 9)
    limit = maximumPayloadSize
  }

  /// The payload to send in place of `payload`, which is that of the packet with the next sequence number.
  public mutating func encode(_ payload: [UInt8], timestamp: UInt32) -> [UInt8] {
    var earlier: [RedundantPayload.Block] = []
    var count = 1 + payload.count
    // A receiver counts sequence numbers backwards, so that no payload may be left out between others.
    for (time, bytes) in sent.reversed() {
      let offset = timestamp &- time
      count += 4 + bytes.count
      guard offset > 0, offset <= UInt32(RedundantPayload.largestOffset), count <= limit,
        bytes.count <= RedundantPayload.longestBlock
      else { break }
      earlier.append(
        RedundantPayload.Block(
          payloadType: payloadType, timestampOffset: UInt16(truncatingIfNeeded: offset),
          bytes: bytes))
    }
    sent.append((timestamp, payload))
    if sent.count > distance { sent.removeFirst() }
    return RedundantPayload(
      earlier: earlier.reversed(), payloadType: payloadType, bytes: payload
    ).encoded
  }
}
