import ACME
import Cryptography
import Wire

/// An order whose authority answers as it likes: each line of the input is an answer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzACME(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
  // The fuzzer's buffer lives for this call.
  let input = unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  guard let key = keys.first, let other = keys.last else { return 0 }
  var order = Order(
    client: ACMEClient(
      .init(directory: "https://acme.example/dir", names: ["meet.example"], kind: .http),
      accountKey: key, certificateKey: other))
  for line in input.split(separator: 0x0A, maxSplits: 64) where !order.isOver {
    order.answer(line)
  }
  return 0
}

private let keys = (0..<2).compactMap { _ in try? SigningKey.generate() }

/// What low bytes stand for: the fuzzer does not come upon such words by itself.
private let words = [
  #""https://acme.example/x""#,
  #"{"newNonce":"https://a/n","newAccount":"https://a/c","newOrder":"https://a/o"}"#,
  #"{"status":"pending","authorizations":["https://a/z"],"finalize":"https://a/f"}"#,
  #"{"status":"ready","authorizations":["https://a/z"],"finalize":"https://a/f"}"#,
  #"{"status":"valid","authorizations":["https://a/z"],"finalize":"https://a/f","certificate":"https://a/k"}"#,
  #"{"status":"pending","identifier":{"value":"meet.example"},"challenges":[{"type":"http-01","url":"https://a/h","token":"t"}]}"#,
  #"{"status":"valid","identifier":{"value":"meet.example"},"challenges":[]}"#,
  #"{"status":"invalid","identifier":{"value":"meet.example"},"challenges":[{"type":"http-01","url":"https://a/h","token":"t","error":{"type":"urn:x:dns","detail":"no"}}]}"#,
  #"{"type":"urn:ietf:params:acme:error:badNonce"}"#, "-----BEGIN CERTIFICATE-----",
]

private struct Order {
  var client: ACMEClient
  var now = Instant.zero
  var isOver = false

  /// Does what the client wants until it waits for an answer, which is `line`'s.
  mutating func answer(_ line: ArraySlice<UInt8>) {
    // Each answer brings on one step of another kind at most between two requests.
    for _ in 0..<4 {
      switch client.next(at: now) {
      case .send(let request): return take(line, for: request)
      case .answer(let challenges):
        precondition(!challenges.isEmpty, "nothing is answered without a challenge")
        precondition(
          challenges.allSatisfy { $0.name == "meet.example" }, "only our own names are shown")
      case .wait(let instant):
        precondition(instant > now && instant - now <= .seconds(30), "a wait has an end")
        now = instant
      case .finished(let chain):
        precondition(chain.contains("BEGIN CERTIFICATE"), "what is finished has a certificate")
        return isOver = true
      case .failed(let failure):
        precondition(!failure.description.isEmpty, "a failure is told in words")
        precondition(!failure.description.contains("\n"), "and in one line")
        return isOver = true
      }
    }
    preconditionFailure("the client wants nothing")
  }

  private mutating func take(_ line: ArraySlice<UInt8>, for request: ACMERequest) {
    precondition(request.url.hasPrefix("https://"), "nothing is sent without TLS")
    precondition((request.method == .post) == (request.body != nil), "what is posted is signed")
    let flags = line.first ?? 0
    let body = line.dropFirst().flatMap { byte in
      Int(byte) < words.count ? Array(words[Int(byte)].utf8) : [byte]
    }
    client.receive(
      ACMEAnswer(
        status: flags & 1 == 0 ? 200 : 400, nonce: flags & 2 == 0 ? "n" : nil,
        location: flags & 4 == 0 ? "https://a/l" : nil,
        retryAfter: flags & 8 == 0 ? nil : .seconds(Int64(flags)), body: body), at: now)
  }
}
