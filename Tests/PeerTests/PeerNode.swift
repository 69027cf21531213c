import Cryptography
import DTLS
import ICE
import OpenSSLTime
import Peer
import RTCTesting
import RTP
import SCTP
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

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    inVirtualTime(now) { take(&datagram, on: path, at: now, into: outbox) }
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
    inVirtualTime(now) {
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

  /// Has the peer do something, in virtual time already, and notes what comes of it.
  func call(at now: Instant, _ body: (RemotePeer, inout [RemotePeer.Event]) -> Void) {
    var new: [RemotePeer.Event] = []
    body(remote, &new)
    note(new, now)
  }

  /// The channels that the other side opened.
  var incoming: [DataChannelID] {
    events.compactMap {
      if case .dataChannel(.opened(let id, isIncoming: true)) = $0.event { id } else { nil }
    }
  }

  func heard(on id: DataChannelID) -> [DataChannelMessage] {
    events.compactMap {
      if case .dataChannel(.message(id, let message)) = $0.event { message } else { nil }
    }
  }

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
  private let serverRole: DTLSEngine.Role
  private var random: RandomSource

  static func identity(_ index: Int) throws -> DTLSIdentity { try #require(identities[index]) }

  /// `clientExpects` and `serverExpects` are the places of the identities whose fingerprints each side was told;
  /// the client has identity 0 and the server 1.
  init(
    seed: UInt64 = 1, conditions: LinkConditions = LinkConditions(delay: .milliseconds(20)),
    nat behavior: NATBehavior? = nil, clientRole: DTLSEngine.Role = .client,
    clientExpects: Int = 1, serverExpects: Int = 0, clientKnowsServer: Bool = true,
    securesServer: Bool = true
  ) throws {
    random = .seeded(seed)
    let network = VirtualNetwork(seed: random.next())
    self.network = network
    nat = behavior.map { network.addNAT($0, address: IPAddress(203, 0, 113, 1)) }
    clientHost = network.addHost(Self.clientAddress.ip, behind: nat, conditions: conditions)
    let serverHost = network.addHost(Self.serverAddress.ip)
    let clientNames = ICECredentials.random(using: &random)
    let serverNames = ICECredentials.random(using: &random)
    serverRole = clientRole == .client ? .server : .client
    client = Self.node(.controlling, clientNames, Self.clientAddress, seed: random.next())
    server = Self.node(.controlled, serverNames, Self.serverAddress, seed: random.next())
    try client.remote.secure(
      Self.security(identity: 0, expects: clientExpects, as: clientRole))
    if securesServer {
      try server.remote.secure(
        Self.security(identity: 1, expects: serverExpects, as: serverRole))
    }
    server.remote.setRemote(clientNames, candidates: [], isComplete: false)
    if clientKnowsServer {
      client.remote.setRemote(
        serverNames, candidates: [ICECandidate(address: Self.serverAddress)], isComplete: true)
    }
    network.attach(client, to: clientHost, at: Self.clientAddress)
    network.attach(server, to: serverHost, at: Self.serverAddress)
  }

  private static func node(
    _ role: ICEAgent.Role, _ names: ICECredentials, _ address: TransportAddress, seed: UInt64
  ) -> PeerNode {
    let remote = RemotePeer(ice: ICEAgent(role: role, credentials: names, random: .seeded(seed)))
    _ = remote.addLocalCandidate(ICECandidate(address: address))
    return PeerNode(remote, ssrc: role == .controlling ? 1 : 2)
  }

  static func security(
    identity: Int, expects: Int, as role: DTLSEngine.Role
  ) throws -> RemotePeer.Security {
    let fingerprint = try Self.identity(expects).fingerprint
    return .dtls(
      try DTLSContext(identity: Self.identity(identity)), role: role, fingerprints: [fingerprint])
  }

  /// Tells the server late whom to expect.
  func secureServer() throws {
    let security = try Self.security(identity: 1, expects: 0, as: serverRole)
    var failure: DTLSError?
    network.act(as: server) { _, _ in
      do throws(DTLSError) { try server.remote.secure(security) } catch { failure = error }
    }
    #expect(failure == nil)
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

  @discardableResult
  func open(
    _ node: PeerNode, _ options: DataChannelOptions = DataChannelOptions()
  ) throws -> DataChannelID {
    var result = Result<DataChannelID, DataChannelError>.failure(.ended)
    network.act(as: node) { outbox, now in
      inVirtualTime(now) {
        node.call(at: now) { remote, events in
          do throws(DataChannelError) {
            result = .success(
              try remote.openDataChannel(options, at: now, into: outbox, events: &events))
          } catch { result = .failure(error) }
        }
      }
    }
    return try result.get()
  }

  func send(_ message: DataChannelMessage, on id: DataChannelID, by node: PeerNode) throws {
    var failure: DataChannelError?
    network.act(as: node) { outbox, now in
      inVirtualTime(now) {
        node.call(at: now) { remote, events in
          do throws(DataChannelError) {
            try remote.sendData(message, on: id, at: now, into: outbox, events: &events)
          } catch { failure = error }
        }
      }
    }
    if let failure { throw failure }
  }
}
