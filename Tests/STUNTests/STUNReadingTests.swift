import ByteFixtures
import STUN
import Testing
import Wire

/// A message with the given attributes in hexadecimal, without integrity.
private func message(_ attributes: String, type: String = "0001") -> [UInt8] {
  let body = bytes(attributes)
  var bytes = bytes("\(type) 0000 2112a442 b7e7a701bc34d686fa87dfae")
  bytes[2] = UInt8(body.count >> 8)
  bytes[3] = UInt8(truncatingIfNeeded: body.count)
  return bytes + body
}

@Test(arguments: Vector.all)
func `a message cut at any length is refused`(bytes: [UInt8]) {
  for count in 0..<bytes.count {
    let cut = Array(bytes[..<count])
    #expect(throws: STUNError.self) { try read(cut) { _ in } }
    _ = STUNMessage.localUsernameFragment(ofBindingRequest: cut.span)
  }
  let longer = bytes + [0, 0, 0, 0]
  #expect(throws: STUNError.badLength) { try read(longer) { _ in } }
}

@Test func `any single changed bit is noticed`() {
  let password = Vector.password
  for index in Vector.request.indices {
    for bit in 0..<8 {
      var bytes = Vector.request
      bytes[index] ^= 1 << UInt8(bit)
      guard let message = try? STUNMessage(parsing: bytes.span) else { continue }
      let isGood =
        message.fingerprintCheck == .valid && message.isAuthentic(key: password.span)
      #expect(!isGood, "byte \(index), bit \(bit)")
    }
  }
}

@Test func `only the right first byte and cookie are STUN`() {
  for first in UInt8.min...UInt8.max {
    var bytes = Vector.request
    bytes[0] = first
    #expect(isSTUN(bytes) == (first <= 3))
  }
  for index in 4..<8 {
    var bytes = Vector.request
    bytes[index] ^= 1
    #expect(throws: STUNError.notSTUN) { try read(bytes) { _ in } }
  }
  #expect(!isSTUN([]))
}

@Test func `class and method share the type`() throws {
  for (type, messageClass, method) in [
    ("0001", STUNClass.request, 1 as UInt16), ("0011", .indication, 1), ("0101", .success, 1),
    ("0111", .error, 1), ("0003", .request, 3), ("03ef", .success, 0xff),
    ("03ff", .error, 0xff), ("02ff", .indication, 0xff),
  ] {
    let bytes = message("", type: type)
    #expect(try read(bytes) { $0.messageClass } == messageClass)
    #expect(try read(bytes) { $0.method.rawValue } == method)
    let id = Vector.transactionID
    let written = [UInt8](capacity: 20) { output in
      output.beginSTUN(messageClass, id, method: STUNMethod(rawValue: method))
    }
    #expect(written == bytes)
  }
}

@Test func `an attribute that reaches past the end is refused`() {
  for attributes in ["00060005 61626364", "0006ffff 61626364", "00240008 00000000", "00060001"] {
    #expect(throws: STUNError.attributePastEnd) { try read(message(attributes)) { _ in } }
  }
}

@Test func `64 attributes are read and more are refused`() throws {
  let many = { (count: Int) in message(String(repeating: "80ff0000", count: count)) }
  let fits = many(64)
  let readCount = try read(fits) { message in
    var count = 0
    var iterator = message.attributes
    while iterator.next() != nil { count += 1 }
    return count
  }
  #expect(readCount == 64)
  for count in [65, 1000, 16_000] {
    let bytes = many(count)
    #expect(throws: STUNError.tooManyAttributes) { try read(bytes) { _ in } }
  }
  let hidden = message(String(repeating: "80ff0000", count: 64) + "00060005 613a620000000000")
  #expect(localFragment(hidden) == nil)
}

@Test func `what follows MESSAGE-INTEGRITY or FINGERPRINT does not count`() throws {
  let code = "00080014" + String(repeating: "00", count: 20)
  let afterIntegrity = message(code + "00240004 00000001")
  #expect(try read(afterIntegrity) { m throws(STUNError) in try m.priority } == nil)
  let afterFingerprint = message("80280004 00000000" + code + "00240004 00000001")
  #expect(try read(afterFingerprint) { m throws(STUNError) in try m.priority } == nil)
  #expect(try !read(afterFingerprint) { $0.hasMessageIntegrity })
  #expect(try !isAuthentic(afterFingerprint))
  #expect(try read(afterFingerprint) { $0.fingerprintCheck } == .invalid)
}

