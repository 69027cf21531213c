import Wire

/// Ways that are open over one family of addresses and not over the other.
extension Examination {
  /// What is closed over one family and open over the other.
  func familyFindings(of way: DoctorWay) -> [DoctorFinding] {
    let all = trials.filter { $0.way == way }
    // Where none is open by itself, what was open before has closed meanwhile: that is no matter of families.
    guard let other = all.first(where: { $0.outcome == .open })?.family else { return [] }
    return all.compactMap { trial in
      let id = "\(way.rawValue)-ipv\(trial.family.rawValue)"
      switch trial.outcome {
      case .open, .untried: return nil
      case .refused(let words):
        return DoctorFinding(
          id, .warning,
          "\(subject(of: trial)) could not be tried over IPv\(trial.family.rawValue): \(words).")
      case .closed:
        return DoctorFinding(
          id, .warning,
          "\(subject(of: trial)) is closed over IPv\(trial.family.rawValue) and open over IPv\(other.rawValue): who has "
            + "IPv\(trial.family.rawValue) alone does not get through this way.",
          rules: DoctorFinding.rules(
            way.transport, trial.ports, over: trial.family, to: trial.addresses))
      }
    }
  }

  /// Said of a way that is open over both.
  func bothFamilies(_ way: DoctorWay) -> String {
    let all = trials.filter { $0.way == way }
    return all.count == 2 && all.allSatisfy { $0.outcome == .open } ? " over IPv4 and IPv6" : ""
  }

  /// Families that this machine could not try, each once.
  var untriedFamilies: [DoctorFinding] {
    let untried = trials.filter { $0.outcome == .untried }
    return [IPAddress.Family.v4, .v6].compactMap { family in
      guard let trial = untried.first(where: { $0.family == family }) else { return nil }
      let list = trial.addresses.map { "\($0)" }.joined(separator: ", ")
      return DoctorFinding(
        "ipv\(family.rawValue)", .none,
        "This network has no IPv\(family.rawValue), so the server's ways over it (\(list)) were not tried."
      )
    }
  }

  private func subject(of trial: FamilyTrial) -> String {
    let ports = trial.ports.map { "\($0)" }.joined(separator: ", ")
    let place = trial.addresses.map { "\($0)" }.joined(separator: ", ")
    return switch trial.way {
    case .udp: "UDP port \(ports) of \(place)"
    case .tcp: "TCP port \(ports) of \(place) for media"
    case .relayUDP: "The relay at UDP port \(ports) of \(place)"
    case .relayTCP: "The relay at TCP port \(ports) of \(place)"
    case .relayTLS: "The relay by TLS at TCP port \(ports) of \(place)"
    }
  }
}
