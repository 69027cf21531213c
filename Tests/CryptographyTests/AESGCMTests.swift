import ByteFixtures
import Cryptography
import Testing

@Suite struct AESGCMTests {
  /// Test case 4 of the GCM specification (McGrew and Viega): text and additional data of odd lengths.
  private let key = bytes("feffe9928665731c6d6a8f9467308308")
  private let nonce = AESGCMNonce(high: 0xcafe_babe, low: 0xface_dbad_deca_f888)
  private let additional = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
  private let text = bytes(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
  private let sealed = bytes(
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
      + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
      + "5bc94fbc3221a5db94fae95ae7121a47")

  /// What sealing appends to `prefix`, or nil where it refuses.
  private func seal(
    prefix: [UInt8], padding: UInt8 = 0, authenticatedCount: Int, trailer: UInt32? = nil,
    capacity: Int = 1000
  ) -> [UInt8]? {
    guard let cipher = AESGCM(key: key.span, direction: .seal) else { return nil }
    var isSealed = false
    let output = [UInt8](capacity: prefix.count + capacity) { output in
      for byte in prefix { output.append(byte) }
      isSealed = cipher.seal(
        text.span, padding: padding, nonce: nonce, authenticatedCount: authenticatedCount,
        trailer: trailer, into: &output)
    }
    guard isSealed else {
      #expect(output == prefix)
      return nil
    }
    return Array(output.dropFirst(prefix.count))
  }

  private func open(
    _ message: inout [UInt8], sealedCount: Int, authenticatedCount: Int, trailer: UInt32? = nil
  ) -> Bool {
    guard let cipher = AESGCM(key: key.span, direction: .open) else { return false }
    var span = message.mutableSpan
    return cipher.open(
      &span, sealedCount: sealedCount, nonce: nonce, authenticatedCount: authenticatedCount,
      trailer: trailer)
  }

  @Test func `a published vector is sealed and opened`() {
    #expect(seal(prefix: additional, authenticatedCount: 20) == sealed)
    #expect(seal(prefix: [9, 9] + additional, authenticatedCount: 20) == sealed)
    var message = additional + sealed
    #expect(open(&message, sealedCount: message.count, authenticatedCount: 20) == true)
    #expect(Array(message[20..<20 + text.count]) == text)
  }

  @Test func `additional data may come in two parts`() {
    let first = Array(additional.prefix(16))
    #expect(seal(prefix: first, authenticatedCount: 16, trailer: 0xabad_dad2) == sealed)
    var message = first + sealed
    #expect(
      open(&message, sealedCount: message.count, authenticatedCount: 16, trailer: 0xabad_dad2)
        == true)
  }

  @Test func `counts that make no sense are refused`() {
    #expect(seal(prefix: additional, authenticatedCount: 21) == nil)
    #expect(seal(prefix: additional, authenticatedCount: -1) == nil)
    #expect(seal(prefix: additional, authenticatedCount: 20, capacity: 75) == nil)
    #expect(seal(prefix: additional, authenticatedCount: 20, capacity: 76) == sealed)
    #expect(seal(prefix: additional, padding: 1, authenticatedCount: 20, capacity: 76) == nil)
    let whole = additional + sealed
    for (sealedCount, authenticatedCount) in [(97, 20), (96, -1), (96, 81), (15, 0), (-1, 0)] {
      var message = whole
      let isOpened = open(
        &message, sealedCount: sealedCount, authenticatedCount: authenticatedCount)
      #expect(!isOpened)
      #expect(message == whole)
    }
  }

  @Test func `any damage is refused`() {
    let whole = additional + sealed
    for index in whole.indices {
      var message = whole
      message[index] ^= 0x40
      #expect(open(&message, sealedCount: message.count, authenticatedCount: 20) == false)
    }
  }

  @Test func `keys of other lengths are refused`() {
    for count in [0, 1, 15, 17, 24, 31, 33] {
      let key = [UInt8](repeating: 0, count: count)
      if AESGCM(key: key.span, direction: .seal) != nil { Issue.record("\(count) bytes") }
      if AESCounter(key: key.span) != nil { Issue.record("\(count) bytes") }
    }
    let short = [UInt8](repeating: 0, count: 11)
    #expect(AESGCMNonce(short.span) == nil)
  }
}

@Suite struct AESCounterTests {
  @Test func `NIST SP 800-38A F 5 1`() {
    let key = bytes("2b7e151628aed2a6abf7158809cf4f3c")
    let plain = bytes(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    let encrypted = bytes(
      "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff")
    let block = AESCounterBlock(high: 0xf0f1_f2f3_f4f5_f6f7, low: 0xf8f9_fafb_fcfd_feff)
    guard let cipher = AESCounter(key: key.span) else {
      Issue.record("no cipher")
      return
    }
    var isEncrypted = false
    let output = [UInt8](capacity: 32) {
      isEncrypted = cipher.encrypt(plain.span, from: block, into: &$0)
    }
    #expect(isEncrypted)
    #expect(output == encrypted)
    var message = [1, 2] + encrypted
    var span = message.mutableSpan
    let isApplied = cipher.apply(from: block, to: &span, in: 2..<34)
    #expect(isApplied)
    #expect(message == [1, 2] + plain)
  }

  @Test func `ranges and rooms that are too small are refused`() {
    let key = [UInt8](repeating: 1, count: 32)
    guard let cipher = AESCounter(key: key.span) else {
      Issue.record("no cipher")
      return
    }
    let block = AESCounterBlock(high: 0, low: 0)
    var message: [UInt8] = [1, 2, 3]
    var span = message.mutableSpan
    let isApplied = cipher.apply(from: block, to: &span, in: 1..<4)
    let isEmptyApplied = cipher.apply(from: block, to: &span, in: 3..<3)
    #expect(!isApplied)
    #expect(isEmptyApplied)
    #expect(message == [1, 2, 3])
    for capacity in 0..<5 {
      var isEncrypted = false
      let output = [UInt8](capacity: capacity) {
        isEncrypted = cipher.encrypt(message.span, padding: 2, from: block, into: &$0)
      }
      #expect(!isEncrypted)
      #expect(output.isEmpty)
    }
    #expect(cipher.keystream(from: block, count: -1) == [])
    #expect(cipher.keystream(from: block, count: 0) == [])
  }
}