@Test func `MESSAGE-INTEGRITY after FINGERPRINT is ignored even where it would match`() throws {
  let password = Vector.password
  let forged = [UInt8](capacity: 100) { output in
    output.beginSTUN(.request, Vector.transactionID)
    output.finishSTUN(key: nil, fingerprint: true)
    output.finishSTUN(key: password.span, fingerprint: false)
  }
  #expect(try !isAuthentic(forged))
}

@Test func `of two attributes of a type the first counts`() throws {
  let bytes = message("00240004 00000001 00240004 00000002")
  #expect(try read(bytes) { m throws(STUNError) in try m.priority } == 1)
}

@Test(arguments: [
  "00200008 0000a147 e112a643", "00200008 0003a147 e112a643", "00200008 0002a147 e112a643",
  "00200014 0001a147 0113a9faa5d3f179bc25f4b5bed2b9d9", "00200004 0001a147", "00200000",
])
func `an address of no family or the wrong length is refused`(attribute: String) throws {
  let bytes = message(attribute)
  #expect(throws: STUNError.malformedAttribute(.xorMappedAddress)) {
    try read(bytes) { m throws(STUNError) in _ = try m.xorMappedAddress }
  }
}

@Test func `numbers of the wrong length are refused`() throws {
  let bytes = message("00240003 00000000 8029000c 000000000000000000000000 802a0000")
  #expect(throws: STUNError.malformedAttribute(.priority)) {
    try read(bytes) { m throws(STUNError) in _ = try m.priority }
  }
  #expect(throws: STUNError.malformedAttribute(.iceControlled)) {
    try read(bytes) { m throws(STUNError) in _ = try m.controlledTieBreaker }
  }
  #expect(throws: STUNError.malformedAttribute(.iceControlling)) {
    try read(bytes) { m throws(STUNError) in _ = try m.controllingTieBreaker }
  }
}

@Test func `a user name is UTF-8 of 1 to 513 bytes`() throws {
  func named(_ value: [UInt8]) -> [UInt8] {
    [UInt8](capacity: 1000) { output in
      output.beginSTUN(.request, Vector.transactionID)
      output.appendSTUN(.username, value.span)
      output.finishSTUN()
    }
  }
  let longest = named([UInt8](repeating: 0x61, count: 513))
  #expect(try read(longest) { m throws(STUNError) in try m.username?.count } == 513)
  for value in [[], [UInt8](repeating: 0x61, count: 514), [0xff, 0xfe], [0xed, 0xa0, 0x80]] {
    let bytes = named(value)
    #expect(throws: STUNError.malformedAttribute(.username)) {
      try read(bytes) { m throws(STUNError) in _ = try m.username?.count }
    }
  }
}

@Test func `error codes outside 300 to 699 are refused`() throws {
  let good = message("00090008 00000457 66756c6c")
  #expect(
    try read(good) { m throws(STUNError) in try m.errorCode }
      == STUNErrorCode(rawValue: 487, reason: "full"))
  for attribute in [
    "00090004 00000200", "00090004 00000700", "00090004 00000464", "00090003 00000400",
  ] {
    let bytes = message(attribute)
    #expect(throws: STUNError.malformedAttribute(.errorCode)) {
      try read(bytes) { m throws(STUNError) in _ = try m.errorCode }
    }
  }
}

@Test func `unknown comprehension-required attributes are listed once each`() throws {
  let bytes = message("7f000000 00240004 00000001 80ff0000 7f000000 00030000")
  let unknown = try read(bytes) { message in
    message.unknownRequiredAttributes { $0 == .priority }
  }
  #expect(unknown.map(\.rawValue) == [0x7f00, 0x0003])
  let answer = [UInt8](capacity: 100) { output in
    output.beginSTUN(.error, Vector.transactionID)
    output.appendSTUN(.unknownAttribute)
    output.appendSTUN(unknownAttributes: unknown)
    output.finishSTUN()
  }
  #expect(try read(answer) { m throws(STUNError) in try m.unknownAttributes } == unknown)
  #expect(try read(answer) { m throws(STUNError) in try m.errorCode?.rawValue } == 420)
}

