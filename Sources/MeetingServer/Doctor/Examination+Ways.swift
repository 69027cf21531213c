/// Ways for media, and what they carry.
extension Examination {
  /// What one picture and a voice want, in bit/s, and what a meeting of several does.
  private static let leastRate = 400_000
  private static let comfortableRate = 1_500_000
  /// From this many milliseconds on people talk over each other.
  private static let longRoundTrip = 300

  var wayFindings: [DoctorFinding] {
    ways.flatMap { [finding($0)] + familyFindings(of: $0.way) } + untriedFamilies
  }

  private func finding(_ result: WayTest.Result) -> DoctorFinding {
    let id = result.way.rawValue
    switch result.state {
    case .open(let milliseconds, let address):
      return DoctorFinding(
        id, .good, "\(open(result, address))\(bothFamilies(result.way)) (\(milliseconds) ms).")
    case .absent:
      return DoctorFinding(
        id, result.way == .udp ? .bad : .none, absent(result.way))
    case .stranded:
      return DoctorFinding(
        id, level(result),
        "\(capitalized(result.way.name)) answers, but does not reach the server's own media: the server's firewall has "
          + "to let its own machine send it UDP.",
        rules: [
          .init(place: "ufw", text: "sudo ufw allow in on lo"),
          .init(place: "nftables", text: "sudo nft insert rule inet filter input iif lo accept"),
        ])
    case .refused(let words):
      return DoctorFinding(
        id, level(result), "\(capitalized(result.way.name)) could not be tried: \(words).")
    case .closed:
      return DoctorFinding(
        id, level(result), closed(result),
        rules: DoctorFinding.rules(result.way.transport, result.ports))
    }
  }

  /// UDP is what calls want. Another way that is closed matters where none of them is open.
  private func level(_ result: WayTest.Result) -> DoctorFinding.Level {
    result.way == .udp || !ways.contains(where: \.isOpen) ? .bad : .warning
  }

  private func open(_ result: WayTest.Result, _ address: String?) -> String {
    let place = address.map { " of \($0)" } ?? ""
    let ports = list(result.ports)
    switch result.way {
    case .udp: return "UDP port \(ports)\(place) is open"
    case .tcp: return "TCP port \(ports)\(place) is open for media"
    case .relayUDP: return "The relay over UDP works: port \(ports) is open"
    case .relayTCP: return "The relay over TCP works: port \(ports) is open"
    case .relayTLS: return "The relay over TLS works: TCP port \(ports) is open"
    }
  }

  private func closed(_ result: WayTest.Result) -> String {
    let ports = list(result.ports)
    let place = result.hosts.isEmpty ? target.host : result.hosts.joined(separator: ", ")
    switch result.way {
    case .udp: return "UDP port \(ports) of \(place) is closed from here."
    case .tcp: return "TCP port \(ports) of \(place) is closed for media from here."
    case .relayUDP: return "The relay cannot be used over UDP port \(ports) from here."
    case .relayTCP: return "The relay cannot be used over TCP port \(ports) from here."
    case .relayTLS: return "The relay cannot be used over TLS on TCP port \(ports) from here."
    }
  }

  private func absent(_ way: DoctorWay) -> String {
    switch way {
    case .udp: "The server names no UDP address at all: say it with --advertise."
    case .tcp: "The server offers no media over TCP (--tcp-port)."
    case .relayUDP, .relayTCP, .relayTLS: "The server does not offer \(way.name)."
    }
  }

  var throughputFindings: [DoctorFinding] {
    guard let throughput else { return [] }
    var findings: [DoctorFinding] = []
    if let up = throughput.up, let down = throughput.down {
      let rate = min(up, down)
      let (level, meaning): (DoctorFinding.Level, String) =
        if rate < Self.leastRate {
          (.bad, ": voices will do, pictures will stand still")
        } else if rate < Self.comfortableRate {
          (.warning, ": enough for voices and a few pictures, not for many")
        } else {
          (.good, "")
        }
      findings.append(
        DoctorFinding(
          "bandwidth", level,
          "The way carries \(megabits(up)) Mbit/s up and \(megabits(down)) Mbit/s down\(meaning)."))
    } else {
      let sentence =
        throughput.isLater
        ? "The bandwidth was not measured: others measure theirs at the moment. Come again in a minute."
        : "The bandwidth could not be measured."
      findings.append(DoctorFinding("bandwidth", .none, sentence))
    }
    if let time = throughput.roundTrip {
      findings.append(
        time > Self.longRoundTrip
          ? DoctorFinding(
            "delay", .warning,
            "There and back takes \(time) ms: people will talk over each other. A VPN, a far server or a full line "
              + "makes it long.")
          : DoctorFinding("delay", .good, "There and back takes \(time) ms."))
    }
    return findings
  }

  /// With one digit behind the point.
  private func megabits(_ rate: Int) -> String {
    let tenths = (rate + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }

  private func list(_ ports: [UInt16]) -> String { ports.map { "\($0)" }.joined(separator: ", ") }

  private func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
}
