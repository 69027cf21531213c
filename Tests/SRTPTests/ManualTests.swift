import Cryptography
import RTP
import SRTP
import Testing
import Wire

/// The code in the manual of the room.
struct ManualTests {
  @Test func `a packet is protected and opened`() throws {
    let profile = SRTPProtectionProfile.aeadAES128GCM
    let key = [UInt8](repeating: 1, count: profile.masterKeyByteCount)
    let salt = [UInt8](repeating: 2, count: profile.masterSaltByteCount)
    let plain = plainPacket(7)

    var sender = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt)
    let room = plain.count + sender.overheadByteCount
    var packet = try [UInt8](capacity: room) { output throws(SRTPError) in
      try sender.protect(plain.span, into: &output)
    }

    var receiver = try SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt)
    var span = packet.mutableSpan
    let byteCount = try receiver.unprotect(&span)
    let opened = packet.prefix(byteCount)

    #expect(Array(opened) == plain)
  }
}
