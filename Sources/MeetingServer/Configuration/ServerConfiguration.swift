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
  /// Most participants in a room.
  public var maxParticipants = 100

  /// The defaults.
  public init() {}

  /// What the layers say; of two that say something the earlier one holds.
  public init(layers: [SettingLayer]) throws(SettingError) {
    var values: [Setting: [SettingLayer.Entry]] = [:]
    for layer in layers { values.merge(layer.entries) { first, _ in first } }
    for setting in Setting.allCases {
      guard let entries = values[setting] else { continue }
      for entry in entries { try set(setting, entry) }
    }
    try checkTLS(values)
    let lastPort = Int(udpPort) + (workers ?? 1) - 1
    if udpPort != 0, lastPort > 65_535 {
      throw SettingError(
        "\(workers ?? 1) workers from UDP port \(udpPort) on need port \(lastPort), which does not "
          + "exist; choose a lower --udp-port")
    }
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
    case .maxParticipants:
      // More than the whole server holds would be a promise that is not kept.
      maxParticipants = try number(1...MeetingLimits().participants)
    }
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
