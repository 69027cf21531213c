import Cryptography
import DTLS
import Foundation
import Testing
import Wire

/// Against the `openssl` command over real sockets, in real time.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct OpenSSLInterop {
  /// An engine on a socket.
  private final class Endpoint {
    let engine: DTLSEngine
    var events: [DTLSEngine.Event] = []
    var sentSizes: [Int] = []
    private(set) var peer: UInt16
    private let socket: LoopbackSocket
    private let outbox = Outbox()
    private let start = ContinuousClock.now
    private var isStarted = false

    var port: UInt16 { socket.port }

    init(_ engine: DTLSEngine, peer: UInt16 = 0) throws {
      self.engine = engine
      self.peer = peer
      socket = try LoopbackSocket()
    }

    private var path: Path {
      let loopback = IPAddress(127, 0, 0, 1)
      return Path(
        local: TransportAddress(ip: loopback, port: port),
        remote: TransportAddress(ip: loopback, port: peer))
    }

    private var now: Instant {
      let (seconds, attoseconds) = (ContinuousClock.now - start).components
      return .zero + .seconds(seconds) + Duration(nanoseconds: attoseconds / 1_000_000_000)
    }

    func call(_ body: (DTLSEngine, Outbox, inout [DTLSEngine.Event]) -> Void) {
      body(engine, outbox, &events)
      for datagram in outbox.datagrams {
        sentSizes.append(datagram.count)
        socket.send(outbox.bytes(of: datagram), to: peer)
      }
      outbox.removeAll()
    }

    /// Runs until `done`, for at most `seconds`.
    func run(seconds: Int64 = 45, until done: (Endpoint) -> Bool) {
      let end = now + .seconds(seconds)
      if engine.role == .client, !isStarted {
        isStarted = true
        call { $0.start(on: path, at: now, into: $1, events: &$2) }
      }
      while !done(self), now < end {
        if let (bytes, port) = socket.receive() {
          peer = port
          call { $0.receive(bytes.span, on: path, at: now, into: $1, events: &$2) }
        }
        if let deadline = engine.deadline, deadline <= now {
          call { $0.advance(to: now, into: $1, events: &$2) }
        }
      }
    }

    func send(_ text: String) {
      let bytes = Array(text.utf8)
      call { engine, outbox, _ in try? engine.send(bytes.span, into: outbox) }
    }

    var keys: SRTPKeyingMaterial? {
      for case .connected(let keys) in events { return keys }
      return nil
    }

    var text: String {
      events.reduce(into: "") { text, event in
        if case .applicationData(let bytes) = event {
          text += String(decoding: bytes, as: UTF8.self)
        }
      }
    }
  }

  private static let p256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
  private static let keyKinds: [[String]] = [
    p256, ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:2048"],
  ]

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { (($0 < 16) ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
  }

  /// What `-keymatexport` prints for these keys, from the client's side of them.
  private static func exported(client: SRTPKeyingMaterial) -> String {
    hexadecimal(client.localKey + client.remoteKey + client.localSalt + client.remoteSalt)
  }

  private static func exportArguments(_ profile: SRTPProtectionProfile, _ name: String) -> [String]
  {
    let count = 2 * (profile.masterKeyByteCount + profile.masterSaltByteCount)
    return [
      "-use_srtp", name, "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "\(count)",
    ]
  }

  private static let profiles: [(SRTPProtectionProfile, String)] = [
    (.aeadAES256GCM, "SRTP_AEAD_AES_256_GCM"), (.aeadAES128GCM, "SRTP_AEAD_AES_128_GCM"),
    (.aesCM128HMACSHA1Tag80, "SRTP_AES128_CM_SHA1_80"),
  ]

  private func engine(
    _ role: DTLSEngine.Role, expecting fingerprint: CertificateFingerprint, limit: Int = 1200
  ) throws -> DTLSEngine {
    try DTLSEngine(
      context: try Contexts.shared(0), role: role, expectedFingerprints: [fingerprint],
      maximumDatagramSize: limit)
  }

  /// `s_server` on a free port, once it listens.
  private func startServer(_ arguments: [String]) throws -> (OpenSSLProgram, UInt16) {
    let port = try LoopbackSocket().port
    let program = try OpenSSLProgram(
      ["s_server", "-dtls1_2", "-accept", "127.0.0.1:\(port)", "-Verify", "1"] + arguments)
    for _ in 0..<500 where !program.printed.contains("ACCEPT") {
      Thread.sleep(forTimeInterval: 0.01)
    }
    return (program, port)
  }

  @Test(arguments: 0..<3, 0..<3)
  func `connects to s_server`(profileIndex: Int, keyIndex: Int) throws {
    let (profile, name) = Self.profiles[profileIndex]
    let credentials = try OpenSSLProgram.Credentials(key: Self.keyKinds[keyIndex])
    defer { credentials.remove() }
    let (program, port) = try startServer(
      credentials.arguments + Self.exportArguments(profile, name))
    defer { program.stop() }
    let client = try Endpoint(
      engine(.client, expecting: credentials.fingerprint), peer: port)
    client.run { $0.keys != nil }
    let keys = try #require(client.keys)
    #expect(keys.profile == profile)
    client.send("from the engine\n")
    program.write("from the program\n")
    client.run {
      $0.text.contains("from the program") && program.printed.contains("from the engine")
    }
    #expect(program.printed.contains("from the engine"))
    #expect(program.printed.contains(Self.exported(client: keys)))
    client.call { engine, outbox, _ in engine.close(into: outbox) }
  }

  @Test func `connects to a server that asks for a cookie`() throws {
    let credentials = try OpenSSLProgram.Credentials(key: Self.p256)
    defer { credentials.remove() }
    let (program, port) = try startServer(
      credentials.arguments + ["-listen", "-use_srtp", "SRTP_AEAD_AES_128_GCM"])
    defer { program.stop() }
    let client = try Endpoint(engine(.client, expecting: credentials.fingerprint), peer: port)
    client.run { $0.keys != nil }
    #expect(client.keys?.profile == .aeadAES128GCM)
    #expect(client.sentSizes.count >= 3)
  }

  @Test(arguments: 0..<3, 0..<3)
  func `serves s_client`(profileIndex: Int, keyIndex: Int) throws {
    let (profile, name) = Self.profiles[profileIndex]
    let credentials = try OpenSSLProgram.Credentials(key: Self.keyKinds[keyIndex])
    defer { credentials.remove() }
    let server = try Endpoint(engine(.server, expecting: credentials.fingerprint))
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(server.port)"] + credentials.arguments
        + Self.exportArguments(profile, name))
    defer { program.stop() }
    server.run { $0.keys != nil }
    let keys = try #require(server.keys)
    #expect(keys.profile == profile)
    program.write("from the program\n")
    server.run { $0.text.contains("from the program") }
    server.send("from the engine\n")
    server.run { _ in program.printed.contains("from the engine") }
    #expect(server.text.contains("from the program"))
    #expect(program.printed.contains("from the engine"))
    let mirrored = SRTPKeyingMaterial(
      profile: keys.profile, localKey: keys.remoteKey, localSalt: keys.remoteSalt,
      remoteKey: keys.localKey, remoteSalt: keys.localSalt)
    #expect(program.printed.contains(Self.exported(client: mirrored)))
    #expect(program.printed.contains("Extended master secret: yes"))
  }

  @Test func `serves a ClientHello in several datagrams`() throws {
    let credentials = try OpenSSLProgram.Credentials(key: Self.p256)
    defer { credentials.remove() }
    let server = try Endpoint(engine(.server, expecting: credentials.fingerprint, limit: 300))
    let protocols = (0..<100).map { "protocol-\($0)" }.joined(separator: ",")
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(server.port)", "-mtu", "300"]
        + ["-alpn", protocols, "-use_srtp", "SRTP_AES128_CM_SHA1_80"] + credentials.arguments)
    defer { program.stop() }
    server.run { $0.keys != nil }
    #expect(server.keys?.profile == .aesCM128HMACSHA1Tag80)
    #expect(server.sentSizes.allSatisfy { $0 <= 300 })
  }

  @Test func `refuses a client without a certificate`() throws {
    let server = try Endpoint(engine(.server, expecting: Contexts.shared(1).identity.fingerprint))
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(server.port)"])
    defer { program.stop() }
    server.run { !$0.events.isEmpty }
    #expect(server.events == [.failed(.certificateMissing)])
  }

  @Test func `refuses a client with another certificate`() throws {
    let credentials = try OpenSSLProgram.Credentials(key: Self.p256)
    defer { credentials.remove() }
    let server = try Endpoint(engine(.server, expecting: Contexts.shared(1).identity.fingerprint))
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(server.port)"] + credentials.arguments)
    defer { program.stop() }
    server.run { !$0.events.isEmpty }
    #expect(server.events == [.failed(.fingerprintMismatch)])
  }

  @Test func `refuses a weak key`() throws {
    let credentials = try OpenSSLProgram.Credentials(key: ["rsa:1024"])
    defer { credentials.remove() }
    let server = try Endpoint(engine(.server, expecting: credentials.fingerprint))
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(server.port)"]
        + ["-cipher", "DEFAULT@SECLEVEL=0"] + credentials.arguments)
    defer { program.stop() }
    server.run { !$0.events.isEmpty }
    #expect(server.events == [.failed(.keyTooWeak)])
  }

  @Test(arguments: [
    ["-cipher", "AES128-SHA"], ["-cipher", "ECDHE-ECDSA-AES128-SHA"], ["-curves", "P-521"],
  ])
  func `refuses a client with old or foreign parameters`(arguments: [String]) throws {
    let credentials = try OpenSSLProgram.Credentials(key: Self.p256)
    defer { credentials.remove() }
    let server = try Endpoint(engine(.server, expecting: credentials.fingerprint))
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(server.port)"] + arguments
        + credentials.arguments)
    defer { program.stop() }
    server.run { !$0.events.isEmpty }
    guard case .failed(.handshakeFailed(let reason)) = server.events.first else {
      Issue.record("\(server.events)")
      return
    }
    #expect(reason == "no shared cipher")
  }

  @Test func `refuses DTLS 1_0`() throws {
    let credentials = try OpenSSLProgram.Credentials(key: Self.p256)
    defer { credentials.remove() }
    let server = try Endpoint(engine(.server, expecting: credentials.fingerprint))
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1", "-connect", "127.0.0.1:\(server.port)"]
        + ["-cipher", "DEFAULT@SECLEVEL=0"] + credentials.arguments)
    defer { program.stop() }
    server.run { !$0.events.isEmpty }
    #expect(server.events.count == 1 && server.keys == nil)
  }

  @Test func `a renegotiation is refused`() throws {
    let credentials = try OpenSSLProgram.Credentials(key: Self.p256)
    defer { credentials.remove() }
    let server = try Endpoint(engine(.server, expecting: credentials.fingerprint))
    let program = try OpenSSLProgram(
      ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(server.port)"]
        + ["-use_srtp", "SRTP_AEAD_AES_128_GCM"] + credentials.arguments)
    defer { program.stop() }
    server.run { $0.keys != nil }
    program.write("R\n")
    server.run {
      $0.events.count > 1 && program.printed.contains("no renegotiation")
    }
    // The program takes the refusal for the end.
    #expect(program.printed.contains("no renegotiation"))
    #expect(server.events.last == .failed(.alertReceived(40)))
    #expect(server.events.count { if case .connected = $0 { true } else { false } } == 1)
  }

  @Test func `openssl reads our certificate`() throws {
    let identity = try Contexts.shared(0).identity
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).der")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(identity.certificateDER).write(to: file)
    let text = try OpenSSLProgram.run(
      ["x509", "-inform", "DER", "-in", file.path, "-noout", "-sha256"]
        + ["-fingerprint", "-subject", "-dates", "-text"])
    #expect(text.contains(identity.fingerprint.description.dropFirst("sha-256 ".count)))
    #expect(text.contains("CN = WebRTC"))
    #expect(text.contains("notBefore=Jan  1 00:00:00 2000 GMT"))
    #expect(text.contains("notAfter=Dec 31 23:59:59 9999 GMT"))
    #expect(text.contains("ASN1 OID: prime256v1"))
    #expect(text.contains("ecdsa-with-SHA256"))
  }
}
