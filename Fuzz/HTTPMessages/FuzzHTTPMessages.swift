import HTTPMessages

/// A response in pieces, and a URL.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTPMessages(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
  // The fuzzer's buffer lives for this call.
  let input = unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  guard let flags = input.first else { return 0 }
  let bytes = input.dropFirst().flatMap {
    Int($0) < words.count ? Array(words[Int($0)].utf8) : [$0]
  }
  readAnswer(bytes, hasBody: flags & 1 == 0, cut: Int(flags >> 1))
  readTarget(bytes)
  return 0
}

/// What low bytes stand for: the fuzzer does not come upon such words by itself.
private let words = [
  "HTTP/1.1 200 OK\r\n", "HTTP/1.1 ", "Content-Length:", "Transfer-Encoding: chunked\r\n",
  "\r\n\r\n", "\r\n", "5\r\nhallo\r\n", "0\r\n\r\n", "Replay-Nonce: ", "example.org", "[::1]",
  ":443",
]

private func readAnswer(_ bytes: [UInt8], hasBody: Bool, cut: Int) {
  let whole = try? HTTPAnswer(bytes, isEnded: true, hasBody: hasBody)
  if let whole {
    precondition((100...599).contains(whole.status), "a status is one of HTTP's")
    precondition(whole.body.count <= bytes.count, "a body is no longer than what came")
    precondition(hasBody || whole.body.isEmpty, "no body where none is given")
    precondition(whole.headers.keys.allSatisfy { $0 == $0.lowercased() }, "names in lower case")
  }
  // What is an answer before all has come is the same answer afterwards.
  let part = Array(bytes.prefix(bytes.count * cut / 128))
  if let early = try? HTTPAnswer(part, isEnded: false, hasBody: hasBody) {
    precondition(early == whole, "what follows an answer does not change it")
  }
}

private func readTarget(_ bytes: [UInt8]) {
  guard let text = String(validating: bytes, as: UTF8.self),
    let target = HTTPTarget(https: "https://" + text)
  else { return }
  precondition(!target.host.isEmpty && target.path.first == "/", "a target leads somewhere")
  let again = HTTPTarget(https: "https://" + target.authority + target.path)
  precondition(again == target, "a target is read again as it was")
  let head = target.request("GET", agent: "fuzz").split(separator: 10)
  precondition(head.count == 6, "nothing in a URL adds a line to the request")
}
