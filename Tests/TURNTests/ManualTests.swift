import RTCTesting
import TURN
import Testing
import VirtualServers
import Wire

/// The code in the manual of the room.
struct ManualTests {
  @Test func `a client allocates and sends`() throws {
    let world = TURNWorld()
    let local = TransportAddress(ip: IPAddress(192, 0, 2, 50), port: 5000)
    let server = TURNWorld.serverAddress
    let peer = TURNWorld.peerAddress

    let client = TURNClient(
      path: Path(transport: .udp, local: local, remote: server),
      credentials: TURNClient.Credentials(username: "user", password: "secret"), random: .system)
    let node = ClientNode(client)
    world.network.attach(node, to: world.network.addHost(local.ip), at: local)
    world.network.act(as: node) { outbox, now in client.start(at: now, into: outbox) }
    world.settle()
    world.network.act(as: node) { outbox, now in
      client.send(([1, 2, 3] as [UInt8]).span, to: peer, at: now, into: outbox)
    }
    world.settle()

    #expect(client.relayedAddress != nil)
    #expect(node.received.map(\.bytes) == [[1, 2, 3]])
  }
}
