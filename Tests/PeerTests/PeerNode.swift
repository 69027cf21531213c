import CVirtualTime
import Cryptography
import DTLS
import ICE
import Peer
import RTCTesting
import RTP
import Testing
import Wire

/// A peer on the virtual network: sends a packet of "sound" every 20 ms and notes what happens to it.
final class PeerNode: VirtualNode {
  static let transportSequenceID: UInt8 = 5
  static let soundInterval = Duration.milliseconds(20)

  let remote: RemotePeer
  private let ssrc: UInt32
  private(set) var events: [(at: Instant, event: RemotePeer.Event)] = []
  /// Numbers of the media packets that arrived, and when.
  private(set) var received: [(at: Instant, number: UInt16)] = []
  private(set) var feedback: [TransportFeedback] = []
  private(set) var rejectedCount = 0
  var sendsSound = true
  private var nextSound = Instant.zero
  private(set) var sentNumber: UInt16 = 65_500

  init(_ remote: RemotePeer, ssrc: UInt32) {
    self.remote = remote
    self.ssrc = ssrc
    remote.transportSequenceID = Self.transportSequenceID
  }

  var deadline: Instant? {
    let sound = remote.isConnected && sendsSound ? nextSound : nil
    return [remote.deadline, sound].compactMap(\.self).min()
  }

  /// Gives OpenSSL the network's time for as long as `body` takes.
  static func inVirtualTime<Result>(_ now: Instant, _ body: () -> Result) -> Result {
    virtual_time_set(1_700_000_000_000_000 + now.nanoseconds / 1000)
    defer { virtual_time_set(-1) }
    return body()
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    Self.inVirtualTime(now) { take(&datagram, on: path, at: now, into: outbox) }
  }

  private func take(
    _ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox
  ) {
    var new: [RemotePeer.Event] = []
    var bytes = datagram.mutableSpan
    switch remote.receive(&bytes, on: path, at: now, into: outbox, events: &new) {
    case .rtp(let packet, _): received.append((now, packet.header.sequenceNumber))
    case .rtcp(let byteCount):
      var reader = RTCPReader(bytes.span.extracting(first: byteCount))
      while let part = reader.next() {
        if case .transportFeedback(let report) = part { feedback.append(report) }
      }
    case .handshake: break
    case .rejected: rejectedCount += 1
    }
    note(new, now)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    Self.inVirtualTime(now) {
      var new: [RemotePeer.Event] = []
      remote.advance(to: now, into: outbox, events: &new)
      note(new, now)
    }
    guard remote.isConnected, sendsSound, nextSound <= now else { return }
    sentNumber &+= 1
    var extensions = RTPHeaderExtensionList()
    extensions.append(id: Self.transportSequenceID, value: UInt64(sentNumber), byteCount: 2)
    let header = RTPHeader(
      payloadType: 111, sequenceNumber: sentNumber, timestamp: UInt32(sentNumber) &* 960,
      ssrc: ssrc)
    _ = remote.sendRTP(header, extensions: extensions, payload: [1, 2, 3].span, into: outbox)
    nextSound = now + Self.soundInterval
  }

  private func note(_ new: [RemotePeer.Event], _ now: Instant) { events += new.map { (now, $0) } }

  func count(_ event: RemotePeer.Event) -> Int { events.count { $0.event == event } }

  func time(of event: RemotePeer.Event) -> Instant? { events.first { $0.event == event }?.at }
}

/// A browser-like peer and a server on a virtual network, with a real handshake.
final class Connection {
  static let serverAddress = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 3478)
  static let clientAddress = TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 5000)
  private static let identities = (0..<3).map { _ in try? DTLSIdentity.generate() }

  let network: VirtualNetwork
  let client: PeerNode
  let server: PeerNode
  let clientHost: VirtualNetwork.Host
  let nat: VirtualNetwork.NAT?
  private var random: RandomSource

  static func identity(_ index: Int) throws -> DTLSIdentity { try #require(identities[index]) }

  /// `clientExpects` and `serverExpects` are the places of the identities whose fingerprints each side was told;
  /// the client has identity 0 and the server 1.
  init(
    seed: UInt64 = 1, conditions: LinkConditions = LinkConditions(delay: .milliseconds(20)),
    nat behavior: NATBehavior? = nil, clientRole: DTLSEngine.Role = .client,
    clientExpects: Int = 1, serverExpects: Int = 0, clientKnowsServer: Bool = true
  ) throws {
    random = .seeded(seed)
    let network = VirtualNetwork(seed: random.next())
    self.network = network
    nat = behavior.map { network.addNAT($0, address: IPAddress(203, 0, 113, 1)) }
    clientHost = network.addHost(Self.clientAddress.ip, behind: nat, conditions: conditions)
    let serverHost = network.addHost(Self.serverAddress.ip)
    let clientNames = ICECredentials.random(using: &random)
    let serverNames = ICECredentials.random(using: &random)
    client = try Self.node(
      .controlling, clientNames, Self.clientAddress, identity: 0, expects: clientExpects,
      clientRole, seed: random.next())
    server = try Self.node(
      .controlled, serverNames, Self.serverAddress, identity: 1, expects: serverExpects,
      clientRole == .client ? .server : .client, seed: random.next())
    server.remote.setRemote(clientNames, candidates: [], isComplete: false)
    if clientKnowsServer {
      client.remote.setRemote(
        serverNames, candidates: [ICECandidate(address: Self.serverAddress)], isComplete: true)
    }
    network.attach(client, to: clientHost, at: Self.clientAddress)
    network.attach(server, to: serverHost, at: Self.serverAddress)
  }

  private static func node(
    _ role: ICEAgent.Role, _ names: ICECredentials, _ address: TransportAddress, identity: Int,
    expects: Int, _ dtlsRole: DTLSEngine.Role, seed: UInt64
  ) throws -> PeerNode {
    var ice = ICEAgent(role: role, credentials: names, random: .seeded(seed))
    _ = ice.addLocalCandidate(ICECandidate(address: address))
    let remote = try RemotePeer(
      ice: ice,
      security: .dtls(
        try DTLSContext(identity: Self.identity(identity)), role: dtlsRole,
        fingerprints: [Self.identity(expects).fingerprint]))
    return PeerNode(remote, ssrc: role == .controlling ? 1 : 2)
  }

  var nodes: [PeerNode] { [client, server] }

  func connect(within duration: Duration = .seconds(30)) -> Bool {
    network.run(until: network.now + duration) { nodes.allSatisfy(\.remote.isConnected) }
  }

  /// New names on both sides, as an offer and its answer bring them.
  func restartICE() {
    let clientNames = ICECredentials.random(using: &random)
    let serverNames = ICECredentials.random(using: &random)
    network.act(as: client) { _, _ in client.remote.restartICE(credentials: clientNames) }
    network.run(for: .milliseconds(30))
    network.act(as: server) { _, _ in
      server.remote.restartICE(credentials: serverNames)
      server.remote.setRemote(clientNames, candidates: [], isComplete: false)
    }
    network.run(for: .milliseconds(30))
    network.act(as: client) { _, _ in
      client.remote.setRemote(
        serverNames, candidates: [ICECandidate(address: Self.serverAddress)], isComplete: true)
    }
  }

  /// How many packets each side got while `duration` passed.
  func flow(for duration: Duration) -> (toClient: Int, toServer: Int) {
    let before = (client.received.count, server.received.count)
    network.run(for: duration)
    return (client.received.count - before.0, server.received.count - before.1)
  }
}
