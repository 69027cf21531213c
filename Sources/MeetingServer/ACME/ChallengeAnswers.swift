import HTTPServer
import Synchronization

/// What an authority is told that asks by HTTP-01 (RFC 8555 §8.3), while an order is under way.
final class ChallengeAnswers: Sendable {
  private static let path = "/.well-known/acme-challenge/"

  private struct State {
    var answers: [String: String] = [:]
    var isServed = false
  }

  private let state = Mutex(State())

  /// Whether there is a port where authorities can ask.
  var isServed: Bool { state.withLock { $0.isServed } }

  /// There is a port where authorities can ask.
  func serve() { state.withLock { $0.isServed = true } }

  /// Answers a token.
  func add(_ keyAuthorization: String, for token: String) {
    state.withLock { $0.answers[token] = keyAuthorization }
  }

  /// Answers none any more.
  func removeAll() { state.withLock { $0.answers = [:] } }

  /// The answer to an authority's question; nil for any other path.
  func respond(to request: HTTPRequest) -> HTTPResponse? {
    guard request.path.hasPrefix(Self.path) else { return nil }
    guard request.method == .get || request.method == .head else {
      return .methodNotAllowed(allow: "GET, HEAD")
    }
    let token = String(request.path.dropFirst(Self.path.count))
    guard let text = state.withLock({ $0.answers[token] }) else { return .status(.notFound) }
    return .text(text, contentType: "application/octet-stream")
  }
}
