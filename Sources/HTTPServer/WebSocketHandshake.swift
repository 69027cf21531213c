/// The opening handshake as the server sees it (RFC 6455 §4.2).
enum WebSocketHandshake {
  /// Whether a request asks for a WebSocket at all.
  static func isAsked(by head: RequestHead) -> Bool {
    head.isVersion11 && head.method == .get && head.headers.tokens("Upgrade").contains("websocket")
      && head.headers.tokens("Connection").contains("upgrade")
  }

  /// The whole 101 response, or why there is none.
  static func accept(_ head: RequestHead, policy: OriginPolicy) throws(HTTPFault) -> [UInt8] {
    guard policy.allows(head.headers) else {
      throw HTTPFault(.forbidden, "a foreign Origin")
    }
    let versions = head.headers.values("Sec-WebSocket-Version")
    guard versions.count == 1, versions.allSatisfy({ isSameName($0, "13") }) else {
      throw HTTPFault(.upgradeRequired, "a WebSocket version other than 13")
    }
    guard head.framing == .none, head.expectsContinue == false else {
      throw .bad("a WebSocket request with a body")
    }
    let keys = head.headers.values("Sec-WebSocket-Key")
    guard keys.count == 1, let key = keys.first, isKey(key) else {
      throw .bad("not a Sec-WebSocket-Key")
    }
    let answer = Digest.base64(Digest.sha1(Array((key + suffix).utf8)))
    return Array(
      """
      HTTP/1.1 101 Switching Protocols\r
      Upgrade: websocket\r
      Connection: Upgrade\r
      Sec-WebSocket-Accept: \(answer)\r
      \r

      """.utf8)
  }

  /// 16 bytes in base64: 22 characters and two of padding.
  private static func isKey(_ key: String) -> Bool {
    let isAlphabet = key.utf8.dropLast(2).allSatisfy { byte in
      (isTokenByte(byte) || byte == UInt8(ascii: "/")) && base64Others.contains(byte) == false
    }
    return key.utf8.count == 24 && key.hasSuffix("==") && isAlphabet
  }

  /// Token characters that base64 does not have.
  private static let base64Others = Array("!#$%&'*-.^_`|~".utf8)
  private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
}
