import Foundation
import Testing

/// A WebSocket to `/echo` that the `openssl` command encrypts.
final class SecureWebSocket: Sendable {
  private let process: Process
  private let input: FileHandle
  private let output: FileHandle

  init(port: UInt16) throws {
    let (input, output) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = ["s_client", "-quiet", "-connect", "127.0.0.1:\(port)"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    self.input = input.fileHandleForWriting
    self.output = output.fileHandleForReading
    try process.run()
    let upgrade =
      "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    try self.input.write(contentsOf: Data(upgrade.utf8))
  }

  /// Sends a text and waits for its echo.
  func exchange(_ text: String) throws {
    try input.write(contentsOf: Data(RawClient.text(text)))
    var received = ""
    while !received.contains(text) {
      let data = output.availableData
      try #require(!data.isEmpty, "the connection ended")
      received += String(decoding: data, as: UTF8.self)
    }
  }

  func end() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
