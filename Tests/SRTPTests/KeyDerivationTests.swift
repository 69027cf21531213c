import ByteFixtures
import Cryptography
import Testing

@testable import SRTP

@Suite struct KeyDerivationTests {
  @Test func `RFC 3711 B 2 keystream`() {
    let key = bytes("2B7E151628AED2A6ABF7158809CF4F3C")
    guard let cipher = AESCounter(key: key.span) else {
      Issue.record("no cipher")
      return
    }
    let block = AESCounterBlock(high: 0xf0f1_f2f3_f4f5_f6f7, low: 0xf8f9_fafb_fcfd_0000)
    #expect(
      cipher.keystream(from: block.start(ssrc: 0, index: 0), count: 48)
        == bytes(
          "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB"
            + "41E95B3BB0A2E8DD477901E4FCA894C0"))
    #expect(
      cipher.keystream(
        from: AESCounterBlock(high: block.high, low: block.low | 0xfeff), count: 48)
        == bytes(
          "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE"
            + "6A2CC3787889374FBEB4C81B17BA6C44"))
  }

  @Test func `RFC 3711 B 3 session keys`() throws {
    let keys = try SessionKeys(
      profile: .aesCM128HMACSHA1Tag80, masterKey: bytes("E1F97A0D3E018BE0D64FA32C06DE4139"),
      masterSalt: bytes("0EC675AD498AFEEBB6960B3AABE6"), isControl: false)
    #expect(keys.encryption == bytes("C61E7A93744F39EE10734AFE3FF7A087"))
    #expect(keys.salt == bytes("30CBBC08863D8C85D49DB34A9AE1"))
    // The first 20 bytes of the 94 the RFC prints.
    #expect(keys.authentication == bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"))
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `keys and salts of a wrong length are refused`(profile: SRTPProtectionProfile) {
    let key = [UInt8](repeating: 1, count: profile.masterKeyByteCount)
    let salt = [UInt8](repeating: 2, count: profile.masterSaltByteCount)
    for (key, salt) in [([], []), (key, []), (key + [0], salt), (key, salt + [0]), ([], salt)] {
      #expect(throws: SRTPError.badKeyingMaterial) {
        _ = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt)
      }
      #expect(throws: SRTPError.badKeyingMaterial) {
        _ = try SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt)
      }
    }
  }
}
