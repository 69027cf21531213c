import ICE
import RTCTesting
import Wire

let network = VirtualNetwork(seed: 1)
let nat = network.addNAT(.portRestricted, address: IPAddress(198, 51, 100, 7))
let home = Agent(.controlling, at: IPAddress(10, 0, 0, 2), behind: nat, in: network)
let server = Agent(.controlled, at: IPAddress(203, 0, 113, 1), behind: nil, in: network)
home.meet(server)
server.meet(home)

let found = network.run(until: network.now + .seconds(5)) { home.path != nil && server.path != nil }
print(found ? "a path was found after \(network.now.nanoseconds / 1_000_000) ms" : "no path")
print("the server reaches the NATed agent at", server.path.map { "\($0.remote)" } ?? "nowhere")

/// An ICE agent as a host of the virtual network; on a real socket it would be driven just the same.
final class Agent: VirtualNode {
  private var ice: ICEAgent
  private var events: [ICEAgent.Event] = []
  private let candidate: ICECandidate

  init(
    _ role: ICEAgent.Role, at ip: IPAddress, behind nat: VirtualNetwork.NAT?,
    in network: VirtualNetwork
  ) {
    var random = RandomSource.system
    let address = TransportAddress(ip: ip, port: 5000)
    candidate = ICECandidate(address: address)
    ice = ICEAgent(role: role, credentials: .random(using: &random))
    _ = ice.addLocalCandidate(candidate)
    let link = LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.1))
    network.attach(
      self, to: network.addHost(ip, behind: nat, conditions: link), at: address)
  }

  var path: Path? { ice.selectedPath }
  var deadline: Instant? { ice.deadline }

  /// What signalling would carry.
  func meet(_ other: Agent) {
    ice.setRemoteCredentials(other.ice.localCredentials)
    _ = ice.addRemoteCandidate(other.candidate)
  }

  func receive(
    _ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox
  ) {
    ice.receive(datagram.span, on: path, at: now, into: outbox, events: &events)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    ice.advance(to: now, into: outbox, events: &events)
  }
}
