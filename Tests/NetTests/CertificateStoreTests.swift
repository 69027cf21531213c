import Testing
import Wire

@testable import Net

@Suite struct ClientHelloTests {
  private func hello(_ name: [UInt8], _ protocols: [UInt8] = []) -> ClientHello {
    ClientHello(serverNames: name, protocols: protocols)
  }

  private func list(_ name: String) -> [UInt8] {
    let bytes = Array(name.utf8)
    return [0, UInt8(bytes.count + 3), 0, 0, UInt8(bytes.count)] + bytes
  }

  @Test func `the name that is asked for is read in lower case`() {
    #expect(hello(list("Meet.Example")).serverName == "meet.example")
    for count in 0..<17 {
      #expect(hello(Array(list("meet.example").prefix(count))).serverName == nil)
    }
    #expect(hello(list("meet.example") + [0]).serverName == nil)
    #expect(hello([0, 4, 1, 0, 1, 97]).serverName == nil)
    #expect(hello([0, 4, 0, 0, 1, 0xFF]).serverName == nil)
  }

  @Test func `only a list of acme-tls alone is an authority's question`() {
    let challenge = [10] + Array("acme-tls/1".utf8)
    #expect(hello([], [0, 11] + challenge).asksForChallenge)
    #expect(!hello([], [0, 20] + challenge + [8] + Array("http/1.1".utf8)).asksForChallenge)
    #expect(!hello([], []).asksForChallenge)
  }

  @Test func `a protocol is chosen out of what is offered, whatever that is`() {
    let web = Array("http/1.1".utf8)
    let list = [2, 104, 50, 8] + web + [10] + ApplicationProtocol.challenge
    #expect(ApplicationProtocol.choice(from: list) == 4..<12)
    #expect(ApplicationProtocol.choice(from: [10] + ApplicationProtocol.challenge) == 1..<11)
    #expect(ApplicationProtocol.choice(from: [2, 104, 50]) == nil)
    var random = RandomSource.seeded(3)
    for _ in 0..<5000 {
      var damaged = list
      damaged[Int(random.next() % UInt64(list.count))] = UInt8(truncatingIfNeeded: random.next())
      damaged.removeLast(Int(random.next() % 8))
      if let range = ApplicationProtocol.choice(from: damaged) {
        #expect(range.upperBound <= damaged.count && !range.isEmpty)
      }
    }
  }
}
