import RTCTesting
import Testing
import Wire

/// Returns every datagram to where it came from.
private final class Echo: VirtualNode {
  private(set) var count = 0
  var deadline: Instant? { nil }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    count += 1
    outbox.append(datagram.span, on: path)
  }

  func advance(to now: Instant, into outbox: Outbox) {}
}

/// The code in the manual of the room.
struct ManualTests {
  @Test func `an echo crosses a translator and a bad link`() {
    let client = Echo()

    let network = VirtualNetwork(seed: 7)
    let nat = network.addNAT(.portRestricted, address: IPAddress(198, 51, 100, 7))
    let link = LinkConditions(delay: .milliseconds(40), loss: .bernoulli(0.1), reordering: 0.02)
    let home = network.addHost(IPAddress(10, 0, 0, 2), behind: nat, conditions: link)
    let address = TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 5000)
    network.attach(client, to: home, at: address)
    let server = TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 7000)
    network.attach(Echo(), to: network.addHost(server.ip), at: server)

    for _ in 0..<100 {
      network.act(as: client) { outbox, now in
        outbox.append(([1, 2, 3] as [UInt8]).span, on: Path(local: address, remote: server))
      }
    }
    network.run(for: .seconds(10))

    #expect(client.count > 100)
  }
}
