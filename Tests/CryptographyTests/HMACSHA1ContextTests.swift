import ByteFixtures
import Cryptography
import Testing

@Suite struct HMACSHA1ContextTests {
  private func code(_ key: [UInt8], _ message: [UInt8], _ trailer: UInt32? = nil) -> [UInt8] {
    let code = HMACSHA1Context(key: key.span).authenticate(message.span, trailer: trailer)
    return code.indices.map { code[$0] }
  }

  @Test func `RFC 2202 section 3`() {
    #expect(
      code([UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8))
        == bytes("b617318655057264e28bc0b6fb378c8ef146be00"))
    #expect(
      code(Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        == bytes("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"))
    #expect(
      code([UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50))
        == bytes("125d7342b9ac11cd91a39af48aa17b4f63f175d3"))
    #expect(
      code(
        [UInt8](repeating: 0xaa, count: 80),
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        == bytes("aa4ae5e15272d00e95705637ce8a3b55ed402112"))
  }

  @Test func `a context serves many messages and agrees with the plain function`() {
    let key = Array("a key that is used again and again".utf8)
    let context = HMACSHA1Context(key: key.span)
    for count in 0..<200 {
      let message = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      let code = context.authenticate(message.span)
      #expect(code.indices.map { code[$0] } == HMACSHA1.authenticate(message.span, key: key.span))
      let whole = message + [1, 2, 3, 4]
      #expect(
        self.code(key, message, 0x0102_0304)
          == HMACSHA1.authenticate(whole.span, key: key.span))
    }
    let nothing: [UInt8] = []
    #expect(code([], []) == HMACSHA1.authenticate(nothing.span, key: nothing.span))
  }
}
