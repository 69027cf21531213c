import Media
import RTP
import Wire

/// A microphone: a packet every 20 ms, fewer bytes in silence and on a narrow path.
struct VoiceSource {
  static let interval = Duration.milliseconds(20)
  static let ticks: UInt32 = 960

  let sender: UInt16
  var isSpeaking = false
  var isMeasured = false
  /// Frames of speech that count.
  var measuredCount: Int { ages.count }
  /// How many frames somebody had been speaking for with each of these.
  private(set) var ages: [UInt8] = []
  private var age = 0
  private var timestamp: UInt32 = 0
  private var random: RandomSource
  private var redundancy = RedundancyEncoder(payloadType: RoomVocabulary.opusType)

  init(sender: UInt16, random: RandomSource) {
    self.sender = sender
    self.random = random
  }

  /// The next packet; `bitrate` is what all that is sent may take.
  mutating func next(bitrate: Int) -> OutgoingPacket {
    timestamp &+= Self.ticks
    age = isSpeaking ? age + 1 : 0
    if isMeasured, isSpeaking { ages.append(UInt8(clamping: age)) }
    let mark = SourceMark(
      sender: sender, number: UInt32(clamping: ages.count), isSpeech: isSpeaking,
      isMeasured: isMeasured && isSpeaking)
    let speech = bitrate < 100_000 ? 40 : bitrate < 200_000 ? 60 : 80
    let size = isSpeaking ? speech - 5 + Int(random.next() % 11) : 20
    let payload = [0x78] + [UInt8](repeating: 0x55, count: size - SourceMark.byteCount - 1)
    let level = isSpeaking ? 22 + UInt8(random.next() % 12) : 78 + UInt8(random.next() % 12)
    return OutgoingPacket(
      payloadType: RoomVocabulary.redundantType, timestamp: timestamp,
      payload: redundancy.encode(payload + mark.bytes, timestamp: timestamp),
      audioLevel: AudioLevel(level: level, hasVoice: isSpeaking))
  }
}
