public import Wire

/// Why text is not a candidate we use.
public enum ICECandidateError: Error, Equatable, Sendable {
  /// The text does not follow RFC 8839 §5.1.
  case malformed
  /// A transport other than UDP and TCP.
  case unsupportedTransport
  /// The address must not be sent to; see `ICECandidate.hasUsableAddress`.
  case unusableAddress
}

extension ICECandidate {
  /// What a candidate line says.
  public enum Line: Sendable, Hashable {
    /// A candidate with an address.
    case candidate(ICECandidate)
    /// A candidate with a name in place of an address, as browsers write it to hide private addresses
    /// (`….local`). `MDNSResolver` may find the address; where nobody asks, the peer's own checks reach
    /// us all the same.
    case unresolvable(name: String)
  }

  /// The longest line that is looked at, in bytes.
  public static var maximumLineByteCount: Int { 1024 }

  /// Parses `a=candidate:…`, `candidate:…` or what follows the colon (RFC 8839 §5.1). Where the line has
  /// a name, `resolved` takes its place.
  public static func parse(
    _ line: some StringProtocol, resolvingNameTo resolved: IPAddress? = nil
  ) throws(ICECandidateError) -> Line {
    guard line.utf8.count <= maximumLineByteCount else { throw .malformed }
    var text = Substring(line)
    if text.hasPrefix("a=") { text = text.dropFirst(2) }
    if text.hasPrefix("candidate:") { text = text.dropFirst(10) }
    let fields = text.split(separator: " ")
    guard fields.count >= 8, fields[6] == "typ", (1...32).contains(fields[0].utf8.count),
      let component = Int(fields[1]), (1...256).contains(component),
      let priority = UInt32(fields[3]), let port = UInt16(fields[5])
    else { throw .malformed }
    guard let transport = transport(fields[2]) else { throw .unsupportedTransport }
    guard let kind = Kind(rawValue: String(fields[7])) else { throw .malformed }
    guard let ip = IPAddress(fields[4]) ?? (isName(fields[4]) ? resolved : nil) else {
      guard isName(fields[4]) else { throw .malformed }
      return .unresolvable(name: String(fields[4]))
    }
    var candidate = ICECandidate(
      kind: kind, address: TransportAddress(ip: ip.canonical, port: port), transport: transport,
      component: component, priority: priority, foundation: String(fields[0]))
    candidate.readExtensions(fields[8...])
    guard candidate.hasUsableAddress else { throw .unusableAddress }
    return .candidate(candidate)
  }

  /// The candidate in a line; nil for anything else, names included.
  public init?(parsing line: some StringProtocol) {
    guard case .candidate(let candidate)? = try? Self.parse(line) else { return nil }
    self = candidate
  }

  private mutating func readExtensions(_ fields: ArraySlice<Substring>) {
    var relatedIP: IPAddress?
    var relatedPort: UInt16?
    var rest = fields
    while let name = rest.popFirst(), let value = rest.popFirst() {
      switch name {
      case "raddr": relatedIP = IPAddress(value)
      case "rport": relatedPort = UInt16(value)
      case "tcptype": tcpType = TCPType(rawValue: String(value))
      case "ufrag": usernameFragment = String(value)
      default: break
      }
    }
    if let relatedIP, let relatedPort {
      relatedAddress = TransportAddress(ip: relatedIP, port: relatedPort)
    }
  }

  private static func transport(_ text: Substring) -> Path.Transport? {
    switch text.lowercased() {
    case "udp": .udp
    case "tcp": .tcp
    default: nil
    }
  }

  /// RFC 8839 §5.1 allows fully qualified names: letters, digits, hyphens and dots.
  private static func isName(_ text: Substring) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
      } && text.utf8.contains { !(48...57).contains($0) && $0 != UInt8(ascii: ".") }
  }
}

extension ICECandidate: CustomStringConvertible {
  /// `candidate:…` as RFC 8839 §5.1 writes it, without `a=`.
  public var description: String {
    var text =
      "candidate:\(foundation) \(component) \(transport) \(priority) \(address.ip) \(address.port)"
      + " typ \(kind.rawValue)"
    if let relatedAddress { text += " raddr \(relatedAddress.ip) rport \(relatedAddress.port)" }
    if let tcpType { text += " tcptype \(tcpType.rawValue)" }
    if let usernameFragment { text += " ufrag \(usernameFragment)" }
    return text
  }
}
