import Cryptography
import RTP
import SRTP
import Testing
import Wire

@Suite struct LengthSweepTests {
  @Test(arguments: SRTPProtectionProfile.allCases)
  func `datagrams of every length are refused by their keys`(
    profile: SRTPProtectionProfile
  ) throws {
    let session = try Session(profile)
    var random = RandomSource.seeded(43)
    for count in 0...2048 {
      var media = random.bytes(count)
      var control = random.bytes(count)
      if count > 1 {
        media[0] = 0x80 | media[0] & 0x3f
        control[0] = 0x80
        control[1] = 200 + control[1] % 8
        control[count - 1] |= 0x80
      }
      if (try? session.open(media)) != nil { Issue.record("RTP of \(count) bytes") }
      if (try? session.openRTCP(control)) != nil { Issue.record("RTCP of \(count) bytes") }
    }
  }

  @Test func `plain datagrams of every length are read without a trap`() {
    var random = RandomSource.seeded(47)
    for count in 0...2048 {
      var datagram = random.bytes(count)
      if count > 1 { datagram[0] = 0x80 | datagram[0] & 0x3f }
      _ = try? RTPPacket(parsing: datagram.span)
      if count > 3 {
        datagram[1] = 200 + datagram[1] % 8
        datagram[2] = 0
      }
      var reader = RTCPReader(datagram.span)
      while reader.next() != nil {}
    }
  }
}
