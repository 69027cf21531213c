import Cryptography
import Foundation
import Synchronization

/// The `openssl` command as the other side.
final class OpenSSLProgram {
  /// A self-signed certificate in files of a temporary folder.
  struct Credentials {
    let folder: URL
    let fingerprint: CertificateFingerprint
    var arguments: [String] {
      [
        "-cert", folder.appending(path: "cert.pem").path, "-key",
        folder.appending(path: "key.pem").path,
      ]
    }

    struct Failed: Error {}

    /// `key` is what `openssl req` takes after `-newkey`.
    init(key: [String]) throws {
      folder = FileManager.default.temporaryDirectory.appending(path: "dtls-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let (cert, keyFile) = (
        folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path
      )
      _ = try OpenSSLProgram.run(
        ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=peer", "-newkey"] + key
          + ["-keyout", keyFile, "-out", cert])
      let text = try OpenSSLProgram.run(
        ["x509", "-in", cert, "-noout", "-fingerprint", "-sha256"])
      guard let digits = text.split(separator: "=").last,
        let fingerprint = CertificateFingerprint(
          "sha-256 " + digits.trimmingCharacters(in: .whitespacesAndNewlines))
      else { throw Failed() }
      self.fingerprint = fingerprint
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
  }

  private static let path = "/usr/bin/openssl"

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let transcript = Transcript()

  private final class Transcript: Sendable {
    let text = Mutex("")
  }

  /// What the program has printed so far.
  var printed: String { transcript.text.withLock { $0 } }

  init(_ arguments: [String]) throws {
    process.executableURL = URL(filePath: Self.path)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    output.fileHandleForReading.readabilityHandler = { [transcript] handle in
      let more = String(decoding: handle.availableData, as: UTF8.self)
      transcript.text.withLock { $0 += more }
    }
    try process.run()
  }

  deinit { stop() }

  func write(_ line: String) {
    try? input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
  }

  func stop() {
    output.fileHandleForReading.readabilityHandler = nil
    guard process.isRunning else { return }
    // The child inherits a mask that blocks the gentler signals.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Runs to the end and returns what was printed.
  static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
