import HTTPServer
import Relay
import Wire

/// Who may read the metrics.
public enum MetricsAudience: String, Sendable, CaseIterable {
  /// Programs on this machine.
  case loopback
  /// Whoever reaches the web port.
  case everyone
  /// Nobody.
  case nobody
}

/// `GET /metrics`: how the server does, in numbers without names.
struct MetricsRoute: Sendable {
  let audience: MetricsAudience
  /// What there is to show.
  let families: @Sendable () async -> [MetricFamily]

  /// A meeting server's.
  init(
    meeting: Meeting, plane: any MediaPlane, audience: MetricsAudience, requests: RequestCounts
  ) {
    self.audience = audience
    families = {
      await meeting.metrics + [requests.family] + plane.metrics + (meeting.relay?.metrics ?? [])
    }
  }

  /// A relay's that stands alone.
  init(relay: RelayServer, audience: MetricsAudience, requests: RequestCounts) {
    self.audience = audience
    families = { RelayMetrics.families(await relay.figures) + [requests.family] }
  }

  /// The answer to a request for `/metrics`; nil for any other path, and for those who may not see it.
  func respond(to request: HTTPRequest) async -> HTTPResponse? {
    guard request.path == "/metrics", allows(request) else { return nil }
    guard request.method == .get || request.method == .head else {
      return .methodNotAllowed(allow: "GET, HEAD")
    }
    var response = HTTPResponse.text(
      OpenMetricsText.text(await families() + ProcessMetrics.families),
      contentType: OpenMetricsText.contentType)
    response.headers["Cache-Control"] = "no-store"
    return response
  }

  private func allows(_ request: HTTPRequest) -> Bool {
    switch audience {
    case .everyone: true
    case .nobody: false
    case .loopback: request.peer.isLoopback && request.isMeantForThisMachine
    }
  }
}

extension HTTPRequest {
  /// A reverse proxy beside the server passes on what others ask, and says so, or asks in the name they used; a page
  /// whose name was made to lead here asks in its own.
  fileprivate var isMeantForThisMachine: Bool {
    let passedOn = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"]
    guard passedOn.allSatisfy({ headers[$0] == nil }), let host = headers["Host"] else {
      return false
    }
    let name = TransportAddress(host)?.ip ?? IPAddress(bare(host))
    return name.map(\.isLoopback) ?? (bare(host).lowercased() == "localhost")
  }

  /// A host without its port and brackets.
  private func bare(_ host: String) -> String {
    if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
    return String(host.prefix { $0 != ":" })
  }
}
