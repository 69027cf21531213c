import HTTPMessages
import Testing

struct HTTPTargetTests {
  @Test func `URLs are taken apart`() {
    let plain = HTTPTarget(https: "https://acme.example/dir?a=b#c")
    #expect(plain?.host == "acme.example" && plain?.port == 443 && plain?.path == "/dir?a=b")
    let port = HTTPTarget(https: "https://localhost:14000")
    #expect(port?.host == "localhost" && port?.port == 14_000 && port?.path == "/")
    let address = HTTPTarget(https: "https://[::1]:14000/dir")
    #expect(address?.host == "::1" && address?.authority == "[::1]:14000")
    for url in ["http://x", "https://", "https://a@b/", "https://a b/", "https://x:99999/", "x"] {
      #expect(HTTPTarget(https: url) == nil, "\(url)")
    }
  }

  @Test func `a request says where it goes, what it brings, and that one answer is enough`() throws
  {
    let target = try #require(HTTPTarget(https: "https://[::1]:14000/sdp"))
    let request = target.request("POST", body: ("text/plain", "hé"), agent: "test/1")
    #expect(
      String(decoding: request, as: UTF8.self)
        == "POST /sdp HTTP/1.1\r\nHost: [::1]:14000\r\nUser-Agent: test/1\r\nAccept: */*\r\n"
        + "Connection: close\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nhé")
    let short = target.request("GET", agent: "test/1")
    #expect(String(decoding: short, as: UTF8.self).hasSuffix("Connection: close\r\n\r\n"))
  }
}
