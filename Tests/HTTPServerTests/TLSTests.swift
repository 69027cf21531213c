import Cryptography
import Foundation
import Net
import Testing

@testable import HTTPServer

/// The client is the `openssl` command.
@Suite struct TLSTests {
  /// Runs `openssl`, writes `input` to it, and returns what it printed when that is enough or it ended.
  static func openssl(
    _ arguments: [String], input: [UInt8] = [], until isDone: (String) -> Bool = { _ in false }
  ) throws -> String {
    let process = Process()
    let (standardInput, output) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardInput = standardInput
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let writing = standardInput.fileHandleForWriting
    if input.isEmpty { try writing.close() } else { try writing.write(contentsOf: Data(input)) }
    var text = ""
    while !isDone(text) {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { break }
      text += String(decoding: data, as: UTF8.self)
    }
    // A child of a thread that blocks signals would not notice a gentler one.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return text
  }

  /// A certificate for localhost in files, and read.
  struct Certificate {
    let folder: URL
    var chainPath: String { folder.appending(path: "c.pem").path }
    var keyPath: String { folder.appending(path: "k.pem").path }
    func chain() throws -> String { try String(contentsOfFile: chainPath, encoding: .utf8) }
    func key() throws -> String { try String(contentsOfFile: keyPath, encoding: .utf8) }
    func write(_ issued: IssuedCertificate) throws {
      try pem("CERTIFICATE", issued.certificate).write(
        toFile: chainPath, atomically: true, encoding: .utf8)
      try pem("EC PRIVATE KEY", issued.key.der).write(
        toFile: keyPath, atomically: true, encoding: .utf8)
    }
    private func pem(_ label: String, _ der: [UInt8]) -> String {
      let text = Data(der).base64EncodedString(options: .lineLength64Characters)
      return "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
    }
    func store() throws -> CertificateStore {
      try CertificateStore(certificatesPEM: try chain(), privateKeyPEM: try key())
    }
  }

  static func withCertificate(
    name: String = "localhost", _ body: (Certificate) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let made = Certificate(folder: folder)
    _ = try await blocking {
      try openssl([
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=\(name)", "-keyout", made.keyPath, "-out", made.chainPath,
      ])
    }
    try await body(made)
  }

  /// What `openssl s_client` says of the server.
  static func look(_ port: UInt16, _ options: [String] = []) throws -> String {
    try openssl(["s_client", "-connect", "127.0.0.1:\(port)"] + options)
  }

  @Test func `pages and WebSockets are served over TLS, and old TLS is refused`() async throws {
    try await Self.withCertificate { certificate in
      try await withServer(configuration: Configuration(certificates: try certificate.store())) {
        port in
        let connect = [
          "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", certificate.chainPath,
        ]
        try await blocking {
          let request = "GET /app.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
          let page = try Self.openssl(
            connect + ["-quiet", "-verify_return_error"], input: Array(request.utf8),
            until: { $0.contains("const a") })
          #expect(page.contains("HTTP/1.1 200 OK"))
          let upgrade =
            "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
          let echo = try Self.openssl(
            connect + ["-quiet"], input: Array(upgrade.utf8) + RawClient.text("echoed"),
            until: { $0.contains("echoed") })
          #expect(echo.contains("101 Switching Protocols"))
          #expect(echo.contains("echoed"))
          let modern = try Self.openssl(connect + ["-alpn", "h2,http/1.1"])
          #expect(modern.contains("TLSv1.3"))
          #expect(modern.contains("ALPN protocol: http/1.1"))
          for old in [["-tls1"], ["-tls1_1"], ["-tls1_2", "-cipher", "AES128-SHA"]] {
            let refused = try Self.openssl(connect + old)
            #expect(refused.contains("Cipher is (NONE)") || refused.contains("no protocols"))
          }
        }
        try await blocking {
          let plain = try RawClient(port: port)
          try plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
          let answer = String(decoding: try plain.rest(), as: UTF8.self)
          #expect(!answer.contains("200 OK"))
        }
      }
    }
  }

