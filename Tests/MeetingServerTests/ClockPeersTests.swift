import Cryptography
import DTLS
import ICE
import OpenSSLTime
import Peer
import RTCTesting
import SCTP
import Testing
import Wire

@testable import MeetingServer

/// The server's side on the virtual network.
private final class ClockNode: VirtualNode {
  let peers: ClockPeers

  init(_ peers: ClockPeers) { self.peers = peers }

  var deadline: Instant? { peers.deadline }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    inVirtualTime(now) {
      var bytes = datagram.mutableSpan
      _ = peers.receive(&bytes, on: path, at: now, into: outbox)
    }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    inVirtualTime(now) { peers.advance(to: now, into: outbox) }
  }
}

/// A browser, as far as it matters here.
private final class BrowserNode: VirtualNode {
  let remote: RemotePeer
  private(set) var events: [RemotePeer.Event] = []

  init(_ remote: RemotePeer) { self.remote = remote }

  var deadline: Instant? { remote.deadline }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    inVirtualTime(now) {
      var bytes = datagram.mutableSpan
      _ = remote.receive(&bytes, on: path, at: now, into: outbox, events: &events)
    }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    inVirtualTime(now) { remote.advance(to: now, into: outbox, events: &events) }
  }

  func open(
    _ options: DataChannelOptions, at now: Instant, into outbox: Outbox
  ) -> DataChannelID? {
    inVirtualTime(now) {
      try? remote.openDataChannel(options, at: now, into: outbox, events: &events)
    }
  }

  func send(
    _ message: DataChannelMessage, on id: DataChannelID, at now: Instant, into outbox: Outbox
  ) {
    inVirtualTime(now) {
      try? remote.sendData(message, on: id, at: now, into: outbox, events: &events)
    }
  }

  func heard(on id: DataChannelID) -> [DataChannelMessage] {
    events.compactMap { event in
      if case .dataChannel(.message(id, let message)) = event { message } else { nil }
    }
  }
}

