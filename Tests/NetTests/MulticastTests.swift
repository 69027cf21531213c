import Net
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct MulticastTests {
  @Test(arguments: [IPAddress(224, 0, 0, 251), IPAddress(v6High: 0xff02 << 48, low: 0xfb)])
  func `sockets in a group hear each other on their interface`(group: IPAddress) throws {
    let interfaces = try NetworkInterface.all()
    guard
      let interface = interfaces.first(where: { $0.isLoopback && $0.ip.family == group.family })
    else { return }
    let port = try loopbackSocket().localAddress.port
    let address = TransportAddress(ip: group, port: port)
    // Where the loopback interface takes no multicast, there is nothing to be tested.
    guard let first = try? UDPSocket(multicastGroup: address, on: interface) else { return }
    let second = try UDPSocket(multicastGroup: address, on: interface)
    let outbox = Outbox()
    outbox.append(datagram(4, 60).span, on: Path(local: first.localAddress, remote: address))
    first.flush(outbox)
    guard first.statistics.sentDatagrams == 1 else { return }
    #expect(try collect(1, from: second).first?.bytes == datagram(4, 60))
    #expect(try collect(1, from: first).first?.bytes == datagram(4, 60))
  }

  @Test func `a port is taken from a range, and a full range is told in words`() throws {
    var random = RandomSource.seeded(3)
    let base = try loopbackSocket().localAddress.port
    let range = base...min(base, 65_530) + 3
    var held: [UDPSocket] = []
    while held.count < 10 {
      do throws(SystemError) {
        held.append(try UDPSocket.bound(to: loopback, ports: range, random: &random))
      } catch {
        #expect(error.isAddressInUse)
        break
      }
    }
    #expect(held.count <= range.count && !held.isEmpty)
    #expect(Set(held.map(\.localAddress.port)).count == held.count)
    #expect(held.allSatisfy { range.contains($0.localAddress.port) })
  }

  @Test func `interfaces are listed for others to reach, or not at all`() throws {
    let reachable = try NetworkInterface.reachable()
    #expect(reachable.allSatisfy { !$0.isLoopback && !$0.ip.isLinkLocal && $0.index > 0 })
    let all = try NetworkInterface.reachable(includesLoopback: true)
    #expect(all.contains { $0.isLoopback })
    #expect(try NetworkInterface.reachable(includesLoopback: true) { $0 != "lo" } == reachable)
    #expect(try NetworkInterface.reachable { _ in false }.isEmpty)
  }
}
