import Foundation
import HTTPMessages
import Net
import Wire

/// What the web server says, and how it is reached.
extension Doctor {
  /// The web server as it was found.
  struct WebServerFound {
    var address: TransportAddress
    /// By what the rest is examined: one certificate alone where nobody vouches for it.
    var trust: TLSContext.Trust
    var facts: TestRoute.Facts
  }

  /// Asks as a browser does that has the server's page open (RFC 6455 §4.1).
  func askForWebSocket(_ server: WebServerFound) async -> Examination.WebSocket {
    let request = HTTPClient.Request(
      target: target.page("/ws"),
      fields: [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "anVtcGEgZG9jdG9yIHdzIQ=="), ("Origin", target.origin),
      ], trust: server.trust, patience: patience.web)
    switch await HTTPClient.send(request, to: server.address) {
    case .answered(let answer, _):
      return answer.status == 101 ? .opens : .refused(answer.status)
    case .unreachable(let obstacle): return .silent("\(obstacle)")
    case .distrusted(_, let words), .silent(let words): return .silent(words)
    }
  }

  /// Asks the web server at each address; what it says by the first that it answers at holds. Where all that answer are
  /// refused for their certificates, the first of these is examined all the same.
  func visitAll(
    _ addresses: [IPAddress], _ examination: inout Examination, _ tell: (String) -> Void
  ) async -> WebServerFound? {
    examination.web = .noName("no address")
    var found: WebServerFound?
    var refused: [(address: TransportAddress, distrust: Examination.Distrust)] = []
    for ip in addresses {
      let address = TransportAddress(ip: ip, port: target.port)
      tell("TCP port \(target.port) of \(ip)")
      let (outcome, skew) = await ask(address, trust)
      examination.visits.append(Examination.Visit(ip: ip, outcome))
      if case .distrusted(let fault, let words) = outcome {
        refused.append((address, .init(fault: fault, words: words)))
      } else if found == nil {
        found = take(outcome, from: address, trust, skew, &examination)
      }
    }
    guard found == nil, let (address, distrust) = refused.first else { return found }
    tell("\(target.url) without trust in its certificate")
    examination.distrust = distrust
    let (outcome, skew) = await ask(address, .anybody)
    guard case .answered(_, let certificate?) = outcome else {
      examination.web = Examination.Web(outcome)
      return nil
    }
    found = take(outcome, from: address, .pinned(sha256: certificate.sha256), skew, &examination)
    if let found { examination.distrust?.hasOwnAuthority = await hasOwnAuthority(found) }
    return found
  }

  /// What `/test/facts` gives, and how many milliseconds our clock is ahead of a server's that says so.
  private func ask(
    _ address: TransportAddress, _ trust: TLSContext.Trust
  ) async -> (HTTPClient.Outcome, (Int64) -> Int64?) {
    let begun = MeetingClock.system.milliseconds()
    let outcome = await HTTPClient.send(
      HTTPClient.Request(target: target.page("/test/facts"), trust: trust, patience: patience.web),
      to: address)
    let middle = begun + (MeetingClock.system.milliseconds() - begun) / 2
    return (
      outcome,
      { time in
        let (skew, overflow) = middle.subtractingReportingOverflow(time)
        return overflow ? nil : skew
      }
    )
  }

  /// The server that has answered; nil where it is none of ours.
  private func take(
    _ outcome: HTTPClient.Outcome, from address: TransportAddress, _ trust: TLSContext.Trust,
    _ skew: (Int64) -> Int64?, _ examination: inout Examination
  ) -> WebServerFound? {
    guard case .answered(let answer, let certificate) = outcome, answer.status == 200,
      let facts = try? JSONDecoder().decode(TestRoute.Facts.self, from: Data(answer.body))
    else {
      if examination.visits.last?.outcome == .reached || examination.web.isWorst {
        examination.web = Examination.Web(outcome)
      }
      return nil
    }
    examination.web = .works
    examination.certificateLasts = certificate?.expiry.map { $0 - LocalCertificates.now() }
    examination.skew = skew(facts.time)
    return WebServerFound(address: address, trust: trust, facts: facts)
  }

  /// Whether the server offers the certificate of an authority of its own, to be trusted.
  private func hasOwnAuthority(_ server: WebServerFound) async -> Bool {
    let request = HTTPClient.Request(
      target: target.page(AuthorityRoute.path), trust: server.trust, patience: patience.web)
    guard case .answered(let answer, _) = await HTTPClient.send(request, to: server.address),
      answer.status == 200
    else { return false }
    return PEM.der(PEM.certificate, in: String(decoding: answer.body, as: UTF8.self)) != nil
  }
}

extension Examination.Visit {
  fileprivate init(ip: IPAddress, _ outcome: HTTPClient.Outcome) {
    self.ip = ip
    if case .unreachable(let obstacle) = outcome {
      self.outcome = obstacle.isOurs ? .untried : .closed
    } else {
      self.outcome = .reached
    }
  }
}

extension Examination.Web {
  /// Whether what another address says is more to the point.
  fileprivate var isWorst: Bool {
    switch self {
    case .noName, .unreachable: true
    case .works, .silent, .stranger, .elsewhere: false
    }
  }

  fileprivate init(_ outcome: HTTPClient.Outcome) {
    switch outcome {
    case .answered(let answer, _):
      let location = answer.headers["location"].flatMap { $0.hasPrefix("http") ? $0 : nil }
      if (300...399).contains(answer.status), let there = location.flatMap({ DoctorTarget($0) }) {
        self = .elsewhere(there.url)
      } else {
        self = .stranger(answer.status)
      }
    case .unreachable(let obstacle): self = .unreachable("\(obstacle)")
    case .distrusted(_, let words), .silent(let words): self = .silent(words)
    }
  }
}