private struct Bench {
  static let serverAddress = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 7880)
  private static let identities = (0..<2).map { _ in try? DTLSIdentity.generate() }

  let network = VirtualNetwork(seed: 1)
  let clock: ClockNode
  let host: VirtualNetwork.Host
  let serverContext: DTLSContext

  init(
    _ limits: ClockPeers.Limits = ClockPeers.Limits(), places: MeasurementPlaces = .init()
  ) throws {
    clock = ClockNode(
      ClockPeers(limits: limits, places: places) { "it is \($0.nanoseconds / 1_000_000)" })
    host = network.addHost(
      IPAddress(203, 0, 113, 7), conditions: LinkConditions(delay: .milliseconds(10)))
    let serverHost = network.addHost(Self.serverAddress.ip)
    network.attach(clock, to: serverHost, at: Self.serverAddress)
    serverContext = try DTLSContext(identity: try #require(Self.identities[1]))
  }

  var peers: ClockPeers { clock.peers }

  /// A browser and the peer that serves it, as an offer and its answer make them.
  func browser(
    port: UInt16 = 5000, client: String? = "203.0.113.7", enablesData: Bool = true
  ) throws -> BrowserNode {
    var random = RandomSource.seeded(UInt64(port))
    let (own, other) = (
      ICECredentials.random(using: &random), ICECredentials.random(using: &random)
    )
    let address = TransportAddress(ip: IPAddress(203, 0, 113, 7), port: port)
    let identities = try Self.identities.map { try #require($0) }
    var far = ICEAgent(role: .controlled, credentials: other, random: .seeded(random.next()))
    far.addLocalCandidate(ICECandidate(address: Self.serverAddress))
    let served = try RemotePeer(
      ice: far,
      security: .dtls(serverContext, role: .server, fingerprints: [identities[0].fingerprint]))
    served.setRemote(own, candidates: [], isComplete: false)
    network.act(as: clock) { _, now in
      peers.add(
        served, maximumMessageSize: 262_144, client: client, random: .seeded(random.next()),
        at: now)
    }
    var near = ICEAgent(role: .controlling, credentials: own, random: .seeded(random.next()))
    near.addLocalCandidate(ICECandidate(address: address))
    let remote = try RemotePeer(
      ice: near,
      security: .dtls(
        try DTLSContext(identity: identities[0]), role: .client,
        fingerprints: [identities[1].fingerprint]))
    remote.setRemote(
      other, candidates: [ICECandidate(address: Self.serverAddress)], isComplete: true)
    if enablesData { remote.enableDataChannels(random: .seeded(random.next())) }
    let node = BrowserNode(remote)
    network.attach(node, to: host, at: address)
    return node
  }

  func open(_ browser: BrowserNode, _ options: DataChannelOptions = .init()) throws -> DataChannelID
  {
    var id: DataChannelID?
    network.act(as: browser) { outbox, now in id = browser.open(options, at: now, into: outbox) }
    return try #require(id)
  }
}

struct ClockPeersTests {
  private static let up = DataChannelOptions(protocolName: "jumpa.upload")
  private static let down = DataChannelOptions(protocolName: "jumpa.download")

  @Test func `each channel hears the time every second, without being asked`() throws {
    let bench = try Bench()
    let browser = try bench.browser()
    let first = try bench.open(browser)
    bench.network.run(for: .seconds(1))
    let second = try bench.open(browser, DataChannelOptions(isOrdered: false))
    bench.network.run(for: .seconds(9))
    let told = browser.heard(on: first)
    #expect((9...11).contains(told.count))
    #expect((8...10).contains(browser.heard(on: second).count))
    #expect(told.allSatisfy { $0.kind == .text })
    let times = told.compactMap { Int($0.string.dropFirst(6)) }
    #expect(times.count == told.count)
    #expect(zip(times, times.dropFirst()).allSatisfy { (999...1001).contains($1 - $0) })
    #expect(bench.network.stuckTimerCount == 0)
  }

  @Test func `what is said comes back as it was, text as text and bytes as bytes`() throws {
    let bench = try Bench()
    let browser = try bench.browser()
    let id = try bench.open(browser)
    bench.network.run(for: .milliseconds(500))
    let messages: [DataChannelMessage] = [
      .text("halo"), .binary([0, 1, 255]), .text(""), .binary([]),
      .binary([UInt8](repeating: 7, count: 262_144)), .text("🌴"),
      DataChannelMessage(kind: .text, bytes: [0xFF]),
    ]
    bench.network.act(as: browser) { outbox, now in
      for message in messages { browser.send(message, on: id, at: now, into: outbox) }
    }
    bench.network.run(for: .seconds(2))
    let echoed = browser.heard(on: id).filter { !$0.string.hasPrefix("it is ") }
    #expect(echoed == messages)
  }

  @Test func `what is sent to be measured is counted, not repeated, and hears no time`() throws {
    let bench = try Bench()
    let browser = try bench.browser()
    let id = try bench.open(browser, DataChannelOptions(protocolName: "jumpa.upload"))
    bench.network.run(for: .milliseconds(500))
    bench.network.act(as: browser) { outbox, now in
      for size in [16_384, 1, 0] {
        browser.send(.binary([UInt8](repeating: 0, count: size)), on: id, at: now, into: outbox)
      }
    }
    bench.network.run(for: .seconds(3))
    #expect(browser.heard(on: id).map(\.string) == ["16384", "16385", "16385"])
  }

  @Test func `so many bytes come as were asked for, until there were enough`() throws {
    var limits = ClockPeers.Limits()
    limits.measured = 40_000
    let bench = try Bench(limits)
    let browser = try bench.browser()
    let id = try bench.open(browser, DataChannelOptions(protocolName: "jumpa.download"))
    bench.network.run(for: .milliseconds(500))
    func ask(_ counts: [Int]) {
      bench.network.act(as: browser) { outbox, now in
        for count in counts { browser.send(.text("\(count)"), on: id, at: now, into: outbox) }
      }
      bench.network.run(for: .seconds(2))
    }
    ask([16_384, 10_000])
    #expect(browser.heard(on: id).map(\.bytes.count) == [16_384, 10_000])
    #expect(browser.heard(on: id).allSatisfy { $0.kind == .binary })
    ask([13_616])
    #expect(browser.heard(on: id).count == 3)
    ask([1])
    #expect(browser.heard(on: id).count == 3)
    #expect(browser.events.contains(.dataChannel(.closed(id))))
    #expect(bench.peers.count == 1)
  }

  @Test func `who sends more than may be measured loses the channel`() throws {
    var limits = ClockPeers.Limits()
    limits.measured = 20_000
    let bench = try Bench(limits)
    let browser = try bench.browser()
    let id = try bench.open(browser, Self.up)
    bench.network.run(for: .milliseconds(500))
    bench.network.act(as: browser) { outbox, now in
      for size in [16_384, 3_616, 1] {
        browser.send(.binary([UInt8](repeating: 0, count: size)), on: id, at: now, into: outbox)
      }
    }
    bench.network.run(for: .seconds(1))
    #expect(browser.heard(on: id).map(\.string) == ["16384", "20000"])
    #expect(browser.events.contains(.dataChannel(.closed(id))))
  }

  @Test func `so many measure at a time over all workers, the next one is told to come later`()
    throws
  {
    let places = MeasurementPlaces(most: 2, perClient: 2)
    let (bench, other) = (try Bench(places: places), try Bench(places: places))
    let (first, second) = (try bench.browser(), try other.browser(client: "203.0.113.8"))
    let third = try bench.browser(port: 5001, client: "203.0.113.9")
    _ = try bench.open(first, Self.up)
    _ = try other.open(second, Self.down)
    bench.network.run(for: .seconds(1))
    other.network.run(for: .seconds(1))
    let refused = try bench.open(third, Self.up)
    let echo = try bench.open(third)
    bench.network.run(for: .seconds(1))
    #expect(
      third.heard(on: refused).map(\.string) == [
        "later: as many measure at the moment as may (2); come again in 60 s"
      ])
    #expect(third.events.contains(.dataChannel(.closed(refused))))
    #expect(!third.heard(on: echo).isEmpty, "all else goes on")
    // Another's end makes room, whichever worker serves it.
    other.network.act(as: second) { outbox, now in
      inVirtualTime(now) { second.remote.close(into: outbox) }
    }
    other.network.run(for: .seconds(1))
    let taken = try bench.open(third, Self.up)
    bench.network.run(for: .seconds(1))
    #expect(third.heard(on: taken).isEmpty)
    #expect(!third.events.contains(.dataChannel(.closed(taken))))
  }

  @Test func `who measures one direction after the other keeps the place between, and not longer`()
    throws
  {
    let bench = try Bench(places: MeasurementPlaces(most: 1))
    let (first, second) = (try bench.browser(), try bench.browser(port: 5001, client: nil))
    func close(_ id: DataChannelID) {
      bench.network.act(as: first) { outbox, now in
        inVirtualTime(now) {
          var events: [RemotePeer.Event] = []
          first.remote.closeDataChannel(id, at: now, into: outbox, events: &events)
        }
      }
    }
    let up = try bench.open(first, Self.up)
    bench.network.run(for: .seconds(1))
    close(up)
    bench.network.run(for: .seconds(2))
    let refused = try bench.open(second, Self.down)
    bench.network.run(for: .milliseconds(500))
    #expect(second.heard(on: refused).first?.string.hasPrefix("later: as many measure") == true)
    let down = try bench.open(first, Self.down)
    bench.network.run(for: .seconds(5))
    #expect(first.heard(on: down).isEmpty)
    close(down)
    bench.network.run(for: .seconds(4))
    let later = try bench.open(second, Self.down)
    bench.network.run(for: .seconds(1))
    #expect(second.heard(on: later).isEmpty)
    #expect(bench.network.stuckTimerCount == 0)
  }

  @Test func `who measures and measures is stopped, and others get the place`() throws {
    var limits = ClockPeers.Limits()
    limits.timeToMeasure = .seconds(10)
    let bench = try Bench(limits, places: MeasurementPlaces(most: 1))
    let (first, second) = (try bench.browser(), try bench.browser(port: 5001, client: nil))
    let long = try bench.open(first, Self.up)
    bench.network.run(for: .seconds(9))
    #expect(!first.events.contains(.dataChannel(.closed(long))))
    bench.network.run(for: .seconds(2))
    #expect(first.events.contains(.dataChannel(.closed(long))))
    let taken = try bench.open(second, Self.down)
    bench.network.run(for: .seconds(1))
    #expect(second.heard(on: taken).isEmpty && bench.peers.count == 2)
  }

  @Test func `one address cannot have all places`() {
    let places = MeasurementPlaces(most: 3, perClient: 1)
    #expect(places.take(for: "a") == nil)
    #expect(places.take(for: "a") == "as many of this address measure at the moment as may (1)")
    #expect(places.take(for: nil) == nil && places.take(for: nil) == nil)
    #expect(places.take(for: "b") == "as many measure at the moment as may (3)")
    places.giveBack(for: "a")
    #expect(places.take(for: "b") == nil)
  }

  @Test(arguments: ["x", "", "-1", "0", "16385", "99999999999999999999"])
  func `who asks for what cannot be given loses the channel alone`(wish: String) throws {
    let bench = try Bench()
    let browser = try bench.browser()
    let id = try bench.open(browser, DataChannelOptions(protocolName: "jumpa.download"))
    let other = try bench.open(browser)
    bench.network.run(for: .milliseconds(500))
    bench.network.act(as: browser) { outbox, now in
      browser.send(.text(wish), on: id, at: now, into: outbox)
    }
    bench.network.run(for: .seconds(3))
    #expect(browser.heard(on: id).isEmpty)
    #expect(browser.events.contains(.dataChannel(.closed(id))))
    #expect(browser.heard(on: other).count >= 3)
  }

  @Test func `a closed channel hears nothing more, and the others do`() throws {
    let bench = try Bench()
    let browser = try bench.browser()
    let (first, second) = (try bench.open(browser), try bench.open(browser))
    bench.network.run(for: .seconds(2))
    bench.network.act(as: browser) { outbox, now in
      inVirtualTime(now) {
        var events: [RemotePeer.Event] = []
        browser.remote.closeDataChannel(first, at: now, into: outbox, events: &events)
      }
    }
    bench.network.run(for: .seconds(1))
    let before = (browser.heard(on: first).count, browser.heard(on: second).count)
    bench.network.run(for: .seconds(5))
    #expect(browser.heard(on: first).count == before.0)
    #expect(browser.heard(on: second).count == before.1 + 5)
    #expect(browser.events.contains(.dataChannel(.closed(first))))
  }

  @Test func `who never connects is gone within 30 s`() throws {
    let bench = try Bench()
    bench.network.setConditions(LinkConditions(isDown: true), of: bench.host)
    for port in 5000..<5003 as Range<UInt16> { _ = try bench.browser(port: port) }
    bench.network.run(for: .milliseconds(29_900))
    #expect(bench.peers.count == 3)
    bench.network.run(for: .milliseconds(200))
    #expect(bench.peers.count == 0)
    #expect(bench.peers.deadline == nil)
    #expect(bench.network.stuckTimerCount == 0)
  }

  @Test func `who connects but has no association is gone within 30 s`() throws {
    let bench = try Bench()
    let browser = try bench.browser(enablesData: false)
    bench.network.run(for: .seconds(5))
    #expect(browser.events.contains(.connected) && bench.peers.count == 1)
    bench.network.run(for: .milliseconds(25_100))
    #expect(bench.peers.count == 0)
  }

  @Test func `who falls silent is gone within 30 s of it`() throws {
    let bench = try Bench()
    let browser = try bench.browser()
    _ = try bench.open(browser)
    bench.network.run(for: .seconds(60))
    #expect(bench.peers.count == 1)
    bench.network.setConditions(LinkConditions(isDown: true), of: bench.host)
    bench.network.run(for: .seconds(31))
    #expect(bench.peers.count == 0)
    #expect(bench.peers.deadline == nil)
  }

  @Test func `who closes is gone at once`() throws {
    let bench = try Bench()
    let browser = try bench.browser()
    _ = try bench.open(browser)
    bench.network.run(for: .seconds(2))
    bench.network.act(as: browser) { outbox, now in
      inVirtualTime(now) { browser.remote.close(into: outbox) }
    }
    bench.network.run(for: .milliseconds(100))
    #expect(bench.peers.count == 0)
  }

  @Test func `one address may wait for so many connections, and all for so many peers`() throws {
    var limits = ClockPeers.Limits()
    limits.unconnectedPerClient = 2
    limits.peers = 3
    let bench = try Bench(limits)
    let browser = try bench.browser(port: 5000)
    _ = try bench.browser(port: 5001)
    #expect(bench.peers.obstacle(for: "203.0.113.7") != nil)
    #expect(bench.peers.obstacle(for: "203.0.113.8") == nil)
    #expect(bench.peers.obstacle(for: nil) == nil)
    bench.network.run(for: .seconds(2))
    #expect(browser.events.contains(.connected))
    #expect(bench.peers.obstacle(for: "203.0.113.7") == nil)
    _ = try bench.browser(port: 5002)
    #expect(bench.peers.obstacle(for: nil) != nil)
  }

  @Test func `who does not take what it is sent loses the channel, not the others theirs`() throws {
    var limits = ClockPeers.Limits()
    limits.sendBuffer = 100_000
    let bench = try Bench(limits)
    let (greedy, modest) = (try bench.browser(port: 5000), try bench.browser(port: 5001))
    let (loud, quiet) = (try bench.open(greedy), try bench.open(modest))
    bench.network.run(for: .seconds(1))
    bench.network.act(as: greedy) { outbox, now in
      greedy.send(.binary([UInt8](repeating: 1, count: 150_000)), on: loud, at: now, into: outbox)
    }
    bench.network.run(for: .seconds(40))
    #expect(greedy.events.contains(.dataChannel(.closed(loud))))
    #expect(modest.heard(on: quiet).count > 30)
    #expect(bench.peers.count == 2)
  }
}
