import Synchronization
import Testing
import Wire

@testable import MeetingServer

/// What a watch sees of the world, and what it said of it.
private final class World: Sendable {
  struct State {
    var now = Instant.zero
    var own = [IPAddress(10, 0, 0, 2)]
    var lines: [String] = []
    var followed: [MediaAddresses] = []
    /// Where names lead; no DNS at all where it is nil.
    var names: [String: [IPAddress]]? = [:]
    var questions: [String] = []
  }

  let state = Mutex(State())

  func set(second: Int64, own: [IPAddress]? = nil) {
    state.withLock {
      $0.now = .zero + .seconds(second)
      if let own { $0.own = own }
    }
  }

  func set(names: [String: [IPAddress]]?) { state.withLock { $0.names = names } }

  func lookUp(_ name: String) -> [IPAddress] {
    state.withLock { state in
      state.questions.append(name)
      return state.names?[name] ?? []
    }
  }

  func look(_ watch: AddressWatch) async {
    await watch.look { addresses in self.state.withLock { $0.followed.append(addresses) } }
  }

  var lines: [String] { state.withLock { $0.lines } }
  var followed: [MediaAddresses] { state.withLock { $0.followed } }
  var questions: [String] { state.withLock { $0.questions } }
}

@Suite struct AddressWatchTests {
  private let local = IPAddress(127, 0, 0, 1)
  private let new = IPAddress(10, 0, 0, 3)
  private let there = IPAddress(5, 9, 0, 7)

  private func withWatch(
    asking isAsking: Bool = false, domains: [String] = [],
    _ body: (AddressWatch, WorkerMediaPlane, World) async throws -> Void
  ) async throws {
    var relay = ServerConfiguration()
    relay.host = local
    relay.relay.port = 0
    let stun = try await StandaloneRelay(relay) { _ in }
    let plane = try await WorkerMediaPlane(MediaConfiguration(port: 0))
    let world = World()
    var configuration = ServerConfiguration()
    if isAsking {
      configuration.stunServers = stun.udp.compactMap { STUNServerName("\($0)") }
    }
    if !domains.isEmpty {
      configuration.acme = ACMESettings()
      configuration.acme?.domains = domains
    }
    let watch = AddressWatch(
      configuration, plane, clock: { world.state.withLock { $0.now } },
      ownAddresses: { world.state.withLock { $0.own } },
      lookUp: { name in isAsking ? await AddressWatch.addresses(of: name) : world.lookUp(name) },
      log: { line in world.state.withLock { $0.lines.append(line) } })
    var failure: (any Error)?
    do { try await body(watch, plane, world) } catch { failure = error }
    await watch.stop()
    await plane.stop()
    await stun.stop()
    if let failure { throw failure }
  }

  @Test func `what a STUN server sees is told besides the machine's own addresses`() async throws {
    try await withWatch(asking: true) { watch, plane, _ in
      let (addresses, notes) = await watch.begin()
      #expect(addresses.found == [local] && addresses.own == [IPAddress(10, 0, 0, 2)])
      #expect(notes.first?.contains("127.0.0.1") == true, "\(notes)")
      #expect(await plane.addresses.map(\.ip) == [local, IPAddress(10, 0, 0, 2)])
    }
  }

