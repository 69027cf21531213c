import Net

/// A certificate that browsers refuse, and what was examined all the same.
extension Examination {
  /// What the finding is about that tells how the others were come by.
  static let distrustID = "trust"

  var certificateFinding: DoctorFinding? {
    distrust.map { distrust in
      let verb = distrust.hasOwnAuthority ? "warn of" : "refuse"
      return DoctorFinding(
        "certificate", .bad,
        "Browsers will \(verb) the certificate of \(target.host): \(advice(distrust)).")
    }
  }

  var distrustFinding: DoctorFinding? {
    distrust.map { _ in
      DoctorFinding(
        Self.distrustID, .none,
        "Everything else was examined without trust in this certificate: it holds if nobody in between has answered in "
          + "the server's place.")
    }
  }

  private func advice(_ distrust: Distrust) -> String {
    switch distrust.fault {
    case .expired: "it has expired. Renew it, or have --domain do so"
    case .notYetValid: "it is not valid yet. Set the clock of the server and of this machine by NTP"
    case .wrongName:
      "it is for another name. Give one for \(target.host) by --tls-cert, or open the server by the name that it is for"
    case .unknownAuthority where distrust.hasOwnAuthority:
      "the server's own authority has signed it, as jumpa demo does. Have them trust \(target.url)ca.crt, which "
        + "jumpa doctor takes by --ca FILE, or have --domain get a certificate that they know"
    case .unknownAuthority:
      "no authority that browsers know has signed it (\(distrust.words)). Give --tls-cert all between it and its "
        + "authority, or have --domain get one; where that is given, the server's log says why there is none yet"
    case .other: "\(distrust.words). Give another by --tls-cert"
    }
  }
}
