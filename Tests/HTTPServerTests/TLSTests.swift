import Foundation
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

  static func withCertificate(_ body: (Configuration.TLS) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let tls = Configuration.TLS(
      certificatePath: folder.appending(path: "c.pem").path,
      privateKeyPath: folder.appending(path: "k.pem").path)
    _ = try await blocking {
      try openssl([
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=localhost", "-keyout", tls.privateKeyPath, "-out", tls.certificatePath,
      ])
    }
    try await body(tls)
  }

  @Test func `pages and WebSockets are served over TLS, and old TLS is refused`() async throws {
    try await Self.withCertificate { tls in
      try await withServer(configuration: Configuration(tls: tls)) { port in
        let connect = ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", tls.certificatePath]
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

  @Test func `a certificate that is not there or not one is an error that names it`() async throws {
    try await Self.withCertificate { tls in
      let missing = Configuration.TLS(
        certificatePath: "/nowhere.pem", privateKeyPath: tls.privateKeyPath)
      await #expect(
        throws: HTTPServerError.certificateUnreadable(
          path: "/nowhere.pem", reason: "No such file or directory")
      ) { try await WebServer(configuration: .init(tls: missing), routes: .testing).start() }
      let wrong = Configuration.TLS(
        certificatePath: tls.privateKeyPath, privateKeyPath: tls.privateKeyPath)
      await #expect(throws: HTTPServerError.self) {
        try await WebServer(configuration: .init(tls: wrong), routes: .testing).start()
      }
    }
  }

  @Test func `a TLS handshake that fails or never ends is cut off and forgotten`() async throws {
    try await Self.withCertificate { tls in
      var limits = Limits()
      limits.headTimeout = .seconds(1)
      limits.connectionsPerAddress = 4
      try await withServer(configuration: Configuration(limits: limits, tls: tls)) { port in
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
