import Testing
import WebRTC

@Test func `a server may need no credentials`() {
  #expect(ICEServer(urls: ["stun:localhost"]).credential == nil)
}
