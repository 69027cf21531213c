import Cryptography
import Foundation
import Net
import TURN
import Wire

/// Debian's `turnserver` on loopback, with a certificate of its own.
final class Coturn: Sendable {
  static let loopback = IPAddress(127, 0, 0, 1)
  static let credentials = TURNClient.Credentials(username: "alice", password: "wonder land")

  let address: TransportAddress
  let secureAddress: TransportAddress
  /// SHA-256 of the certificate.
  let certificateDigest: [UInt8]
  private let folder: URL
  private let processID: Int32

  /// Starts a server at one of the machine's addresses for itself, whose nonces are good for a second. It answers a
  /// moment later.
  init(at ip: IPAddress = loopback) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "turn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let certificate = folder.appending(path: "cert.pem").path
    let key = folder.appending(path: "key.pem").path
    try Self.run(
      "openssl",
      ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=relay", "-newkey", "rsa:2048"]
        + ["-keyout", key, "-out", certificate])
    let der = folder.appending(path: "cert.der")
    try Self.run("openssl", ["x509", "-in", certificate, "-outform", "der", "-out", der.path])
    certificateDigest = MessageDigest.sha256.hash(Array(try Data(contentsOf: der)).span)
    address = try Self.freeAddress(ip)
    secureAddress = try Self.freeAddress(ip)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/turnserver")
    process.arguments = [
      "-n", "--listening-ip", "\(ip)", "--relay-ip", "\(ip)",
      "--listening-port", "\(address.port)", "--tls-listening-port", "\(secureAddress.port)",
      "--lt-cred-mech", "--user", "alice:wonder land", "--realm", "example.org",
      "--allow-loopback-peers", "--no-cli", "--no-dtls", "--stale-nonce=1", "--cert", certificate,
      "--pkey", key, "--pidfile", folder.appending(path: "pid").path, "--simple-log",
      "--log-file", folder.appending(path: "log").path, "--db", folder.appending(path: "db").path,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    processID = process.processIdentifier
  }

  deinit {
    kill(processID, SIGKILL)
    try? FileManager.default.removeItem(at: folder)
  }

  private static func freeAddress(_ ip: IPAddress) throws -> TransportAddress {
    try TCPListener(boundTo: TransportAddress(ip: ip, port: 0)).localAddress
  }

  static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/\(program)")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  }
}
