import HTTPServer
import Synchronization

/// Answered requests, by the class of their status: paths are chosen by clients and would be labels without end.
final class RequestCounts: Sendable {
  private let counts = Mutex([UInt64](repeating: 0, count: 6))

  func note(_ status: HTTPStatus) {
    let place = min(max(status.rawValue / 100, 0), 5)
    counts.withLock { $0[place] &+= 1 }
  }

  var family: MetricFamily {
    let counts = counts.withLock { $0 }
    return MetricFamily(
      "jumpa_http_requests", .counter, help: "Answered HTTP requests, by class of status.",
      by: "status", ["2xx": counts[2], "3xx": counts[3], "4xx": counts[4], "5xx": counts[5]])
  }
}
