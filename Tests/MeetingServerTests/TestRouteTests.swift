import Foundation
import HTTPServer
import Testing
import Wire

@testable import MeetingServer

private func route(_ clock: HandClock, relay: (any RelayAccess)? = nil) -> TestRoute {
  TestRoute(
    plane: RecordingPlane(), clock: clock.clock, origins: OriginPolicy(allowed: []), relay: relay)
}

private func request(from address: String, _ headers: HTTPFields = [:]) -> HTTPRequest {
  HTTPRequest(path: "/test/facts", headers: headers, peer: .init(address: address, port: 9))
}

@Test func `a test of the connection learns the time, its own address and where media is received`()
  async throws
{
  let response = try #require(await route(HandClock()).respond(to: request(from: "203.0.113.7")))
  let facts = try JSONDecoder().decode(TestRoute.Facts.self, from: Data(response.body))
  #expect(
    facts
      == TestRoute.Facts(
        time: 1_790_000_000_000, address: "203.0.113.7", isSecure: false,
        media: ["203.0.113.9:7880"], version: ServerVersion.text,
        iceServers: []))
  #expect(response.headers["Cache-Control"] == "no-store")
}

@Test func `whoever tests may use the relay for five minutes`() async throws {
  let relay = RecordingRelay()
  let response = try #require(
    await route(HandClock(), relay: relay).respond(to: request(from: "203.0.113.7")))
  let facts = try JSONDecoder().decode(TestRoute.Facts.self, from: Data(response.body))
  #expect(facts.iceServers.count == 1 && relay.lifetimes == [.seconds(300)])
}

@Test func `fifteen requests of one address at once are answered, then one in two seconds`()
  async throws
{
  let clock = HandClock()
  let route = route(clock)
  func status(_ address: String) async -> HTTPStatus? {
    await route.respond(to: request(from: address))?.status
  }
  for _ in 0..<15 { #expect(await status("203.0.113.7") == .ok) }
  #expect(await status("203.0.113.7") == .unavailable)
  #expect(await status("203.0.113.8") == .ok)
  clock.advance(.seconds(2))
  #expect(await status("203.0.113.7") == .ok)
  #expect(await status("203.0.113.7") == .unavailable)
}

@Test(arguments: [
  ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
  ("127.0.0.1", "nobody", "127.0.0.1"),
  ("198.51.100.2", "203.0.113.7", "198.51.100.2"),
])
func `only a proxy on this machine is believed about who sent a request`(
  peer: String, passedOn: String, sender: String
) {
  #expect(request(from: peer, ["X-Forwarded-For": passedOn]).sender == sender)
}

@Test func `other paths and methods are not answered with facts`() async {
  let route = route(HandClock())
  #expect(await route.respond(to: HTTPRequest(path: "/test")) == nil)
  let post = HTTPRequest(method: .post, path: "/test/facts")
  #expect(await route.respond(to: post)?.status == .methodNotAllowed)
}
