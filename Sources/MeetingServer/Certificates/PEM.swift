import Foundation

/// DER as text (RFC 7468).
enum PEM {
  static let certificate = "CERTIFICATE"
  static let privateKey = "EC PRIVATE KEY"

  static func text(_ label: String, _ der: [UInt8]) -> String {
    let lines = Data(der).base64EncodedString(options: [
      .lineLength64Characters, .endLineWithLineFeed,
    ])
    return "-----BEGIN \(label)-----\n\(lines)\n-----END \(label)-----\n"
  }

  /// The first block of that label; nil where there is none, or not in base64.
  static func der(_ label: String, in text: String) -> [UInt8]? {
    guard let begin = text.range(of: "-----BEGIN \(label)-----"),
      let end = text.range(
        of: "-----END \(label)-----", range: begin.upperBound..<text.endIndex),
      let data = Data(
        base64Encoded: String(text[begin.upperBound..<end.lowerBound]),
        options: .ignoreUnknownCharacters)
    else { return nil }
    return Array(data)
  }
}
