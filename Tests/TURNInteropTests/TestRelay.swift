import Foundation
import Net
import Relay
import TURN
import Wire

/// Our TURN server on loopback, in both families and by every transport, with peers that send back what they get.
struct TestRelay {
  static let v6 = IPAddress(v6High: 0, low: 1)

  let server: RelayServer
  private let loop: EventLoop
  private let peers: [IPAddress.Family: EchoPeer]

  init(_ adjust: (inout RelayServer.Configuration) -> Void = { _ in }) async throws {
    loop = try EventLoop(name: "peers")
    peers = [
      .v4: try EchoPeer(on: loop, at: Coturn.loopback), .v6: try EchoPeer(on: loop, at: Self.v6),
    ]
    var configuration = RelayServer.Configuration()
    let free = [Coturn.loopback, Self.v6].map { TransportAddress(ip: $0, port: 0) }
    configuration.udp = free
    configuration.tcp = free
    configuration.tls = free
    configuration.certificates = try Self.certificates()
    configuration.relayHosts = [Coturn.loopback, Self.v6]
    configuration.turn.authority.users = ["alice": "secret"]
    configuration.turn.authority.secrets = [TURNSharedSecret("between us")]
    configuration.turn.peers = TURNPeerPolicy(
      others: .nobody,
      allowed: [Coturn.loopback, Self.v6].map { TransportAddress(ip: $0, port: 0) })
    configuration.turn.maximumAllocationsPerUser = 10
    configuration.turn.relaysToOwnRelays = true
    adjust(&configuration)
    server = try RelayServer(configuration)
    try await server.start()
  }

  func stop() async {
    await server.stop()
    loop.stop()
  }

  func peer(_ family: IPAddress.Family) -> TransportAddress? { peers[family]?.address }

  func address(_ transport: Path.Transport, _ family: IPAddress.Family) -> TransportAddress? {
    let all =
      switch transport {
      case .udp: server.addresses
      case .tcp: server.tcpAddresses
      case .tls: server.tlsAddresses
      }
    return all.first { $0.ip.family == family }
  }

  private static func certificates() throws -> CertificateStore {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "relay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (key, certificate) = (folder.appending(path: "key.pem"), folder.appending(path: "c.pem"))
    try Coturn.run(
      "openssl",
      ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=relay", "-newkey", "ec"]
        + ["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key.path, "-out", certificate.path])
    return try CertificateStore(
      certificatesPEM: try String(contentsOf: certificate, encoding: .utf8),
      privateKeyPEM: try String(contentsOf: key, encoding: .utf8))
  }
}

/// What a program printed.
func output(of program: String, _ arguments: [String]) async throws -> String {
  let process = Process()
  let output = Pipe()
  process.executableURL = URL(filePath: "/usr/bin/\(program)")
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = output
  process.standardError = output
  try process.run()
  // Read while it runs: who prints more than a pipe holds would never end.
  return await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      let data = output.fileHandleForReading.readDataToEndOfFile()
      continuation.resume(returning: String(decoding: data, as: UTF8.self))
    }
  }
}
