import Net
import Session
import Synchronization
import Testing
import Wire

@testable import WebRTC

@Suite(.timeLimit(.minutes(1)))
struct GatheringTests {
  @Test func `a restart gathers on the addresses that the machine has by then`() async throws {
    let connection = try await PeerConnection(configuration: .loopback)
    _ = try await connection.createDataChannel("any")
    func addresses() async throws -> Set<Substring> {
      try await connection.setLocalDescription()
      let sdp = try await connection.gatheredLocalDescription().sdp
      return Set(
        sdp.split(separator: "\r\n").filter { $0.contains(" udp ") }
          .map { $0.split(separator: " ")[4] })
    }
    try await connection.handle.perform { connection, _, _ throws(RTCError) in
      connection.findAddresses = { _ in [IPAddress(127, 0, 0, 1)] }
    }
    #expect(try await addresses() == ["127.0.0.1"])
    try await connection.handle.perform { connection, _, _ throws(RTCError) in
      connection.findAddresses = { _ in [IPAddress(127, 0, 0, 1), IPAddress(127, 0, 0, 2)] }
    }
    try await connection.setLocalDescription(.rollback)
    try await connection.restartICE()
    let after = try await addresses()
    #expect(after == ["127.0.0.1", "127.0.0.2"])
    await connection.close()
  }

  @Test(arguments: [IPAddress.Family.v4, .v6])
  func `one family of addresses alone is used where that is wished, of servers too`(
    family: IPAddress.Family
  ) async throws {
    var configuration = PeerConnection.Configuration.loopback
    configuration.addressFamilies = [family]
    #expect(Connection.usableAddresses(configuration).allSatisfy { $0.family == family })
    configuration.iceServers = ["127.0.0.1", "[::1]"].map {
      ICEServer(urls: ["turn:\($0):3478"], username: "a", credential: "b")
    }
    let found = await ParsedServer.resolve(try configuration.parsedServers(), in: [family])
    #expect(found.count == 1)
    #expect("\(found)".contains(family == .v4 ? "127.0.0.1" : "::1"), "\(found)")
  }

  /// RFC 8656 §7.2 lets a server answer 300; over a stream the new connection needs the framing of STUN as well.
  @Test func `a server over TCP may send us on to another address`() async throws {
    let engine = try RTCEngine()
    let first = try await TURNEntrance(on: engine.hub.loop, sendingOnTo: nil)
    let entrance = try await TURNEntrance(on: engine.hub.loop, sendingOnTo: first.address)
    var configuration = PeerConnection.Configuration.loopback
    configuration.iceServers = [
      ICEServer(
        urls: ["turn:127.0.0.1:\(entrance.address.port)?transport=tcp"], username: "a",
        credential: "b")
    ]
    let connection = try await PeerConnection(configuration: configuration, engine: engine)
    _ = try await connection.createDataChannel("any")
    try await connection.setLocalDescription()
    var arrived = first.arrived.makeAsyncIterator()
    let bytes = try #require(await arrived.next())
    // An Allocate request with the magic cookie, and no length before it.
    #expect(bytes.prefix(2) == [0, 3])
    #expect(bytes.dropFirst(4).prefix(4) == [0x21, 0x12, 0xa4, 0x42])
    await connection.close()
    await entrance.close()
    await first.close()
  }
}

/// A TCP port that sends every request on to another address, or tells what came.
actor TURNEntrance: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  nonisolated let arrived: AsyncStream<[UInt8]>
  private let feed: AsyncStream<[UInt8]>.Continuation
  private let listener: TCPListener
  private let other: TransportAddress?
  private var connections: [TCPConnection] = []

  init(on loop: EventLoop, sendingOnTo other: TransportAddress?) async throws {
    self.loop = loop
    self.other = other
    listener = try TCPListener(
      boundTo: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0))
    address = listener.localAddress
    (arrived, feed) = AsyncStream.makeStream()
    loop.add(self)
    try await begin()
  }

  private func begin() async throws {
    try loop.watch(listener.descriptor, handler: self)
  }

  func close() {
    for connection in connections { connection.close() }
    loop.remove(self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    if descriptor === listener.descriptor {
      listener.accept { connection in
        connections.append(connection)
        try? connection.attach(to: self)
      }
      return
    }
    guard let connection = connections.first(where: { $0.descriptor === descriptor }) else {
      return
    }
    var bytes: [UInt8] = []
    connection.handle(readiness) { part in
      for index in part.indices { bytes.append(part[index]) }
    }
    guard bytes.count >= 20 else { return }
    feed.yield(bytes)
    if let other { _ = connection.write(answer(to: bytes, other).span) }
  }

  private func answer(to request: [UInt8], _ other: TransportAddress) -> [UInt8] {
    let ip: [UInt8] = [127, 0, 0, 1].enumerated().map { UInt8($1) }
    let error: [UInt8] = [0, 9, 0, 4, 0, 0, 3, 0]
    let alternate: [UInt8] =
      [0x80, 0x23, 0, 8, 0, 1, UInt8(other.port >> 8), UInt8(other.port & 0xff)] + ip
    return [1, 0x13, 0, UInt8(error.count + alternate.count)] + request[4..<20] + error + alternate
  }

  func finishTurn(at now: Instant) -> NextTurn { NextTurn() }
}