  @Test func `connections live through a change of certificate, and new ones see the new one`()
    async throws
  {
    let ended = try IssuedCertificate.authority(named: "old", validity: 0...86_400)
    try await Self.withCertificate { old in
      try old.write(ended)
      try await Self.withCertificate(name: "new") { new in
        let store = try old.store()
        try await withServer(configuration: Configuration(certificates: store)) { port in
          let before = try await blocking { try Self.look(port) }
          #expect(before.contains("subject=CN = old"))
          #expect(before.contains("certificate has expired"))
          let client = try SecureWebSocket(port: port)
          defer { client.end() }
          try await blocking { try client.exchange("one") }

          try store.replace(certificatesPEM: new.chain(), privateKeyPEM: new.key())
          let after = try await blocking { try Self.look(port) }
          #expect(after.contains("subject=CN = new"))
          #expect(!after.contains("certificate has expired"))
          try await blocking { try client.exchange("two") }

          // What cannot be used changes nothing.
          #expect(throws: CertificateStore.Failure.mismatched) {
            try store.replace(certificatesPEM: old.chain(), privateKeyPEM: new.key())
          }
          #expect(throws: CertificateStore.Failure.noCertificate) {
            try store.replace(certificatesPEM: new.key(), privateKeyPEM: new.key())
          }
          #expect(throws: CertificateStore.Failure.noKey) {
            try store.replace(certificatesPEM: new.chain(), privateKeyPEM: "nothing")
          }
          #expect(try await blocking { try Self.look(port) }.contains("subject=CN = new"))
          try await blocking { try client.exchange("three") }
        }
      }
    }
  }

  @Test func `only suites that authenticate what they encrypt, and no renegotiation`() async throws
  {
    try await Self.withCertificate { certificate in
      let configuration = Configuration(certificates: try certificate.store())
      try await withServer(configuration: configuration) { port in
        try await blocking {
          let modern = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"]
          for suite in modern {
            let answer = try Self.look(port, ["-tls1_2", "-cipher", suite])
            #expect(answer.contains("Cipher is \(suite)"))
            #expect(answer.contains("Secure Renegotiation IS supported"))
          }
          let weak = [
            "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-CCM8",
            "ECDHE-ECDSA-CAMELLIA128-SHA256", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256",
          ]
          for suite in weak {
            let answer = try Self.look(port, ["-tls1_2", "-cipher", suite + ":@SECLEVEL=0"])
            #expect(answer.contains("Cipher is (NONE)"), "\(suite)")
          }
          for old in ["-tls1", "-tls1_1"] {
            let answer = try Self.look(port, [old, "-cipher", "ALL:@SECLEVEL=0"])
            #expect(answer.contains("Cipher is (NONE)"), "\(old)")
          }
          // A line with R asks for a renegotiation.
          let refused = try Self.openssl(
            ["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_2"], input: Array("R\n".utf8),
            until: { $0.contains("no renegotiation") || $0.contains("RENEGOTIATING\ndepth") })
          #expect(refused.contains("no renegotiation"))
        }
      }
    }
  }

  @Test func `an authority that asks by acme-tls is shown its certificate, others the usual one`()
    async throws
  {
    try await Self.withCertificate(name: "usual") { usual in
      try await Self.withCertificate(name: "challenge") { challenge in
        let store = try usual.store()
        try store.answerChallenge(
          for: "Meet.example", certificatesPEM: challenge.chain(), privateKeyPEM: challenge.key())
        try await withServer(configuration: Configuration(certificates: store)) { port in
          let ask = { @Sendable (options: [String]) in
            try await blocking { try Self.look(port, options) }
          }
          for version in ["-tls1_2", "-tls1_3"] {
            let name = ["-servername", "meet.example", version]
            let answer = try await ask(name + ["-alpn", "acme-tls/1"])
            #expect(answer.contains("subject=CN = challenge"))
            #expect(answer.contains("ALPN protocol: acme-tls/1"))
            let page = try await ask(name + ["-alpn", "acme-tls/1,http/1.1"])
            #expect(page.contains("subject=CN = usual"))
            #expect(page.contains("ALPN protocol: http/1.1"))
            #expect(try await ask(name).contains("No ALPN negotiated"))
            let other = ["-servername", "other.example", version]
            let refused = try await ask(other + ["-alpn", "acme-tls/1"])
            #expect(refused.contains("no peer certificate"))
            #expect(try await ask(other).contains("subject=CN = usual"))
          }
          store.endChallenge(for: "meet.example")
          let over = try await ask(["-servername", "meet.example", "-alpn", "acme-tls/1"])
          #expect(over.contains("no peer certificate"))
        }
      }
    }
  }

  @Test func `who speaks no TLS gets the plain answer and no WebSocket, at the same port`()
    async throws
  {
    try await Self.withCertificate { certificate in
      var routes = Routes.testing
      routes.streams = [
        StreamService(recognise: { _ in .no }, open: { _ in preconditionFailure("no stream") })
      ]
      routes.plainHandler = { .text("plain \($0.path) \($0.isSecure)") }
      let configuration = Configuration(certificates: try certificate.store())
      try await withServer(configuration: configuration, routes: routes) { port in
        try await blocking {
          let client = try RawClient(port: port)
          try client.send("GET /app.js HTTP/1.1\r\nHost: x\r\n\r\n")
          #expect(try client.response().text == "plain /app.js false")
          // The connection goes on, and stays what it is.
          #expect(try client.upgrade().text == "plain /echo false")
          let page = try Self.openssl(
            ["s_client", "-connect", "127.0.0.1:\(port)", "-quiet"],
            input: Array("GET /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
            until: { $0.contains("GET /api/x 0") })
          #expect(page.contains("GET /api/x 0"))
        }
      }
    }
  }

  @Test func `without a certificate handshakes are refused`() async throws {
    try await withServer(configuration: Configuration(certificates: CertificateStore())) { port in
      let answer = try await blocking { try Self.look(port) }
      #expect(answer.contains("no peer certificate"))
    }
  }

  @Test func `a TLS handshake that fails or never ends is cut off and forgotten`() async throws {
    try await Self.withCertificate { certificate in
      var limits = Limits()
      limits.headTimeout = .seconds(1)
      limits.connectionsPerAddress = 4
      let configuration = Configuration(limits: limits, certificates: try certificate.store())
      try await withServer(configuration: configuration) { port in
        try await blocking {
          let client = try RawClient(port: port)
          try client.send([0x16, 0x03, 0x01, 0x02])
          #expect(try client.isClosed())
          for _ in 0..<20 {
            let client = try RawClient(port: port)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.isClosed())
          }
        }
      }
    }
  }
}
