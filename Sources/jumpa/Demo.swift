import Foundation
import MeetingServer
import QRCodes

/// What `jumpa demo` has of its own: where it keeps its certificates, and what it prints.
enum Demo {
  /// The room that the code leads to, so that everybody who scans it meets.
  private static let room = "room/demo"

  /// What holds where nothing else is said.
  static func defaults(_ environment: [String: String]) -> SettingLayer {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "."
    let shared =
      environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? "\(home)/.local/share"
    var layer = SettingLayer()
    layer.add("\(shared)/jumpa", for: .data, origin: "jumpa demo")
    return layer
  }

  /// The link, its code, and how browsers come to trust it.
  static func lines(
    _ server: Server, _ authority: (path: String, fingerprint: String), isTerminal: Bool
  ) -> [String] {
    let network = server.networkURLs.first ?? server.localURL
    let link = network + room
    var lines = ["On this network: \(link)", ""]
    lines += QRCode(link)?.lines(colours: isTerminal) ?? []
    let path = authority.path.dropFirst()
    lines += [
      "",
      "Browsers do not know this server and warn. Go on past the warning, or have them trust its authority:",
      "  \(network)\(path)",
    ]
    if let port = server.plainPort, let host = URL(string: network)?.host() {
      let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
      lines.append("  http://\(name):\(port)/\(path)")
    }
    lines += [
      "  SHA-256 \(authority.fingerprint)",
      "  Where to put it: docs/operating.md, \"On your own network\".",
    ]
    return lines
  }
}
