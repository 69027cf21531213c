/// Takes one line after the other.
struct DescriptionParser {
  let limits: SessionDescription.Limits
  private var line = 0
  private var session = SessionDescription(origin: .init(sessionID: "0", sessionVersion: "0"))
  private var section: MediaSection?
  private var isRTP = false
  private var candidateCount = 0
  private var extensionIDs: Set<UInt16> = []
  private var mids: Set<String> = []
  /// `v`, `o` and `s`, as far as they have come.
  private var heading: [UInt8] = []

  init(limits: SessionDescription.Limits) {
    self.limits = limits
    session.times = []
  }

  mutating func read(_ bytes: Span<UInt8>) throws(SDPError) {
    line += 1
    guard line <= limits.lines else { throw error(.tooMany(.lines)) }
    var count = bytes.count
    if count > 0, bytes[count - 1] == 0x0D { count -= 1 }
    guard count > 0 else { return }
    let text = bytes.extracting(first: count)
    guard count >= 2, text[1] == .equals else { throw error(.malformedLine) }
    for index in text.indices where text[index] == 0 || text[index] == 0x0D {
      throw error(.malformedLine)
    }
    let value = text.extracting(droppingFirst: 2)
    if heading.count == 3, text[0] == UInt8(ascii: "a") {
      try takeAttribute(value)
    } else {
      try take(text[0], string(value))
    }
  }

  private func string(_ bytes: Span<UInt8>) throws(SDPError) -> String {
    guard let valid = try? UTF8Span(validating: bytes) else { throw error(.malformedLine) }
    return String(copying: valid)
  }

  mutating func finish() throws(SDPError) -> SessionDescription {
    guard heading.count == 3 else { throw SDPError(.missing(["v", "o", "s"][heading.count])) }
    guard !session.times.isEmpty else { throw SDPError(.missing("t")) }
    closeSection()
    return session
  }

  private func error(_ problem: SDPError.Problem) -> SDPError {
    SDPError(
      problem, line: line, section: section == nil ? nil : session.mediaSections.count)
  }

  private mutating func closeSection() {
    if let section { session.mediaSections.append(section) }
    section = nil
    isRTP = false
    candidateCount = 0
    extensionIDs = []
  }

  private mutating func take(_ type: UInt8, _ value: String) throws(SDPError) {
    if heading.count < 3 { return try takeHeading(type, value) }
    switch type {
    case UInt8(ascii: "m"): try openSection(value)
    case UInt8(ascii: "b"): try takeBandwidth(value)
    case UInt8(ascii: "c"):
      guard value.pieces(separatedBy: .space).count == 3 else {
        throw error(.malformedValue("c"))
      }
      if section == nil { session.connection = value } else { section?.connections.append(value) }
    default: try takeOther(type, value)
    }
  }

  private mutating func takeHeading(_ type: UInt8, _ value: String) throws(SDPError) {
    let wanted = [UInt8(ascii: "v"), UInt8(ascii: "o"), UInt8(ascii: "s")][heading.count]
    guard type == wanted else {
      throw error(.missing(String(Character(Unicode.Scalar(wanted)))))
    }
    heading.append(type)
    switch heading.count {
    case 1: guard value == "0" else { throw error(.malformedValue("v")) }
    case 2: session.origin = try origin(value)
    default: session.name = value
    }
  }

  private func origin(_ value: String) throws(SDPError) -> SessionDescription.Origin {
    let words = value.pieces(separatedBy: .space)
    guard words.count == 6, words[1].consists(of: \.isDigit), words[2].consists(of: \.isDigit)
    else { throw error(.malformedValue("o")) }
    return SessionDescription.Origin(
      username: String(words[0]), sessionID: String(words[1]), sessionVersion: String(words[2]),
      address: words[3...].joined(separator: " "))
  }

  private mutating func takeBandwidth(_ value: String) throws(SDPError) {
    guard let (type, number) = value[...].cut(at: .colon), let amount = UInt64(digits: number),
      type.consists(of: \.isTokenCharacter)
    else { throw error(.malformedValue("b")) }
    let bandwidth = SessionDescription.Bandwidth(type: String(type), value: amount)
    if section == nil {
      session.bandwidths.append(bandwidth)
    } else {
      section?.bandwidths.append(bandwidth)
    }
  }

