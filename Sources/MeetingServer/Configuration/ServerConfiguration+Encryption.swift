extension ServerConfiguration {
  /// Where the certificate comes from is said once, and what goes with it gets its default.
  mutating func completeEncryption(
    _ values: [Setting: [SettingLayer.Entry]], isDemo: Bool, isRelay: Bool
  ) throws(SettingError) {
    if let acme, acme.domains.isEmpty {
      let given = [Setting.acmeEmail, .acmeDirectory, .acmeAuthority].lazy
      let origin = given.compactMap { values[$0]?.first?.origin }.first ?? "an ACME setting"
      throw SettingError("\(origin) is given without \(Setting.domain.flag)")
    }
    let sources = [
      tls.map { _ in Setting.tlsCert.flag }, acme.map { _ in Setting.domain.flag },
      isDemo ? "jumpa demo" : nil,
    ].compactMap { $0 }
    if sources.count > 1 {
      throw SettingError(
        "\(sources[0]) and \(sources[1]) both say where the certificate comes from; use one of them"
      )
    }
    if acme != nil {
      guard dataDirectory != nil else {
        throw SettingError(
          "\(Setting.domain.flag) needs \(Setting.data.flag) DIR, where the certificate is kept")
      }
      if values[.port] == nil { port = 443 }
      if plainPort == nil { plainPort = 80 }
    }
    if isDemo {
      hasLocalAuthority = true
      if values[.port] == nil { port = 8443 }
      if plainPort == nil { plainPort = 8080 }
    }
    if plainPort == 0 { plainPort = nil }
    if plainPort != nil, sources.isEmpty, !isRelay {
      throw SettingError(
        "\(Setting.httpPort.flag) is given without HTTPS; \(Setting.port.flag) is the port of plain "
          + "HTTP then")
    }
  }

  /// Whether the web server speaks HTTPS.
  var isSecure: Bool { tls != nil || acme != nil || hasLocalAuthority }
}
