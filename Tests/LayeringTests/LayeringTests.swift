import Foundation
import Testing

/// The arrows of docs/architecture.md, checked against what the sources import.
struct LayeringTests {
  private static let system: Set<String> = [
    "COpenSSL", "COpenSSLStart", "CWebSockets", "CLinux", "CZlib", "CQREncode",
  ]

  /// Rooms of values only: no clock, no socket, no task, no Foundation.
  private static let machines: Set<String> = [
    "Wire", "Cryptography", "STUN", "ICE", "DTLS", "RTP", "SRTP", "BWE", "SDP", "Peer", "SFU",
    "Signaling", "RTCTesting", "SCTP", "TURN", "Media", "Session", "HTTPMessages",
  ]

  private static let arrows: [String: Set<String>] = [
    "Wire": [],
    "Cryptography": ["Wire", "COpenSSL", "COpenSSLStart"],
    "STUN": ["Wire", "Cryptography"],
    "ICE": ["Wire", "STUN", "Cryptography"],
    "DTLS": ["Wire", "Cryptography", "COpenSSL"],
    "RTP": ["Wire"],
    "SRTP": ["Wire", "RTP", "Cryptography"],
    "BWE": ["Wire", "RTP"],
    "SDP": ["Wire"],
    "SCTP": ["Wire", "Cryptography"],
    "TURN": ["Wire", "STUN", "Cryptography"],
    "Media": ["Wire", "RTP"],
    "Peer": [
      "Wire", "Cryptography", "STUN", "TURN", "ICE", "DTLS", "RTP", "SRTP", "BWE", "SCTP", "SDP",
    ],
    "Session": [
      "Wire", "Cryptography", "STUN", "TURN", "ICE", "DTLS", "RTP", "SRTP", "BWE", "SCTP", "SDP",
      "Media", "Peer",
    ],
    "WebRTC": [
      "Wire", "Cryptography", "STUN", "TURN", "ICE", "DTLS", "RTP", "SCTP", "SDP", "Media", "Peer",
      "Session", "Net",
    ],
    "SFU": ["Wire", "RTP", "BWE", "STUN", "Peer", "Media"],
    "Signaling": ["Wire"],
    "RTCTesting": ["Wire"],
    "HTTPMessages": ["Wire"],
    "Net": ["Wire", "CLinux", "COpenSSL", "COpenSSLStart"],
    "ACME": ["Wire", "Cryptography"],
    "Relay": ["Wire", "STUN", "TURN", "Net"],
    "HTTPServer": ["CWebSockets", "CZlib", "Net"],
    "MeetingServer": [
      "Wire", "Cryptography", "Net", "HTTPServer", "Signaling", "SFU", "Peer", "STUN", "ICE",
      "DTLS", "SDP", "SCTP", "TURN", "Relay", "WebRTC", "HTTPMessages",
      "ACME",
    ],
    "QRCodes": ["CQREncode"],
    "jumpa": ["MeetingServer", "QRCodes"],
  ]

  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func swiftFiles(of room: String) throws -> [URL] {
    let folder = root.appending(path: "Sources/\(room)")
    let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (all?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
  }

  private static func imports(of file: URL) throws -> [String] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
      guard let place = words.firstIndex(of: "import"), place <= 1, words.count > place + 1 else {
        return nil
      }
      let kinds: Set<Substring> = ["struct", "enum", "class", "func", "var", "let", "protocol"]
      let name = kinds.contains(words[place + 1]) ? words.last : words[place + 1]
      return name.map { String($0.prefix { $0 != "." }) }
    }
  }

  private static func rooms() throws -> Set<String> {
    let folders = try FileManager.default.contentsOfDirectory(
      at: root.appending(path: "Sources"), includingPropertiesForKeys: nil)
    return Set(folders.map(\.lastPathComponent))
  }

  @Test func `every room is in the diagram`() throws {
    let rooms = try Self.rooms()
    #expect(rooms.subtracting(Self.system) == Set(Self.arrows.keys))
  }

  @Test(arguments: arrows.keys.sorted())
  func `a room imports only what the diagram draws`(room: String) throws {
    let rooms = try Self.rooms()
    for file in try Self.swiftFiles(of: room) {
      for module in try Self.imports(of: file) where rooms.contains(module) {
        #expect(Self.arrows[room]?.contains(module) == true, "\(file.lastPathComponent): \(module)")
      }
    }
  }

  @Test(arguments: machines.sorted())
  func `a machine has no clock, socket, task or Foundation`(room: String) throws {
    let banned: Set<String> = [
      "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Synchronization", "Musl",
      "_Concurrency",
    ]
    let words = ["Task {", "Task.sleep", "ContinuousClock", "SuspendingClock", "DispatchQueue"]
    for file in try Self.swiftFiles(of: room) {
      for module in try Self.imports(of: file) {
        #expect(!banned.contains(module), "\(file.lastPathComponent) imports \(module)")
      }
      let text = try String(contentsOf: file, encoding: .utf8)
      for word in words { #expect(!text.contains(word), "\(file.lastPathComponent): \(word)") }
    }
  }

  @Test(arguments: arrows.keys.sorted())
  func `unsafe stands only where C is called, and nothing is forced`(room: String) throws {
    let mayBeUnsafe: Set<String> = ["Cryptography", "Net", "DTLS", "HTTPServer", "QRCodes"]
    let never = ["@unchecked Sendable", "nonisolated(unsafe)", "try!", "fatalError("]
    for file in try Self.swiftFiles(of: room) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for word in never { #expect(!text.contains(word), "\(file.lastPathComponent): \(word)") }
      guard !mayBeUnsafe.contains(room) else { continue }
      for line in text.split(separator: "\n") where !line.contains("//") {
        #expect(!line.contains("unsafe "), "\(file.lastPathComponent): \(line)")
      }
    }
  }

  private struct Description: Decodable {
    struct Target: Decodable {
      var name: String
      var type: String
      var target_dependencies: [String]?
    }
    var targets: [Target]
  }

  @Test func `the manifest draws no other arrow`() throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.currentDirectoryURL = Self.root
    process.arguments = [
      "swift", "package", "--scratch-path", ".build/describe", "describe", "--type", "json",
    ]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let description = try JSONDecoder().decode(Description.self, from: data)
    for target in description.targets {
      guard let allowed = Self.arrows[target.name] else { continue }
      #expect(allowed.isSuperset(of: target.target_dependencies ?? []), "\(target.name)")
    }
    #expect(description.targets.count > Self.arrows.count)
  }

  @Test(arguments: arrows.keys.sorted())
  func `no type bears its room's name`(room: String) throws {
    let pattern = try Regex("(struct|class|enum|actor|protocol|typealias) \(room)\\b")
    for file in try Self.swiftFiles(of: room) {
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.firstMatch(of: pattern) == nil, "\(file.lastPathComponent)")
    }
  }

  @Test func `the README's example is the one that is built and run`() throws {
    let example = try String(
      contentsOf: Self.root.appending(path: "Examples/Echo/main.swift"), encoding: .utf8)
    let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    #expect(readme.contains("```swift\n" + example + "```"))
  }

  // MARK: The manual

  private static func files(in folder: String, withExtension: String) -> [URL] {
    let all = FileManager.default.enumerator(
      at: root.appending(path: folder), includingPropertiesForKeys: nil)
    return (all?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == withExtension }
  }

  /// Lines without their indentation and without empty ones: code in a manual stands further left.
  private static func essence(_ lines: some Sequence<Substring>) -> String {
    lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      .joined(separator: "\n")
  }

  @Test func `every product has a catalogue, and every catalogue a product`() throws {
    let manifest = try String(
      contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
    let products = manifest.matches(of: /\.library\(\s*name: "(\w+)"/).map { String($0.1) }
    let catalogues = try Self.rooms().filter { room in
      FileManager.default.fileExists(
        atPath: Self.root.appending(path: "Sources/\(room)/\(room).docc/\(room).md").path)
    }
    #expect(products.count > 10 && Set(products) == catalogues)
  }

  @Test func `the code in the manual is code of tests and examples`() throws {
    let sources = try ["Tests", "Examples"].flatMap { folder in
      try Self.files(in: folder, withExtension: "swift").map { file in
        Self.essence(try String(contentsOf: file, encoding: .utf8).split(separator: "\n"))
      }
    }
    let pages = Self.files(in: "Sources", withExtension: "md")
    var count = 0
    for page in pages {
      let parts = try String(contentsOf: page, encoding: .utf8).split(separator: "```swift\n")
      for part in parts.dropFirst() {
        guard let end = part.range(of: "```") else { continue }
        let code = Self.essence(part[..<end.lowerBound].split(separator: "\n"))
        let isKnown = sources.contains { $0.contains(code) }
        #expect(isKnown, "\(page.lastPathComponent): \(code.prefix(60))")
        count += 1
      }
    }
    #expect(count > 20)
  }
}
