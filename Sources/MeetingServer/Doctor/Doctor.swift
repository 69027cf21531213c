import Foundation
import HTTPMessages
import Net
import WebRTC
import Wire

/// Examines a server from outside, as `jumpa doctor` does.
public struct Doctor: Sendable {
  /// Whom to examine.
  public let target: DoctorTarget
  /// Whose certificates are believed.
  let trust: TLSContext.Trust
  let patience: Patience
  private let throughput: ThroughputTest
  /// Addresses tried of each family.
  private static let addressesPerFamily = 2

  /// How long an answer is waited for.
  struct Patience {
    /// The web server's.
    var web = Wire.Duration.seconds(5)
    /// One way's.
    var way = Wire.Duration.seconds(8)
    /// One way's over one family of addresses.
    var family = Wire.Duration.seconds(8)
  }

  /// A doctor for one server. `authorityFile` has the certificates (PEM) of the authorities that are believed in place of
  /// the system's.
  public init(_ target: DoctorTarget, authorityFile: String? = nil) throws(SettingError) {
    var trust = TLSContext.Trust.system
    if let authorityFile {
      do {
        trust = .authorities(pem: try String(contentsOfFile: authorityFile, encoding: .utf8))
        _ = try TLSContext(trusting: trust)
      } catch {
        let reason = error is TLSContext.Failure ? "it holds no certificate in PEM" : reason(error)
        throw SettingError("the authorities' file \(authorityFile) cannot be used: \(reason)")
      }
    }
    self.init(target, trust: trust)
  }

  init(
    _ target: DoctorTarget, trust: TLSContext.Trust, throughput: ThroughputTest = ThroughputTest(),
    patience: Patience = Patience()
  ) {
    self.target = target
    self.trust = trust
    self.throughput = throughput
    self.patience = patience
  }

  /// What is found, in order. `tell` hears what is tried, before it is.
  public func findings(
    telling tell: @Sendable (String) -> Void = { _ in }
  ) async -> [DoctorFinding] {
    var examination = Examination(target: target, web: .works)
    let addresses: [IPAddress]
    tell("the name \(target.host)")
    do throws(NameResolver.Failure) {
      addresses = try await NameResolver().resolve(target.host)
    } catch {
      examination.web = .noName(error.words)
      return examination.findings
    }
    let chosen = [IPAddress.Family.v4, .v6].flatMap { family in
      addresses.filter { $0.family == family }.prefix(Self.addressesPerFamily)
    }
    guard let found = await visitAll(chosen, &examination, tell) else {
      return examination.findings
    }
    tell("a WebSocket")
    examination.webSocket = await askForWebSocket(found)
    let test = WayTest(
      target: target.page("/sdp"), address: found.address, trust: found.trust,
      iceServers: found.facts.iceServers, patience: patience.way)
    for way in DoctorWay.allCases {
      tell(way.name)
      var measured = examination.throughput
      let result = await test.run(way) { connection in
        guard measured == nil else { return }
        tell("how much \(way.name) carries")
        measured = await throughput.run(connection)
      }
      examination.throughput = measured
      examination.ways.append(result)
    }
    examination.trials = await trials(test, examination, telling: tell)
    return examination.findings
  }

}

extension NameResolver.Failure {
  fileprivate var words: String {
    switch self {
    case .malformedName: "it is no name"
    case .notFound: "it is not in DNS"
    case .unavailable: "DNS cannot be asked now"
    case .timedOut: "DNS does not answer"
    case .cancelled, .overloaded: "DNS was not asked"
    }
  }
}

extension Doctor {
  /// Findings as JSON: `{"url", "isTrusted", "findings": [{"id", "level", "sentence", "rules": [{"place", "text"}]}]}`.
  /// `isTrusted` is false where the server was examined although its certificate is refused.
  public func json(_ findings: [DoctorFinding]) -> String {
    struct Report: Encodable {
      var url: String
      var isTrusted: Bool
      var findings: [DoctorFinding]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys, .prettyPrinted]
    let report = Report(
      url: target.url, isTrusted: !findings.contains { $0.id == Examination.distrustID },
      findings: findings)
    let data = (try? encoder.encode(report)) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }

  /// Findings as lines for a person.
  public func text(_ findings: [DoctorFinding]) -> String {
    let marks: [DoctorFinding.Level: String] = [.good: "+", .warning: "!", .bad: "x", .none: "-"]
    return findings.flatMap { finding in
      ["[\(marks[finding.level] ?? "?")] \(finding.sentence)"]
        + finding.rules.map { "      \($0.place): \($0.text)" }
    }.joined(separator: "\n")
  }
}
