public import Wire

/// What was received on a stream, and what was asked for.
public struct ReceivedCounters: Sendable, Hashable {
  /// Packets, duplicates included and repetitions not.
  public internal(set) var packetCount: UInt64 = 0
  /// Bytes of payload of these.
  public internal(set) var byteCount: UInt64 = 0
  /// Bytes of headers and padding, repetitions included.
  public internal(set) var headerByteCount: UInt64 = 0
  /// Packets of the source that repeats, whatever they held.
  public internal(set) var repairPacketCount: UInt64 = 0
  /// Bytes of payload of these.
  public internal(set) var repairByteCount: UInt64 = 0
  /// Lost packets that came by repetition.
  public internal(set) var repairedCount: UInt64 = 0
  /// Packets that had come before.
  public internal(set) var duplicateCount: UInt64 = 0
  /// Requests for lost packets.
  public internal(set) var requestCount: UInt64 = 0
  /// Picture loss indications.
  public internal(set) var pictureLossCount: UInt64 = 0
  /// Full intra requests.
  public internal(set) var intraRequestCount: UInt64 = 0
  /// Sender reports that came.
  public internal(set) var reportCount: UInt64 = 0

  /// Nothing yet.
  public init() {}

  mutating func note(_ payload: Int, _ header: Int) {
    packetCount &+= 1
    byteCount &+= UInt64(clamping: payload)
    headerByteCount &+= UInt64(clamping: header)
  }

  mutating func noteRepair(_ payload: Int, _ header: Int) {
    repairPacketCount &+= 1
    repairByteCount &+= UInt64(clamping: payload)
    headerByteCount &+= UInt64(clamping: header)
  }
}

extension ReceivedStream {
  /// When `requests` has something to say; nil where nothing is missing.
  public var deadline: Instant? {
    let repair = losses.deadline
    guard options.keyFrameRequest != nil, let keyFrame = keyFrames.deadline else { return repair }
    return min(repair ?? keyFrame, keyFrame)
  }

  /// What to ask the sender for now, in the name of `sender`: lost packets, a key frame.
  public mutating func requests(from sender: UInt32, at now: Instant) -> [RTCPPacket] {
    var packets: [RTCPPacket] = []
    let missing = losses.due(at: now)
    if !missing.isEmpty {
      counters.requestCount += 1
      packets.append(
        .genericNACK(
          GenericNACK(
            senderSSRC: sender, mediaSSRC: options.ssrc, sequenceNumbers: missing)))
    }
    guard let kind = options.keyFrameRequest else { return packets }
    let isRepetition = keyFrames.isRepeating
    guard keyFrames.take(at: now) else { return packets }
    switch kind {
    case .pictureLoss:
      counters.pictureLossCount += 1
      packets.append(
        .pictureLossIndication(
          PictureLossIndication(senderSSRC: sender, mediaSSRC: options.ssrc)))
    case .fullIntra:
      counters.intraRequestCount += 1
      if !isRepetition { intraRequestNumber &+= 1 }
      packets.append(
        .fullIntraRequest(
          FullIntraRequest(
            senderSSRC: sender,
            entries: [.init(ssrc: options.ssrc, sequenceNumber: intraRequestNumber)])))
    }
    return packets
  }
}
