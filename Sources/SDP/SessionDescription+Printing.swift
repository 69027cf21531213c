extension SessionDescription: CustomStringConvertible {
  /// The description as text, every line ended by CR LF.
  public var description: String {
    var text = "v=0\r\n"
    text.line("o", origin.text)
    text.line("s", name)
    for other in contacts { text.line(other.type, other.value) }
    if let connection { text.line("c", connection) }
    for bandwidth in bandwidths { text.line("b", "\(bandwidth.type):\(bandwidth.value)") }
    for other in times { text.line(other.type, other.value) }
    for attribute in attributes { text.line("a", attribute.text) }
    for section in mediaSections { section.print(into: &text) }
    return text
  }
}

extension SessionDescription.Origin {
  var text: String { "\(username) \(sessionID) \(sessionVersion) \(address)" }
}

extension Attribute {
  var text: String { value.map { "\(name):\($0)" } ?? name }
}

extension MediaSection {
  func print(into text: inout String) {
    let ports = portCount.map { "\(port)/\($0)" } ?? "\(port)"
    text.line(
      "m", "\(kind.name) \(ports) \(transportProtocol) \(formats.joined(separator: " "))")
    if let information { text.line("i", information) }
    for connection in connections { text.line("c", connection) }
    for bandwidth in bandwidths { text.line("b", "\(bandwidth.type):\(bandwidth.value)") }
    if let key { text.line("k", key) }
    for attribute in attributes { text.line("a", attribute.text) }
  }
}

extension String {
  fileprivate mutating func line(_ type: Character, _ value: String) {
    append(type)
    append("=")
    append(value)
    append("\r\n")
  }
}
