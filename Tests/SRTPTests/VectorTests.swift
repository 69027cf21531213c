import ByteFixtures
import Cryptography
import Testing
import Wire

@testable import SRTP

/// RFC 7714 §16 and §17: session keys are given, so the ciphers are tested beneath key derivation.
struct GCMVector: Sendable, CustomTestStringConvertible {
  let profile: SRTPProtectionProfile
  var testDescription: String { "\(profile)" }
  let key: String
  let media: String
  let control: String

  static let salt = "517569642070726f2071756f"
  static let plainMedia =
    "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976"
    + "69736120 696e2070 61727465 73207472 6573"
  static let plainControl =
    "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61"
    + "deadbeef deadbeef deadbeef deadbeef deadbeef"

  static let all = [
    GCMVector(
      profile: .aeadAES128GCM, key: "000102030405060708090a0b0c0d0e0f",
      media: "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5"
        + "0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
      control: "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d"
        + "c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872"
        + "45d9eade 800005d4"),
    GCMVector(
      profile: .aeadAES256GCM,
      key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      media: "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238"
        + "9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
      control: "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50"
        + "a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c"
        + "b26ac3be 800005d4"),
  ]

  var keys: SessionKeys {
    SessionKeys(encryption: bytes(key), authentication: [], salt: bytes(Self.salt))
  }
}

@Suite struct VectorTests {
  @Test(arguments: GCMVector.all)
  func `RFC 7714 packets are sealed as printed`(vector: GCMVector) throws {
    let cipher = try SealingCipher(vector.profile, vector.keys)
    let media = bytes(GCMVector.plainMedia)
    let control = bytes(GCMVector.plainControl)
    let sealedMedia = written { output in
      output.append(copying: media.span.extracting(first: 12))
      let isSealed = cipher.sealRTP(
        media.span.extracting(droppingFirst: 12), padding: 0, headerByteCount: 12,
        ssrc: 0x5501_a0b2, index: 0xf17b, into: &output)
      #expect(isSealed)
    }
    #expect(sealedMedia == bytes(vector.media))
    let sealedControl = written { output in
      output.append(copying: control.span.extracting(first: 8))
      let isSealed = cipher.sealRTCP(
        control.span.extracting(droppingFirst: 8), headerByteCount: 8, ssrc: 0x4d61_7273,
        index: 0x5d4, into: &output)
      #expect(isSealed)
    }
    #expect(sealedControl == bytes(vector.control))
  }

  @Test(arguments: GCMVector.all)
  func `RFC 7714 packets are opened as printed`(vector: GCMVector) throws {
    let cipher = try OpeningCipher(vector.profile, vector.keys)
    var media = bytes(vector.media)
    var span = media.mutableSpan
    try cipher.openRTP(&span, headerByteCount: 12, ssrc: 0x5501_a0b2, index: 0xf17b)
    #expect(Array(media.dropLast(16)) == bytes(GCMVector.plainMedia))
    var control = bytes(vector.control)
    span = control.mutableSpan
    try cipher.openRTCP(&span, headerByteCount: 8, ssrc: 0x4d61_7273, word: 0x8000_05d4)
    #expect(Array(control.dropLast(20)) == bytes(GCMVector.plainControl))
  }

  @Test(arguments: RecordedSession.all)
  func `packets of libsrtp are opened`(session: RecordedSession) throws {
    var receiver = try SRTPReceiver(
      profile: session.profile, masterKey: bytes(session.masterKey),
      masterSalt: bytes(session.masterSalt))
    for packet in session.media {
      var message = bytes(packet.protected)
      var span = message.mutableSpan
      let count = try receiver.unprotect(&span)
      #expect(Array(message.prefix(count)) == bytes(packet.plain))
    }
    for packet in session.control {
      var message = bytes(packet.protected)
      var span = message.mutableSpan
      let count = try receiver.unprotectRTCP(&span)
      #expect(Array(message.prefix(count)) == bytes(packet.plain))
    }
  }

  @Test(arguments: RecordedSession.all)
  func `packets are protected as libsrtp does it`(session: RecordedSession) throws {
    var sender = try SRTPSender(
      profile: session.profile, masterKey: bytes(session.masterKey),
      masterSalt: bytes(session.masterSalt))
    for packet in session.media {
      let plain = bytes(packet.plain)
      let protected = try written { output throws(SRTPError) in
        try sender.protect(plain.span, into: &output)
      }
      #expect(protected == bytes(packet.protected))
    }
    // libsrtp begins with index 1; ours begins with 0, as RFC 3711 §3.4 has it.
    let first = bytes(session.control[0].plain)
    _ = try written { output throws(SRTPError) in
      try sender.protectRTCP(first.span, into: &output)
    }
    for packet in session.control {
      let plain = bytes(packet.plain)
      let protected = try written { output throws(SRTPError) in
        try sender.protectRTCP(plain.span, into: &output)
      }
      #expect(protected == bytes(packet.protected))
    }
  }
}
