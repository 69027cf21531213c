import Net
import Wire

/// What an examination of a server from outside found, and what it means.
struct Examination {
  /// How far HTTP got.
  enum Web: Equatable {
    case works
    case noName(String)
    case unreachable(String)
    case silent(String)
    /// Something answers, but not a Jumpa of this kind: its status.
    case stranger(Int)
    /// It leads to another server, or to HTTPS.
    case elsewhere(String)
  }

  /// Why browsers refuse the server's certificate.
  struct Distrust: Equatable {
    var fault: CertificateFault
    /// OpenSSL's.
    var words: String
    /// Whether the server offers the certificate of an authority of its own.
    var hasOwnAuthority = false
  }

  /// What became of a WebSocket.
  enum WebSocket: Equatable {
    case opens
    /// The status in place of 101.
    case refused(Int)
    case silent(String)
  }

  /// One address of the server's name.
  struct Visit: Equatable {
    enum Outcome: Equatable {
      case reached
      case closed
      /// This machine has no way to addresses of its kind.
      case untried
    }

    var ip: IPAddress
    var outcome: Outcome
  }

  /// Below this many days a certificate should have been renewed.
  private static let soonExpired: Int64 = 14
  private static let day: Int64 = 86_400

  var target: DoctorTarget
  var web: Web
  /// The addresses that were tried.
  var visits: [Visit] = []
  /// Why the certificate is refused, where all else was examined without trust in it.
  var distrust: Distrust?
  /// Seconds until the certificate expires.
  var certificateLasts: Int64?
  /// How many milliseconds our clock is ahead of the server's.
  var skew: Int64?
  /// What asking for a WebSocket came to.
  var webSocket: WebSocket?
  /// The ways that were tried.
  var ways: [WayTest.Result] = []
  /// How those that are open fare over each family of addresses, where the server has both.
  var trials: [FamilyTrial] = []
  /// What the best of them carries.
  var throughput: ThroughputTest.Result?

  /// What is to be said, in order.
  var findings: [DoctorFinding] {
    guard web == .works else {
      return nameFindings + [certificateFinding, webFinding].compactMap(\.self)
    }
    return nameFindings
      + [
        webFinding, certificateFinding ?? secureFinding, distrustFinding, clockFinding,
        webSocketFinding,
      ]
      .compactMap(\.self)
      + wayFindings + throughputFindings
  }

  // MARK: Name

  private var nameFindings: [DoctorFinding] {
    guard !visits.isEmpty, IPAddress(target.host) == nil, target.host != "localhost" else {
      return []
    }
    let list = visits.map { "\($0.ip) (\(Self.record(of: $0.ip.family)))" }
    let found = DoctorFinding(
      "dns", .good, "The name \(target.host) leads to \(list.joined(separator: " and ")).")
    let doubts = [IPAddress.Family.v4, .v6].compactMap(doubt)
    return doubts.contains { $0.level == .warning } ? doubts : [found] + doubts
  }

  private static func record(of family: IPAddress.Family) -> String {
    family == .v4 ? "A" : "AAAA"
  }

  /// What is wrong with one kind of address, where the other leads to the server.
  private func doubt(_ family: IPAddress.Family) -> DoctorFinding? {
    let (own, others) = (
      visits.filter { $0.ip.family == family }, visits.filter { $0.ip.family != family }
    )
    guard !own.isEmpty, !own.contains(where: { $0.outcome == .reached }),
      others.contains(where: { $0.outcome == .reached })
    else { return nil }
    let list = own.map { "\($0.ip)" }.joined(separator: ", ")
    let kind = Self.record(of: family)
    if own.allSatisfy({ $0.outcome == .untried }) {
      return DoctorFinding(
        "dns", .none,
        "This network has no IPv\(family.rawValue), so the \(kind) record of \(target.host) (\(list)) was not tried."
      )
    }
    return DoctorFinding(
      "dns", .warning,
      "The \(kind) record of \(target.host) (\(list)) leads nowhere, and browsers wait for it: take it away, or let "
        + "TCP port \(target.port) in there.", rules: DoctorFinding.rules("tcp", [target.port]))
  }

  // MARK: Web

  private var webFinding: DoctorFinding {
    let port = target.port
    switch web {
    case .works: return DoctorFinding("web", .good, "\(target.url) answers.")
    case .noName(let reason):
      return DoctorFinding(
        "dns", .bad,
        "The name \(target.host) has no address (\(reason)): add an A or AAAA record with the server's address."
      )
    case .unreachable(let reason):
      return DoctorFinding(
        "web", .bad, "TCP port \(port) of \(target.host) is closed from here (\(reason)).",
        rules: DoctorFinding.rules("tcp", [port]))
    case .silent(let words):
      return DoctorFinding(
        "web", .bad,
        "TCP port \(port) of \(target.host) is open, but no HTTP\(target.isSecure ? "S" : "") comes from it (\(words))."
      )
    case .elsewhere(let url):
      return DoctorFinding(
        "web", .bad, "\(target.url) leads to \(url): examine that, by jumpa doctor \(url).")
    case .stranger(let status):
      return DoctorFinding(
        "web", .bad,
        "\(target.url) answers with \(status), and not as Jumpa: a proxy before it has to pass everything on."
      )
    }
  }

  private var secureFinding: DoctorFinding? {
    if target.isSecure {
      let good = "The certificate is good for \(target.host)"
      guard let certificateLasts else {
        return DoctorFinding("certificate", .good, "\(good) and has not expired.")
      }
      let days = max(0, certificateLasts / Self.day)
      let span = days == 1 ? "1 day" : "\(days) days"
      return days >= Self.soonExpired
        ? DoctorFinding("certificate", .good, "\(good) and expires in \(span).")
        : DoctorFinding(
          "certificate", .warning,
          "\(good), but it expires in \(span): renew it, and see in the server's log why that was not done."
        )
    }
    let isHere = target.host == "localhost" || target.host.hasPrefix("127.")
    return isHere
      ? nil
      : DoctorFinding(
        "certificate", .bad,
        "Without HTTPS browsers give no camera and microphone: give --tls-cert and --tls-key, or put an HTTPS proxy "
          + "in front.")
  }

  private var webSocketFinding: DoctorFinding? {
    switch webSocket {
    case nil: nil
    case .opens:
      DoctorFinding("websocket", .good, "A WebSocket opens, so chat and signalling work.")
    case .refused(403):
      DoctorFinding(
        "websocket", .bad,
        "No WebSocket opens (403): a proxy before the server has to leave the Host field as browsers send it, or "
          + "\(target.origin) has to be named by --allow-origin.")
    case .refused(let status):
      DoctorFinding(
        "websocket", .bad,
        "No WebSocket opens (\(status)): a proxy before the server has to pass on Upgrade and Connection for /ws."
      )
    case .silent(let words):
      DoctorFinding(
        "websocket", .bad,
        "No WebSocket opens (\(words)): a proxy before the server has to pass on Upgrade and Connection for /ws."
      )
    }
  }

  private var clockFinding: DoctorFinding? {
    guard let skew else { return nil }
    let seconds = (abs(skew) + 500) / 1000
    if seconds <= 60 {
      return DoctorFinding("clock", .good, "The clocks here and there agree.")
    }
    return DoctorFinding(
      "clock", .warning,
      "The clock here is \(seconds) s \(skew > 0 ? "ahead of" : "behind") the server's: set the wrong one by NTP."
    )
  }
}
