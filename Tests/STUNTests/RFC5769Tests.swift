import ByteFixtures
import STUN
import Testing
import Wire

/// The messages of RFC 5769 §2, and those of our own that other tests take apart.
enum Vector {
  static let request = bytes(
    """
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74
    00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020
    00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 80280004 e57a3bcf
    """)
  static let responseV4 = bytes(
    """
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220
    00200008 0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
    80280004 c07d4c96
    """)
  static let responseV6 = bytes(
    """
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220
    00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1
    1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c
    """)
  static let longTermRequest = bytes(
    """
    00010060 2112a442 78ad3433 c6ad72c0 29da412e 00060012 e3839ee3 8388e383 aae38383
    e382afe3 82b90000 0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679
    36347341 0014000b 6578616d 706c652e 6f726700 00080014 f6702465 6dd64a3e 02b8e071
    2e85c9a2 8ca89666
    """)
  static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
  /// MD5 of `マトリックス:example.org:TheMatrIX` (RFC 8489 §9.2.2).
  static let longTermKey = bytes("e8ca7ad59d5eb0518e312911d2dab2a9")
  static let transactionID = STUNTransactionID(high: 0xb7e7_a701, low: 0xbc34_d686_fa87_dfae)

  static let all = [request, responseV4, responseV6, longTermRequest]
}

/// What `body` reads from a message, in a shape that expectations can hold.
func read<Value>(
  _ bytes: [UInt8], _ body: (borrowing STUNMessage) throws(STUNError) -> Value
) throws(STUNError) -> Value {
  try body(STUNMessage(parsing: bytes.span))
}

func isAuthentic(_ bytes: [UInt8], key: [UInt8] = Vector.password) throws(STUNError) -> Bool {
  try read(bytes) { $0.isAuthentic(key: key.span) }
}

func value(of type: STUNAttributeType, in bytes: [UInt8]) throws(STUNError) -> [UInt8]? {
  try read(bytes) { message in
    guard let value = message.value(of: type) else { return nil }
    return [UInt8](capacity: value.count) { $0.append(copying: value) }
  }
}

func localFragment(_ bytes: [UInt8]) -> STUNUsernameFragment? {
  STUNMessage.localUsernameFragment(ofBindingRequest: bytes.span)
}

@Test func `the request of RFC 5769 2·1 is read and is authentic`() throws {
  let request = Vector.request
  #expect(try read(request) { $0.messageClass } == .request)
  #expect(try read(request) { $0.method } == .binding)
  #expect(try read(request) { $0.transactionID } == Vector.transactionID)
  #expect(try read(request) { $0.software } == "STUN test client")
  #expect(try read(request) { m throws(STUNError) in try m.priority } == 0x6e00_01ff)
  #expect(
    try read(request) { m throws(STUNError) in try m.controlledTieBreaker }
      == 0x932f_f9b1_5126_3b36)
  #expect(try read(request) { m throws(STUNError) in try m.controllingTieBreaker } == nil)
  #expect(try value(of: .username, in: request) == Array("evtj:h6vY".utf8))
  #expect(try read(request) { $0.fingerprintCheck } == .valid)
  #expect(try isAuthentic(request))
  #expect(try !isAuthentic(request, key: Vector.longTermKey))
  #expect(localFragment(request) == STUNUsernameFragment("evtj"))
}

@Test(arguments: [
  (Vector.responseV4, "192.0.2.1:32853"),
  (Vector.responseV6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
])
func `the responses of RFC 5769 2·2 and 2·3 are read and are authentic`(
  bytes: [UInt8], address: String
) throws {
  #expect(try read(bytes) { $0.messageClass } == .success)
  #expect(
    try read(bytes) { m throws(STUNError) in try m.xorMappedAddress?.description } == address)
  #expect(try read(bytes) { $0.software } == "test vector")
  #expect(try read(bytes) { $0.fingerprintCheck } == .valid)
  #expect(try isAuthentic(bytes))
  #expect(localFragment(bytes) == nil)
}

@Test func `the request of RFC 5769 2·4 with a long-term credential is authentic`() throws {
  let request = Vector.longTermRequest
  #expect(try value(of: .nonce, in: request) == Array("f//499k954d6OL34oL9FSTvy64sA".utf8))
  #expect(try value(of: .realm, in: request) == Array("example.org".utf8))
  #expect(try value(of: .username, in: request) == Array("マトリックス".utf8))
  #expect(try read(request) { $0.fingerprintCheck } == .absent)
  #expect(try isAuthentic(request, key: Vector.longTermKey))
}

/// The vectors pad with spaces and we pad with zeros, so the codes differ and the rest is equal.
@Test func `what we write of RFC 5769 2·2 differs in padding alone`() throws {
  let password = Vector.password
  let address = try #require(TransportAddress("192.0.2.1:32853"))
  let written = [UInt8](capacity: 200) { output in
    output.beginSTUN(.success, Vector.transactionID)
    output.appendSTUN(.software, "test vector")
    output.appendSTUN(.xorMappedAddress, xor: address, Vector.transactionID)
    output.finishSTUN(key: password.span)
  }
  #expect(written.count == Vector.responseV4.count)
  #expect(written[..<35] == Vector.responseV4[..<35])
  #expect(written[35] == 0)
  #expect(written[36..<52] == Vector.responseV4[36..<52])
  #expect(try isAuthentic(written))
  #expect(try read(written) { $0.fingerprintCheck } == .valid)
}
