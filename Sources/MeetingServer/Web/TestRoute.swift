import Foundation
import HTTPServer
import Signaling
import Synchronization
import Wire

/// `GET /test/facts`: what a test of the connection has to know of the server, and the server of who tests.
final class TestRoute: Sendable {
  /// What is told.
  struct Facts: Codable, Equatable {
    /// Milliseconds since 1970 at the server.
    var time: Int64
    /// Who asks, as the server sees them.
    var address: String
    /// Whether the server itself speaks TLS.
    var isSecure: Bool
    /// Where media is received, as clients are told.
    var media: [String]
    /// The server's version.
    var version: String
    /// The relay, with credentials for the test.
    var iceServers: [ICEServerDescription]
  }

  /// Requests of one address a minute, and at once.
  static let perMinute = 30
  /// How long credentials for a test are good: whoever asks gets them, and nobody takes them back.
  static let credentialLifetime = Duration.seconds(300)
  /// Addresses remembered.
  static let mostAddresses = 1_024

  private let plane: any MediaPlane
  private let clock: MeetingClock
  private let origins: OriginPolicy
  private let relay: (any RelayAccess)?
  private let buckets = Mutex<[String: TokenBucket]>([:])

  init(
    plane: any MediaPlane, clock: MeetingClock, origins: OriginPolicy, relay: (any RelayAccess)?
  ) {
    self.relay = relay
    self.plane = plane
    self.clock = clock
    self.origins = origins
  }

  /// The answer to a request for `/test/facts`; nil for any other path.
  func respond(to request: HTTPRequest) async -> HTTPResponse? {
    guard request.path == "/test/facts" else { return nil }
    return await origins.guarding(request, exposed: "Date") {
      guard request.method == .get || request.method == .head else {
        return .methodNotAllowed(allow: "GET, HEAD")
      }
      guard mayAsk(request.peer.client) else {
        var refusal = HTTPResponse.status(.unavailable)
        refusal.headers["Retry-After"] = "5"
        return refusal
      }
      return await tell(request)
    }
  }

  private func mayAsk(_ client: String) -> Bool {
    let now = clock.now()
    return buckets.withLock { buckets in
      // Whoever fills the table gains a full bucket, and no more memory than this.
      if buckets.count >= Self.mostAddresses, buckets[client] == nil { buckets.removeAll() }
      return buckets[
        client, default: TokenBucket(rate: 1, burst: Self.perMinute, at: now)
      ].take(2, at: now)
    }
  }

  private func tell(_ request: HTTPRequest) async -> HTTPResponse {
    var random = RandomSource.system
    let name = "test-" + .randomIdentifier(&random)
    let servers = relay.map {
      [$0.servers(for: name, reachedAt: request.headers["Host"], lasting: Self.credentialLifetime)]
    }
    let facts = Facts(
      time: clock.milliseconds(), address: request.sender, isSecure: request.isSecure,
      media: await plane.addresses.map { "\($0)" }, version: ServerVersion.text,
      iceServers: servers ?? [])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    guard let body = try? encoder.encode(facts) else { return .status(.internalError) }
    return HTTPResponse(
      headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
      body: Array(body) + [UInt8(ascii: "\n")])
  }
}

extension HTTPRequest {
  /// Who sent it: behind a proxy on this machine, whom the proxy says. To be shown and logged, never to be trusted.
  var sender: String {
    guard peer.isLoopback, let passedOn = headers["X-Forwarded-For"],
      let last = passedOn.split(separator: ",").last,
      let address = IPAddress(last.filter { $0 != " " })
    else { return peer.address }
    return "\(address)"
  }
}