  @Test(arguments: [false, true])
  func `addresses that change are told to who joins then, and said once`(
    asking: Bool
  ) async throws {
    try await withWatch(asking: asking) { watch, plane, world in
      _ = await watch.begin()
      world.set(second: 5, own: [new])
      await world.look(watch)
      #expect(world.lines == [], "interfaces that come and go are given a moment")
      world.set(second: 10)
      await world.look(watch)
      #expect(world.lines.count == 1)
      #expect(
        world.lines.first?.contains(
          "10.0.0.3 is new (an address of this machine), 10.0.0.2 is gone") == true,
        "\(world.lines)")
      #expect(world.followed.map(\.own) == [[new]])
      #expect(await plane.addresses.map(\.ip) == (asking ? [local] : []) + [new])
      for second in [15, 20, 320, 640] {
        world.set(second: Int64(second))
        await world.look(watch)
      }
      #expect(world.lines.count == 1 && world.followed.count == 1)
    }
  }

  @Test func `a machine that has lost all its addresses tells of them as before`() async throws {
    try await withWatch(asking: false) { watch, plane, world in
      _ = await watch.begin()
      world.set(second: 10, own: [])
      await world.look(watch)
      #expect(await plane.addresses.map(\.ip) == [IPAddress(10, 0, 0, 2)])
      #expect(world.lines == [])
    }
  }

  @Test func `where the name of the server leads is told soon after the start, and said once`()
    async throws
  {
    let domains = ["meet.example", "www.meet.example"]
    try await withWatch(domains: domains) { watch, plane, world in
      world.set(names: ["meet.example": [there, IPAddress(192, 168, 0, 7)]])
      _ = await watch.begin()
      #expect(world.questions == [], "the start waits for no DNS")
      #expect(await plane.addresses.map(\.ip) == [IPAddress(10, 0, 0, 2)])
      world.set(second: 1)
      await world.look(watch)
      #expect(world.questions == domains)
      #expect(await plane.addresses.map(\.ip) == [IPAddress(10, 0, 0, 2), there])
      #expect(world.followed.map(\.likely) == [[there]])
      #expect(
        world.lines.first?.contains("\(there) is new (the name of this server leads there)")
          == true, "\(world.lines)")
      for second in [5, 10, 299, 300, 600] {
        world.set(second: Int64(second))
        await world.look(watch)
      }
      #expect(world.questions == domains + domains + domains)
      #expect(world.lines.count == 1 && world.followed.count == 1)
    }
  }

  @Test func `a name that leads elsewhere is followed, and a DNS that fails is not`() async throws {
    try await withWatch(domains: ["meet.example"]) { watch, plane, world in
      world.set(names: ["meet.example": [there]])
      _ = await watch.begin()
      await world.look(watch)
      world.set(names: nil)
      world.set(second: 300)
      await world.look(watch)
      #expect(world.questions.count == 2)
      #expect(await plane.addresses.map(\.ip).last == there)
      let elsewhere = IPAddress(5, 9, 0, 8)
      world.set(names: ["meet.example": [elsewhere]])
      world.set(second: 600)
      await world.look(watch)
      #expect(await plane.addresses.map(\.ip).last == elsewhere)
      #expect(
        world.lines.last?.contains("5.9.0.7 is gone") == true && world.lines.count == 2,
        "\(world.lines)")
    }
  }

  @Test func `a DNS that is not there at the start is asked again within a minute`() async throws {
    try await withWatch(domains: ["meet.example"]) { watch, plane, world in
      world.set(names: nil)
      _ = await watch.begin()
      await world.look(watch)
      world.set(names: ["meet.example": [there]])
      for second in [5, 59] {
        world.set(second: Int64(second))
        await world.look(watch)
      }
      #expect(world.questions.count == 1)
      world.set(second: 60)
      await world.look(watch)
      #expect(await plane.addresses.map(\.ip).last == there)
    }
  }

  @Test func `a machine with a public address of each family asks nobody where its name leads`()
    async throws
  {
    try await withWatch(domains: ["meet.example"]) { watch, plane, world in
      world.set(names: ["meet.example": [there]])
      let own = [IPAddress(5, 9, 0, 1), try #require(IPAddress("2a01:4f8::1"))]
      world.set(second: 0, own: own)
      let known = AddressWatch(
        ServerConfiguration(), plane, ownAddresses: { own }, lookUp: { world.lookUp($0) },
        log: { _ in })
      _ = await known.begin()
      await world.look(known)
      #expect(world.questions == [])
      // One that has learnt of them since does not either.
      _ = await watch.begin()
      world.set(second: 10)
      await world.look(watch)
      #expect(world.questions == [])
    }
  }
}
