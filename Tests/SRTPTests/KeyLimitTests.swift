import Cryptography
import Testing
import Wire

@testable import SRTP

@Suite struct KeyLimitTests {
  @Test(arguments: SRTPProtectionProfile.allCases)
  func `a key ends with the last packet index`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    let last = try #require(session.sender.sources.source(1))
    session.sender.sources.insert(PacketIndex.maximum - 1, of: last, ssrc: 1)
    session.receiver.mediaSources.insert(PacketIndex.maximum - 1, of: last, ssrc: 1)
    let packet = try session.protect(plainPacket(0xffff))
    #expect(try session.open(packet) == plainPacket(0xffff))
    #expect(throws: SRTPError.keyExhausted) { try session.protect(plainPacket(0)) }
    #expect(throws: SRTPError.keyExhausted) {
      try session.open(plainPacket(0) + [UInt8](repeating: 0, count: 16))
    }
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `a key ends with the last report index`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    session.sender.controlIndex = 0x7fff_ffff
    let report = try session.protectRTCP(plainReport)
    #expect(try session.openRTCP(report) == plainReport)
    #expect(throws: SRTPError.keyExhausted) { try session.protectRTCP(plainReport) }
  }

  @Test func `no nonce comes twice`() throws {
    var random = RandomSource.seeded(41)
    let session = try Session(.aeadAES128GCM)
    var seen: Set<[UInt8]> = []
    // Sequence numbers from anywhere: what is accepted must be new on the key.
    for _ in 0..<3000 {
      let number = UInt16(truncatingIfNeeded: random.next() % 3000)
      let ssrc = UInt32(random.next() % 3)
      guard
        let packet = try? session.protect(plainPacket(number, ssrc: ssrc, payload: [0, 0, 0, 0]))
      else { continue }
      // Equal plaintext under an equal nonce gives equal ciphertext.
      #expect(seen.insert(Array(packet[12..<16]) + Array(packet[2..<4]) + [UInt8(ssrc)]).inserted)
    }
    #expect(seen.count > 500)
  }
}
