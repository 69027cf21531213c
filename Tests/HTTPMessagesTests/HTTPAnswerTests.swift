import HTTPMessages
import Testing
import Wire

@Suite struct HTTPAnswerTests {
  private static let whole =
    "HTTP/1.1 201 Created\r\nReplay-Nonce: a\r\nContent-Length: 2\r\n\r\n{}"

  private func read(
    _ text: String, isEnded: Bool = false, hasBody: Bool = true
  ) throws -> HTTPAnswer? {
    try HTTPAnswer(Array(text.utf8), isEnded: isEnded, hasBody: hasBody)
  }

  @Test func `an answer is whole when its last byte is there`() throws {
    let answer = try #require(try read(Self.whole))
    #expect(answer.status == 201 && answer.headers["replay-nonce"] == "a")
    #expect(answer.body == Array("{}".utf8))
    for count in 0..<Self.whole.utf8.count {
      let part = String(decoding: Self.whole.utf8.prefix(count), as: UTF8.self)
      #expect(try read(part) == nil)
      #expect(throws: HTTPAnswer.Malformed.self) { try read(part, isEnded: true) }
    }
    let chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
    #expect(try read(chunked)?.body == Array("abc0123456789".utf8))
    #expect(try read("HTTP/1.1 200 OK\r\n\r\nabc") == nil)
    #expect(try read("HTTP/1.1 101 Switching Protocols\r\n\r\nabc")?.body == [])
    #expect(try read("HTTP/1.1 200 OK\r\n\r\nabc", isEnded: true)?.body == Array("abc".utf8))
    #expect(try read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", hasBody: false)?.body == [])
  }

  @Test(arguments: [
    "SMTP\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 9\r\n\r\n", "HTTP/1.1 200 OK\r\nx\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    String(repeating: "x", count: HTTPAnswer.byteLimit + 1),
  ])
  func `what is no answer is refused`(text: String) {
    #expect(throws: HTTPAnswer.Malformed.self) { try read(text) }
  }

  @Test func `a damaged answer is read, refused or waited for`() throws {
    let chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
    var random = RandomSource.seeded(7)
    var outcomes = [0, 0, 0]
    for text in [Self.whole, chunked] {
      for _ in 0..<5000 {
        var bytes = Array(text.utf8)
        for _ in 0...random.next() % 3 {
          bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
        do {
          let answer = try HTTPAnswer(bytes, isEnded: random.next() & 1 == 0, hasBody: true)
          outcomes[answer == nil ? 0 : 1] += 1
        } catch {
          outcomes[2] += 1
        }
      }
    }
    #expect(outcomes.allSatisfy { $0 > 100 }, "\(outcomes)")
  }
}
