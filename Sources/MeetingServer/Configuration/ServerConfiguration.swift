import HTTPMessages
public import Wire

/// How a server runs.
public struct ServerConfiguration: Sendable, Equatable {
  /// A certificate chain and its key, PEM files.
  public struct TLS: Sendable, Equatable {
    /// The certificate chain.
    public var certificate: String
    /// The private key.
    public var key: String
  }

  /// Where the web server listens.
  public var host = IPAddress(0, 0, 0, 0)
  /// The web server's port; 0 takes a free one.
  public var port: UInt16 = 8080
  /// Where media is received; nil is every interface.
  public var udpHost: IPAddress?
  /// The first worker's media port.
  public var udpPort: UInt16 = 7880
  /// Where clients send media; port 0 stands for the worker's.
  public var advertised: [TransportAddress] = []
  /// The TCP port that clients are told to send media to where datagrams do not pass; nil is the web server's, 0 none.
  public var tcpPort: UInt16?
  /// Who is asked for the public address.
  public var stunServers: [STUNServerName] = []
  /// How many media workers; nil is one per core.
  public var workers: Int?
  /// Where files are kept.
  public var dataDirectory: String?
  /// The web client; nil where it is to be found.
  public var webDirectory: String?
  /// Web pages elsewhere that may use the server.
  public var allowedOrigins: [String] = []
  /// HTTPS.
  public var tls: TLS?
  /// A certificate authority that is asked for certificates, if any.
  public var acme: ACMESettings?
  /// Whether this server has an authority of its own, for the people on its network.
  public var hasLocalAuthority = false
  /// The port of plain HTTP beside HTTPS; nil for none.
  public var plainPort: UInt16?
  /// Most participants in a room.
  public var maxParticipants = 100
  /// What pictures may be sent in, the preferred codec first.
  public var videoCodecs = MediaVideoCodec.allCases
  /// Who may read `/metrics`.
  public var metrics = MetricsAudience.loopback
  /// Relaying.
  public var relay = RelaySettings()

  /// The defaults.
  public init() {}

  /// What the layers say; of two that say something the earlier one holds. `isDemo` has a local authority,
  /// `isRelay` is a TURN server alone.
  public init(
    layers: [SettingLayer], isDemo: Bool = false, isRelay: Bool = false
  ) throws(SettingError) {
    var values: [Setting: [SettingLayer.Entry]] = [:]
    for layer in layers { values.merge(layer.entries) { first, _ in first } }
    for setting in Setting.allCases {
      guard let entries = values[setting] else { continue }
      for entry in entries { try set(setting, entry) }
    }
    try checkTLS(values)
    try completeEncryption(values, isDemo: isDemo, isRelay: isRelay)
  }