  private mutating func takeOther(_ type: UInt8, _ value: String) throws(SDPError) {
    let other = SessionDescription.OtherLine(type: Character(Unicode.Scalar(type)), value: value)
    switch (type, section) {
    case (UInt8(ascii: "i"), .some): section?.information = value
    case (UInt8(ascii: "k"), .some): section?.key = value
    case (UInt8(ascii: "i"), nil), (UInt8(ascii: "u"), nil), (UInt8(ascii: "e"), nil),
      (UInt8(ascii: "p"), nil):
      session.contacts.append(other)
    case (UInt8(ascii: "t"), nil), (UInt8(ascii: "r"), nil), (UInt8(ascii: "z"), nil),
      (UInt8(ascii: "k"), nil):
      session.times.append(other)
    default: throw error(.unknownType)
    }
  }
}

extension DescriptionParser {
  private mutating func openSection(_ value: String) throws(SDPError) {
    closeSection()
    guard session.mediaSections.count < limits.sections else { throw error(.tooMany(.sections)) }
    let words = value.pieces(separatedBy: .space)
    guard words.count >= 4, words[0].consists(of: \.isTokenCharacter) else {
      throw error(.malformedValue("m"))
    }
    guard words.count - 3 <= limits.formats else { throw error(.tooMany(.formats)) }
    let ports = words[1].pieces(separatedBy: .slash)
    guard ports.count == 1 || ports.count == 2, let port = UInt16(digits: ports[0]) else {
      throw error(.malformedValue("m"))
    }
    var opened = MediaSection(
      kind: .init(String(words[0])), port: port, transportProtocol: String(words[2]),
      formats: words[3...].map(String.init))
    if ports.count == 2 {
      guard let count = UInt16(digits: ports[1]) else { throw error(.malformedValue("m")) }
      opened.portCount = count
    }
    section = opened
    isRTP = opened.isRTP
    if isRTP {
      for format in words[3...] { try checkPayloadType(format) }
    }
  }

  private func checkPayloadType(_ text: Substring) throws(SDPError) {
    guard let type = UInt8(digits: text), type < 128 else { throw error(.badPayloadType) }
  }

  private mutating func takeAttribute(_ text: Span<UInt8>) throws(SDPError) {
    var colon = 0
    while colon < text.count, text[colon] != .colon { colon += 1 }
    guard colon > 0 else { throw error(.malformedLine) }
    var attribute = Attribute(try string(text.extracting(first: colon)))
    if colon < text.count {
      attribute.value = try string(text.extracting(droppingFirst: colon + 1))
    }
    try check(attribute)
    if section == nil {
      session.attributes.append(attribute)
    } else {
      section?.attributes.append(attribute)
    }
  }

  /// Refuses what would be dangerous to guess at; what is merely unknown or odd is passed over by the accessors.
  private mutating func check(_ attribute: Attribute) throws(SDPError) {
    let value = attribute.value ?? ""
    switch attribute.name {
    case "rtpmap", "fmtp", "rtcp-fb":
      let head = Substring(value.utf8.prefix { $0 != .space })
      if isRTP, head != "*" { try checkPayloadType(head) }
    case "extmap": try checkExtension(value)
    case "mid":
      // A header extension of at most 255 bytes has to carry it.
      guard value.utf8.count <= 255, value.consists(of: \.isTokenCharacter) else {
        throw malformed(attribute)
      }
      guard section?.mid == nil, mids.insert(value).inserted else {
        throw error(.duplicateMid(value))
      }
    case "candidate":
      candidateCount += 1
      guard candidateCount <= limits.candidates else { throw error(.tooMany(.candidates)) }
    case "ice-ufrag":
      guard (4...256).contains(value.utf8.count), value.consists(of: \.isICECharacter) else {
        throw malformed(attribute)
      }
    case "ice-pwd":
      guard (22...256).contains(value.utf8.count), value.consists(of: \.isICECharacter) else {
        throw malformed(attribute)
      }
    case "fingerprint": if Fingerprint(value) == nil { throw malformed(attribute) }
    case "setup": if SetupRole(rawValue: value) == nil { throw malformed(attribute) }
    default: break
    }
  }

  private func malformed(_ attribute: Attribute) -> SDPError {
    error(.malformedAttribute(attribute.name))
  }

  private mutating func checkExtension(_ value: String) throws(SDPError) {
    guard let mapped = HeaderExtension(extmap: value) else {
      throw error(.malformedAttribute("extmap"))
    }
    guard mapped.isValid else { throw error(.badExtensionIdentifier) }
    guard extensionIDs.insert(mapped.id).inserted else {
      throw error(.duplicateExtensionIdentifier)
    }
  }
}
