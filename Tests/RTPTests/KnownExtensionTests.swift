import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct KnownExtensionTests {
  @Test func `audio level`() {
    #expect(AudioLevel(byte: 0xff) == AudioLevel(level: 127, hasVoice: true))
    #expect(AudioLevel(level: 200, hasVoice: false).byte == 127)
    #expect(AudioLevel(level: 3, hasVoice: true).byte == 0x83)
  }

  @Test func `video orientation`() {
    for byte in 0..<16 as Range<UInt8> { #expect(VideoOrientation(byte: byte).byte == byte) }
    #expect(
      VideoOrientation(byte: 0xff)
        == VideoOrientation(quarterTurns: 3, isFlipped: true, isBackFacing: true))
  }

  @Test func `absolute send time wraps every 64 seconds`() {
    #expect(AbsoluteSendTime(.zero + .seconds(1)).rawValue == 0x4_0000)
    let before = AbsoluteSendTime(.zero + .milliseconds(63_900))
    let after = AbsoluteSendTime(.zero + .milliseconds(64_100))
    #expect(abs(after.time(since: before).milliseconds - 200) <= 1)
    #expect(abs(before.time(since: after).milliseconds + 200) <= 1)
    #expect(AbsoluteSendTime(parsing: bytes("0a0b0c").span)?.rawValue == 0x0a0b0c)
    #expect(AbsoluteSendTime(parsing: bytes("0a0b").span) == nil)
    #expect(AbsoluteSendTime(parsing: bytes("0a0b0c0d").span) == nil)
  }

  @Test func `absolute capture time`() {
    let short = AbsoluteCaptureTime(parsing: bytes("0102030405060708").span)
    #expect(short == AbsoluteCaptureTime(ntpTimestamp: 0x0102_0304_0506_0708))
    let long = AbsoluteCaptureTime(parsing: bytes("0102030405060708 ffffffffffffffff").span)
    #expect(long?.clockOffset == -1)
    for count in 0..<20 where count != 8 && count != 16 {
      #expect(AbsoluteCaptureTime(parsing: [UInt8](repeating: 0, count: count).span) == nil)
    }
  }

  @Test func `playout delay`() {
    let delay = PlayoutDelay(minimum: 0x123, maximum: 0x456)
    #expect(delay.rawValue == 0x123456)
    #expect(PlayoutDelay(parsing: bytes("123456").span) == delay)
    #expect(PlayoutDelay(parsing: bytes("456123").span) == nil)
    #expect(PlayoutDelay(parsing: bytes("1234").span) == nil)
  }

  @Test func `transport-wide sequence number`() {
    #expect(TransportSequenceNumber(parsing: bytes("1234").span)?.rawValue == 0x1234)
    #expect(TransportSequenceNumber(parsing: bytes("1234 8001").span)?.rawValue == 0x1234)
    #expect(TransportSequenceNumber(parsing: bytes("12").span) == nil)
  }

  @Test func `names are printable text`() throws {
    let packet = bytes("9060 0001 00000002 00000003 bede0003 1130 31 2100 41 31c3a9 00000000")
    let header = try RTPHeader(parsing: packet.span)
    #expect(header.extensionText(id: 1, in: packet.span) == "01")
    #expect(header.extensionText(id: 2, in: packet.span) == nil)
    #expect(header.extensionText(id: 3, in: packet.span) == nil)
    #expect(header.extensionText(id: 0, in: packet.span) == nil)
    #expect(header.extensionByte(id: 1, in: packet.span) == 0x30)
    #expect(header.extensionByte(id: 9, in: packet.span) == nil)
  }
}