@Test func `a fragment is found before the colon alone`() {
  let fragment = { (text: String) in
    let bytes = Array(text.utf8)
    return STUNUsernameFragment(beforeColonOf: bytes.span)
  }
  let long = String(repeating: "x", count: 32)
  #expect(fragment("abcd:efgh") == STUNUsernameFragment("abcd"))
  #expect(fragment("abcd:") == STUNUsernameFragment("abcd"))
  #expect(fragment("\(long):y") == STUNUsernameFragment(long))
  #expect(fragment("abcd:efgh") != STUNUsernameFragment("abce"))
  #expect(fragment("abc\u{0}:efgh") != STUNUsernameFragment("abc"))
  for text in ["", ":", ":abcd", "abcd", "\(long)y:z"] { #expect(fragment(text) == nil) }
  #expect(STUNUsernameFragment("") == nil && STUNUsernameFragment(long + "y") == nil)
}

@Test func `padding in what we write is zero for every length`() throws {
  let password = Vector.password
  for count in 0...20 {
    let value = [UInt8](repeating: 0xff, count: count)
    let bytes = [UInt8](capacity: 200) { output in
      output.beginSTUN(.request, Vector.transactionID)
      output.appendSTUN(.username, value.span)
      output.appendSTUN(STUNErrorCode(rawValue: 400, reason: String(repeating: "x", count: count)))
      output.appendSTUN(.software, String(repeating: "x", count: count))
      output.finishSTUN(key: password.span)
    }
    let padding = bytes[(24 + count)..<(24 + (count + 3) / 4 * 4)]
    #expect(padding.allSatisfy { $0 == 0 })
    #expect(try isAuthentic(bytes))
    #expect(try read(bytes) { m throws(STUNError) in try m.errorCode?.reason.count } == count)
    #expect(try read(bytes) { $0.software?.count } == count)
  }
}

@Test func `mutated messages are refused or read, and nothing traps`() {
  var random = RandomSource.seeded(20)
  for _ in 0..<20_000 {
    var bytes = Vector.all[Int(random.next() % 4)]
    for _ in 0...random.next() % 6 {
      switch random.next() % 3 {
      case 0:
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.removeLast(min(bytes.count - 1, Int(random.next() % 8)))
      default: bytes += random.bytes(Int(random.next() % 12))
      }
    }
    if bytes.count >= 20, random.next() % 2 == 0 {
      bytes[2] = UInt8((bytes.count - 20) >> 8)
      bytes[3] = UInt8(truncatingIfNeeded: bytes.count - 20)
    }
    readEverything(bytes.span)
  }
}

@Test func `a nomination has a number under either type, or none at all`() throws {
  func message(_ type: STUNAttributeType, _ value: [UInt8]) -> [UInt8] {
    [UInt8](capacity: 100) { output in
      output.beginSTUN(.request, STUNTransactionID(high: 1, low: 2))
      output.appendSTUN(type, value.span)
      output.finishSTUN()
    }
  }
  for type in [STUNAttributeType.nomination, .draftNomination] {
    let numbered = message(type, [0, 0, 1, 2])
    #expect(try STUNMessage(parsing: numbered.span).nomination == 258)
    let other = message(type, [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try STUNMessage(parsing: other.span).nomination == nil)
  }
  let none = message(.priority, [0, 0, 0, 1])
  #expect(try STUNMessage(parsing: none.span).nomination == nil)
}

private func readEverything(_ datagram: Span<UInt8>) {
  let password = Vector.password
  _ = STUNMessage.localUsernameFragment(ofBindingRequest: datagram)
  guard let message = try? STUNMessage(parsing: datagram) else { return }
  _ = message.isAuthentic(key: password.span)
  _ = message.fingerprintCheck
  _ = message.software
  _ = message.usesCandidate
  _ = message.nomination
  _ = message.unknownRequiredAttributes { _ in false }
  _ = try? message.username?.count
  _ = try? message.priority
  _ = try? message.controllingTieBreaker
  _ = try? message.controlledTieBreaker
  _ = try? message.errorCode
  _ = try? message.unknownAttributes
  _ = try? message.xorMappedAddress
  _ = try? message.mappedAddress
}

private func isSTUN(_ bytes: [UInt8]) -> Bool { STUNMessage.isSTUN(bytes.span) }
