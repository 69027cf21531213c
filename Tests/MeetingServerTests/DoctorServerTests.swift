import Cryptography
import Foundation
import HTTPMessages
import Net
import Signaling
import Testing
import Wire

@testable import MeetingServer

private let day: Int64 = 86_400

/// A server with real media on free ports of this machine, for as long as `body` runs.
private func withServer(
  _ adjust: (inout ServerConfiguration) -> Void = { _ in },
  _ body: (UInt16) async throws -> Void
) async throws {
  var configuration = ServerConfiguration()
  configuration.port = 0
  configuration.udpHost = IPAddress(127, 0, 0, 1)
  configuration.udpPort = 0
  configuration.workers = 1
  adjust(&configuration)
  let server = try await Server(configuration)
  do {
    try await server.start()
    try await body(server.port ?? 0)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

/// A certificate for this machine in the files of `configuration`, and its authority in PEM.
private func certify(
  _ configuration: inout ServerConfiguration, in folder: URL, for subject: String,
  validity: ClosedRange<Int64>
) throws -> String {
  let authority = try IssuedCertificate.authority(named: "A", validity: 0...40_000 * day)
  let made = try authority.issue(
    for: [try #require(CertificateSubject(subject))], validity: validity)
  let (chain, key) = (folder.appending(path: "c.pem"), folder.appending(path: "k.pem"))
  try Data(PEM.text(PEM.certificate, made.certificate).utf8).write(to: chain)
  try Data(PEM.text(PEM.privateKey, made.key.der).utf8).write(to: key)
  configuration.tls = .init(certificate: chain.path, key: key.path)
  return PEM.text(PEM.certificate, authority.certificate)
}

private func doctor(
  _ port: UInt16, _ scheme: String, trust: TLSContext.Trust = .system,
  wayPatience: Wire.Duration = .seconds(60)
) throws -> Doctor {
  // Long enough to show that both directions pass, whatever else the machine does.
  var throughput = ThroughputTest()
  throughput.duration = .seconds(60)
  throughput.byteLimit = 1 << 20
  throughput.patience = .seconds(60)
  return Doctor(
    try #require(DoctorTarget("\(scheme)://127.0.0.1:\(port)")), trust: trust,
    throughput: throughput,
    patience: .init(web: .seconds(60), way: wayPatience, family: .seconds(2)))
}

/// Whether this machine has IPv6 for itself.
private var hasIPv6: Bool {
  IPAddress("::1").map {
    (try? UDPSocket(boundTo: TransportAddress(ip: $0, port: 0))) != nil
  } ?? false
}

private func page(_ host: String, _ port: UInt16) -> HTTPTarget {
  HTTPTarget(
    isSecure: true, host: host, port: port, authority: "\(host):\(port)", path: "/test/facts")
}

@Suite(.timeLimit(.minutes(5)))
struct DoctorServerTests {
  @Test func `every way to a server that works is found open, and measured`() async throws {
    try await withFolder { folder in
      let now = LocalCertificates.now()
      var configuration = ServerConfiguration()
      let pem = try certify(
        &configuration, in: folder, for: "127.0.0.1", validity: now - day...now + 30 * day + 600)
      let tls = configuration.tls
      try await withServer({ given in
        given.tls = tls
        given.relay.port = 0
      }) { port in
        let steps = Notes()
        let findings = try await doctor(port, "https", trust: .authorities(pem: pem)).findings {
          steps.add($0)
        }
        // How fast a busy machine is says nothing of the doctor.
        let measured = findings.suffix(2)
        #expect(findings.dropLast(2).allSatisfy { $0.level == .good }, "\(findings)")
        #expect(measured.allSatisfy { $0.level != .none }, "\(findings)")
        #expect(
          findings.map(\.id) == [
            "web", "certificate", "clock", "websocket", "udp", "tcp", "turn-udp", "turn-tcp",
            "turn-tls",
            "bandwidth", "delay",
          ])
        #expect(findings[1].sentence.hasSuffix("expires in 30 days."))
        #expect(findings[5].sentence.hasPrefix("TCP port \(port) of 127.0.0.1 is open for media"))
        #expect(
          steps.take() == [
            "the name 127.0.0.1", "TCP port \(port) of 127.0.0.1", "a WebSocket", "UDP",
            "how much UDP carries",
            "TCP", "the relay over UDP", "the relay over TCP", "the relay over TLS",
          ])
      }
    }
  }

  @Test func `a server whose certificate nobody vouches for is examined all the same`() async throws
  {
    try await withFolder { folder in
      let now = LocalCertificates.now()
      var configuration = ServerConfiguration()
      _ = try certify(
        &configuration, in: folder, for: "127.0.0.1", validity: now - day...now + 30 * day)
      let tls = configuration.tls
      try await withServer({ given in
        given.tls = tls
        given.relay.port = 0
      }) { port in
        let doctor = try doctor(port, "https")
        let findings = await doctor.findings()
        #expect(
          findings.map(\.id) == [
            "web", "certificate", "trust", "clock", "websocket", "udp", "tcp", "turn-udp",
            "turn-tcp", "turn-tls", "bandwidth", "delay",
          ])
        #expect(findings[1].level == .bad)
        #expect(findings[1].sentence.contains("no authority that browsers know has signed it"))
        let rest = findings[3..<10]
        #expect(rest.allSatisfy { $0.level == .good }, "\(findings)")
        #expect(doctor.json(findings).contains(#""isTrusted" : false"#))
      }
    }
  }

  @Test func `the authority of a demonstration is named, and believed where it is given`()
    async throws
  {
    try await withFolder { folder in
      try await withServer({ given in
        given.hasLocalAuthority = true
        given.dataDirectory = folder.path
      }) { port in
        let distrusting = await (try doctor(port, "https")).findings()
        let fault = try #require(distrusting.first { $0.id == "certificate" })
        #expect(fault.level == .bad)
        #expect(fault.sentence.contains("https://127.0.0.1:\(port)/ca.crt"), "\(fault)")
        #expect(distrusting.contains { $0.id == "udp" && $0.level == .good })

        // Who forgets the scheme is told where to look.
        let plain = await (try doctor(port, "http")).findings()
        #expect(plain.count == 1 && plain[0].level == .bad)
        #expect(plain[0].sentence.contains("leads to https://127.0.0.1:\(port)/: examine that"))

        let file = folder.appending(path: "local-authority/ca.crt").path
        let target = try #require(DoctorTarget("https://127.0.0.1:\(port)"))
        let doctor = try Doctor(target, authorityFile: file)
        let findings = await doctor.findings()
        #expect(!findings.contains { $0.id == "trust" })
        #expect(findings.contains { $0.id == "certificate" && $0.level == .good }, "\(findings)")
        #expect(doctor.json(findings).contains(#""isTrusted" : true"#))
      }
    }
  }

  @Test func `a file that holds no authority is refused, and why`() async throws {
    try await withFolder { folder in
      let target = try #require(DoctorTarget("meet.example"))
      let file = folder.appending(path: "ca.crt")
      #expect(throws: SettingError.self) { try Doctor(target, authorityFile: file.path) }
      try Data("nothing".utf8).write(to: file)
      let error = #expect(throws: SettingError.self) {
        try Doctor(target, authorityFile: file.path)
      }
      let said = error?.description ?? ""
      #expect(said.hasSuffix("cannot be used: it holds no certificate in PEM"), "\(said)")
    }
  }

  @Test func `where as many measure as may, the way is open and not measured`() async throws {
    var media = MediaConfiguration(host: IPAddress(127, 0, 0, 1), port: 0)
    media.measurements = MeasurementPlaces(most: 0)
    let plane = try await WorkerMediaPlane(media)
    var configuration = ServerConfiguration()
    configuration.port = 0
    let server = try Server(configuration, plane: plane, stopPlane: { await plane.stop() })
    var findings: [DoctorFinding] = []
    do {
      try await server.start()
      findings = await (try doctor(server.port ?? 0, "http")).findings()
    } catch {
      Issue.record(error)
    }
    await server.stop()
    #expect(findings.contains { $0.id == "udp" && $0.level == .good }, "\(findings)")
    let bandwidth = try #require(findings.first { $0.id == "bandwidth" })
    #expect(bandwidth.sentence.contains("others measure theirs at the moment"), "\(bandwidth)")
    #expect(findings.contains { $0.id == "delay" })
  }

  @Test func `UDP is tested where there is no relay, too`() async throws {
    try await withServer({ $0.relay.peers = .nobody }) { port in
      let findings = try await doctor(port, "http").findings()
      let levels = Dictionary(findings.map { ($0.id, $0.level) }) { first, _ in first }
      #expect(levels["udp"] == .good && levels["tcp"] == .good)
      #expect(levels["turn-udp"] == DoctorFinding.Level.none)
    }
  }

  @Test func `a UDP port where nobody answers is found closed, the ways around it open`()
    async throws
  {
    let silent = try UDPSocket(boundTo: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0))
    let dead = silent.localAddress
    try await withServer({ $0.advertised = [dead] }) { port in
      let findings = try await doctor(port, "http", wayPatience: .seconds(1)).findings()
      let udp = try #require(findings.first { $0.id == "udp" })
      #expect(udp.level == .bad)
      #expect(udp.sentence == "UDP port \(dead.port) of 127.0.0.1 is closed from here.")
      #expect(udp.rules.first?.text == "sudo ufw allow \(dead.port)/udp")
    }
  }

  @Test(.enabled(if: hasIPv6)) func `UDP that is closed over IPv6 alone is told beside IPv4`()
    async throws
  {
    let here = TransportAddress(ip: try #require(IPAddress("::1")), port: 0)
    let dead = try UDPSocket(boundTo: here)
    try await withServer({ given in
      given.advertised = [.init(ip: IPAddress(127, 0, 0, 1), port: 0), dead.localAddress]
      given.relay.peers = .nobody
    }) { port in
      let findings = try await doctor(port, "http").findings()
      let about = findings.filter { $0.id.hasPrefix("udp") }
      #expect(about.map(\.id) == ["udp", "udp-ipv6"], "\(findings)")
      #expect(about.map(\.level) == [.good, .warning])
      #expect(
        about.last?.sentence.contains("of ::1 is closed over IPv6 and open over IPv4") == true,
        "\(about)")
    }
  }

  @Test(.enabled(if: hasIPv6)) func `a relay is tried over each family by itself`() async throws {
    let here = TransportAddress(ip: try #require(IPAddress("::1")), port: 0)
    let dead = try UDPSocket(boundTo: here)
    try await withServer({ $0.relay.port = 0 }) { port in
      let doctor = try doctor(port, "http")
      let address = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: port)
      let outcome = await HTTPClient.send(
        HTTPClient.Request(target: doctor.target.page("/test/facts")), to: address)
      guard case .answered(let answer, _) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      var facts = try JSONDecoder().decode(TestRoute.Facts.self, from: Data(answer.body))
      facts.iceServers[0].urls.append("turn:[::1]:\(dead.localAddress.port)?transport=udp")
      var test = WayTest(
        target: doctor.target.page("/sdp"), address: address, trust: .system,
        iceServers: facts.iceServers, patience: .seconds(60))
      var examination = Examination(target: doctor.target, web: .works)
      examination.ways = [await test.run(.relayUDP, over: .v4)]
      #expect(examination.ways[0].isOpen, "\(examination.ways)")
      test.patience = .seconds(1)
      #expect(await test.run(.relayUDP, over: .v6).state == .closed)
      // How long the open one takes is the machine's affair.
      let trials = await doctor.trials(test, examination) { _ in }
      #expect(trials.map(\.way) == [.relayUDP, .relayUDP])
      #expect(trials.map(\.family) == [.v4, .v6])
      #expect(trials.last?.outcome == .closed)
    }
  }

  @Test func `certificates that are refused are told apart`() async throws {
    try await withFolder { folder in
      let now = LocalCertificates.now()
      var configuration = ServerConfiguration()
      let pem = try certify(
        &configuration, in: folder, for: "meet.test", validity: now - 2 * day...now - day)
      let expired = configuration.tls
      let fresh = folder.appending(path: "fresh")
      try FileManager.default.createDirectory(at: fresh, withIntermediateDirectories: true)
      let freshPEM = try certify(
        &configuration, in: fresh, for: "meet.test", validity: now - day...now + day)
      let good = configuration.tls
      func fault(
        _ host: String, _ tls: ServerConfiguration.TLS?, _ trust: TLSContext.Trust
      ) async throws -> CertificateFault? {
        var found: CertificateFault?
        try await withServer({ $0.tls = tls }) { port in
          let request = HTTPClient.Request(target: page(host, port), trust: trust)
          let address = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: port)
          let outcome = await HTTPClient.send(request, to: address)
          if case .distrusted(let fault, _) = outcome { found = fault }
        }
        return found
      }
      #expect(try await fault("meet.test", expired, .authorities(pem: pem)) == .expired)
      #expect(try await fault("other.test", good, .authorities(pem: freshPEM)) == .wrongName)
      #expect(try await fault("meet.test", good, .authorities(pem: pem)) == .unknownAuthority)
      #expect(try await fault("meet.test", good, .authorities(pem: freshPEM)) == nil)
    }
  }

  @Test func `a port that speaks no TLS is open and silent, one that nobody has is closed`()
    async throws
  {
    try await withServer { port in
      let address = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: port)
      let outcome = await HTTPClient.send(
        HTTPClient.Request(target: page("127.0.0.1", port)), to: address)
      guard case .silent = outcome else {
        Issue.record("\(outcome)")
        return
      }
    }
    let target = page("127.0.0.1", 1)
    let outcome = await HTTPClient.send(
      HTTPClient.Request(target: target),
      to: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 1))
    guard case .unreachable(let obstacle) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(!obstacle.isOurs)
  }
}