  private mutating func set(
    _ setting: Setting, _ entry: SettingLayer.Entry
  ) throws(SettingError) {
    let text = entry.text
    func wrong(_ what: String) -> SettingError {
      SettingError("\(entry.origin) is \"\(text.prefix(200))\": \(what)")
    }
    func number(_ range: ClosedRange<Int>) throws(SettingError) -> Int {
      guard let number = Int(text), range.contains(number) else {
        throw wrong("not a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    func path() throws(SettingError) -> String {
      guard !text.isEmpty, !text.utf8.contains(0) else { throw wrong("not a path") }
      return text
    }
    func address() throws(SettingError) -> IPAddress {
      guard let ip = text == "localhost" ? IPAddress(127, 0, 0, 1) : IPAddress(text) else {
        throw wrong("not an IP address; write one such as 127.0.0.1, 0.0.0.0 or ::")
      }
      return ip
    }
    switch setting {
    case .host:
      host = try address()
    case .udpHost:
      let address = try address()
      udpHost = address.isUnspecified ? nil : address
    case .port: port = UInt16(clamping: try number(0...65_535))
    case .udpPort: udpPort = UInt16(clamping: try number(0...65_535))
    case .advertise:
      guard let address = Self.advertisement(text) else {
        throw wrong(
          "not an address that clients can send to; write 203.0.113.7, or with a port "
            + "203.0.113.7:7880 or [2001:db8::7]:7880")
      }
      advertised.append(address)
    case .tcpPort: tcpPort = UInt16(clamping: try number(0...65_535))
    case .stunServer:
      guard let server = STUNServerName(text) else {
        throw wrong(
          "not a STUN server; write stun.example.org, or with a port stun.example.org:3478")
      }
      if !stunServers.contains(server) { stunServers.append(server) }
    case .workers: workers = try number(1...256)
    case .data: dataDirectory = try path()
    case .web: webDirectory = try path()
    case .allowOrigin:
      guard let origin = Self.origin(text) else {
        throw wrong("not an origin; write scheme, host and port, as https://meet.example")
      }
      allowedOrigins.append(origin)
    case .tlsCert: tls = TLS(certificate: try path(), key: tls?.key ?? "")
    case .tlsKey: tls = TLS(certificate: tls?.certificate ?? "", key: try path())
    case .domain:
      guard let name = ACMESettings.name(text) else {
        throw wrong("not a public host name, such as meet.example.org")
      }
      change { if !$0.domains.contains(name) { $0.domains.append(name) } }
    case .acmeEmail:
      guard ACMESettings.isMailAddress(text) else { throw wrong("not an e-mail address") }
      change { $0.email = text }
    case .acmeDirectory:
      guard HTTPTarget(https: text) != nil else { throw wrong("not an https URL") }
      change { $0.directory = text }
    case .acmeAuthority:
      let file = try path()
      change { $0.authorityFile = file }
    case .httpPort: plainPort = UInt16(clamping: try number(0...65_535))
    case .maxParticipants:
      // More than the whole server holds would be a promise that is not kept.
      maxParticipants = try number(1...MeetingLimits().participants)
    case .videoCodecs:
      let names = text.split(separator: ",", omittingEmptySubsequences: false)
      videoCodecs = names.compactMap { MediaVideoCodec(rawValue: $0.lowercased()) }
      guard videoCodecs.count == names.count, Set(videoCodecs).count == names.count else {
        throw wrong("not a list of vp8, h264, vp9 and av1, such as av1,vp8")
      }
    case .metrics:
      guard let audience = MetricsAudience(rawValue: text) else {
        throw wrong("not loopback, everyone or nobody")
      }
      metrics = audience
    case .turnSecret, .turnUser:
      // What it says is not for anybody's eyes.
      if let fault = relay.set(setting, text) {
        throw SettingError("\(entry.origin) is \(fault)")
      }
    case .relayTo, .relayPorts, .relayTCP, .turnPort, .turnsPort, .turnRealm, .relayQuota,
      .relayRate, .relayTotalRate:
      if let fault = relay.set(setting, text) { throw wrong(fault) }
    }
  }

  private mutating func change(_ body: (inout ACMESettings) -> Void) {
    var settings = acme ?? ACMESettings()
    body(&settings)
    acme = settings
  }

  private func checkTLS(_ values: [Setting: [SettingLayer.Entry]]) throws(SettingError) {
    for (given, missing) in [(Setting.tlsCert, Setting.tlsKey), (.tlsKey, .tlsCert)] {
      guard let entry = values[given]?.first, values[missing] == nil else { continue }
      throw SettingError(
        "\(entry.origin) is given without \(missing.flag); HTTPS needs both a certificate and its key"
      )
    }
  }

  private static func advertisement(_ text: String) -> TransportAddress? {
    let address =
      TransportAddress(text) ?? IPAddress(text).map { TransportAddress(ip: $0, port: 0) }
    guard let address, !address.ip.isUnspecified, !address.ip.isMulticast else { return nil }
    return address
  }

  private static func origin(_ text: String) -> String? {
    let text = text.lowercased()
    guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else { return nil }
    let authority = text.dropFirst(scheme.count)
    let isHost = authority.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["),
        UInt8(ascii: "]"):
        true
      default: false
      }
    }
    return isHost && !authority.isEmpty ? text : nil
  }
}
