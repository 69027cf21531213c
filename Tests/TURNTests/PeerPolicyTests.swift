import STUN
import TURN
import Testing
import Wire

/// Whom a relay sends to (reliability rows 37 and 38).
struct PeerPolicyTests {
  /// The first and last address of each block, and forms in which IPv4 hides in IPv6.
  private static let special: [String] = [
    "0.0.0.1", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0",
    "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0",
    "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1", "2001:db8::1",
    "2002:7f00:1::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
  ]

  private static let open: [String] = [
    "1.0.0.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
    "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2a00::1", "2001:200::1",
    "2606:4700::1111",
  ]

  @Test(arguments: special)
  func `row 37: no public relay reaches`(text: String) throws {
    let address = try #require(IPAddress(text))
    let policy = TURNPeerPolicy()
    #expect(!policy.allows(address))
    #expect(!policy.allows(TransportAddress(ip: address, port: 80)))
    // By each way there is.
    let server = HandmadeClient.server {
      $0.peers = policy
      $0.families = [.v4, .v6]
    }
    var client = HandmadeClient(server)
    let family = address.family
    #expect(client.allocate { output, _ in output.appendSTUN(requestedFamily: family) } == 0)
    let peer = TransportAddress(ip: address, port: 80)
    #expect(client.permit(peer) == 403)
    #expect(client.bind(0x4000, to: peer) == 403)
    #expect(client.send([1], to: peer).isEmpty)
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
    // And by connection.
    let connecting = HandmadeClient.server {
      $0.peers = policy
      $0.families = [.v4, .v6]
      $0.relaysTCP = true
    }
    var stream = HandmadeClient(connecting, transport: .tcp)
    #expect(stream.allocateTCP { output, _ in output.appendSTUN(requestedFamily: family) } == 0)
    #expect(stream.connect(to: peer) == 403 && stream.permit(peer) == 403)
    #expect(connecting.connectionCount == 0)
  }

  @Test(arguments: open) func `a public relay reaches`(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(TURNPeerPolicy().allows(address))
    #expect(!TURNPeerPolicy.only([]).allows(address))
    #expect(TURNPeerPolicy(others: .everybody).allows(address))
  }

  @Test func `a relay of a meeting server reaches its media ports alone`() {
    let media = TransportAddress(ip: IPAddress(10, 0, 0, 5), port: 3478)
    let server = HandmadeClient.server { $0.peers = .only([media]) }
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0)
    let neighbour = TransportAddress(ip: media.ip, port: 22)
    // A permission is for a host; what is sent is for a port.
    #expect(client.permit(media) == 0 && client.permit(neighbour) == 0)
    #expect(client.send([1], to: media).count == 1)
    #expect(client.send([1], to: neighbour).isEmpty)
    #expect(client.bind(0x4000, to: neighbour) == 403 && client.bind(0x4000, to: media) == 0)
    let other = TransportAddress(ip: IPAddress(8, 8, 8, 8), port: 53)
    #expect(client.permit(other) == 403 && client.bind(0x4001, to: other) == 403)
  }

  @Test func `row 38: nothing is relayed to the server itself`() throws {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    var second = HandmadeClient(server, port: 5001)
    #expect(client.allocate() == 0 && second.allocate() == 0)
    let own = try #require(second.relayedAddress)
    #expect(client.permit(own) == 0)
    for address in [own, TURNWorld.serverAddress] {
      #expect(client.send([1], to: address).isEmpty)
      #expect(client.bind(0x4000, to: address) == 403)
    }
    // Not by a channel either that was there before the relay was.
    let next = TransportAddress(ip: own.ip, port: own.port + 1)
    #expect(client.bind(0x4000, to: next) == 0)
    #expect(client.relayed(channelData(0x4000, [1])).count == 1)
    var third = HandmadeClient(server, port: 5002)
    third.nextPort = own.port
    #expect(third.allocate() == 0 && third.relayedAddress == next)
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty && client.send([1], to: next).isEmpty)
    server.configuration.relaysToOwnRelays = true
    #expect(client.send([1], to: own).count == 1)
    #expect(client.send([1], to: TURNWorld.serverAddress).isEmpty)
  }

  @Test func `what the policy says anew counts for channels and peers of old`() throws {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    let peer = TURNWorld.peerAddress
    #expect(client.allocate() == 0 && client.bind(0x4000, to: peer) == 0)
    #expect(client.relayed(channelData(0x4000, [1])).count == 1)
    #expect(client.send([1], to: peer).count == 1)
    server.configuration.peers.denied = [try #require(IPAddressRange("192.0.2.77/32"))]
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
    #expect(client.send([1], to: peer).isEmpty)
    #expect(server.statistics.drops[.forbidden] == 2)
    server.configuration.peers.denied = []
    #expect(client.relayed(channelData(0x4000, [1])).count == 1)
  }

  @Test func `blocks are read and contain what they should`() throws {
    let block = try #require(IPAddressRange("10.1.2.3/8"))
    #expect(block.first == IPAddress(10, 0, 0, 0) && block.prefixLength == 8)
    let allV6 = try #require(IPAddressRange("::/0"))
    #expect(allV6.contains(try #require(IPAddress("ff::"))))
    let all = try #require(IPAddressRange("0.0.0.0/0"))
    #expect(all.contains(IPAddress(255, 1, 1, 1)))
    #expect(!all.contains(try #require(IPAddress("::1"))))
    let one = try #require(IPAddressRange("2a00::1"))
    #expect(one.prefixLength == 128)
    #expect(!one.contains(try #require(IPAddress("2a00::"))))
    let long = try #require(IPAddressRange("2a00:0:0:1:8000::/65"))
    #expect(long.contains(try #require(IPAddress("2a00:0:0:1:ffff::"))))
    #expect(!long.contains(try #require(IPAddress("2a00:0:0:1:7fff::"))))
    for text in ["", "10/8", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/"] {
      #expect(IPAddressRange(text) == nil, "\(text)")
    }
  }
}
