import DTLS
import OpenSSLTime
import RTCTesting
import Session
import WebRTC
import Wire

let network = VirtualNetwork(seed: 7)
let nat = network.addNAT(.portRestricted, address: IPAddress(198, 51, 100, 7))
let link = LinkConditions(
  delay: .milliseconds(40), jitter: .milliseconds(10), loss: .bernoulli(0.05), reordering: 0.02)
let home = try Endpoint(at: IPAddress(10, 0, 0, 2), behind: nat, by: link, in: network)
let server = try Endpoint(at: IPAddress(203, 0, 113, 1), behind: nil, by: link, in: network)

try home.act { try $0.createDataChannel(DataChannelOptions(label: "chat"), at: $1, into: $2) }
try home.act { try $0.setLocalDescription(nil, at: $1, into: $2) }
try server.take(home.session.localDescription)
try server.act { try $0.setLocalDescription(nil, at: $1, into: $2) }
try home.take(server.session.localDescription)
let isOpen = network.run(until: network.now + .seconds(30)) { home.channel != nil }
print(isOpen ? "open after \(network.now.nanoseconds / 1_000_000) virtual ms" : "not open")

if let channel = home.channel {
  for number in 1...100 {
    try home.act { try $0.sendData(.text("message \(number)"), on: channel, at: $1, into: $2) }
  }
}
let hasAll = network.run(until: network.now + .seconds(30)) { server.texts.count == 100 }
let isInOrder = server.texts == (1...100).map { "message \($0)" }
print(
  hasAll && isInOrder ? "100 messages arrived in order over a bad link" : "messages are missing")

/// What a `PeerConnection` is inside, on a host of a virtual network: no socket, no thread, no clock.
final class Endpoint: VirtualNode {
  let session: PeerSession
  private let base: TransportAddress
  private let network: VirtualNetwork
  private(set) var channel: DataChannelID?
  private(set) var texts: [String] = []

  init(
    at ip: IPAddress, behind nat: VirtualNetwork.NAT?, by link: LinkConditions,
    in network: VirtualNetwork
  ) throws {
    base = TransportAddress(ip: ip, port: 5000)
    self.network = network
    session = PeerSession(context: try DTLSContext(identity: try DTLSIdentity.generate()))
    network.attach(
      self, to: network.addHost(ip, behind: nat, conditions: link), at: base)
  }

  var deadline: Instant? { session.deadline }

  /// Calls the session; what it sends sets out at once.
  func act<Result>(
    _ body: (PeerSession, Instant, Outbox) throws -> Result
  ) throws {
    var outcome: Swift.Result<Void, any Error> = .success(())
    network.act(as: self) { outbox, now in
      outcome = Swift.Result { _ = try inVirtualTime(now) { try body(session, now, outbox) } }
      settle(at: now, into: outbox)
    }
    try outcome.get()
  }

  /// What signalling would carry.
  func take(_ description: SessionDescriptionText?) throws {
    guard let description else { return }
    try act { try $0.setRemoteDescription(description, at: $1, into: $2) }
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    inVirtualTime(now) {
      var span = datagram.mutableSpan
      session.receive(&span, on: path, at: now, into: outbox)
    }
    settle(at: now, into: outbox)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    inVirtualTime(now) { session.advance(to: now, into: outbox) }
    settle(at: now, into: outbox)
  }

  private func settle(at now: Instant, into outbox: Outbox) {
    for event in session.takeEvents() {
      switch event {
      case .gatheringNeeded: session.addBases([base], at: now, into: outbox)
      case .dataChannel(.opened(let id, _)): channel = id
      case .dataChannel(.message(_, let message)): texts.append(message.string)
      default: break
      }
    }
  }
}
