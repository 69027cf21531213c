import Testing
import Wire

@testable import MeetingServer

private let truth = IPAddress(5, 9, 0, 7)
private let lie = IPAddress(9, 9, 9, 9)
private let home = IPAddress(10, 0, 0, 2)

/// Somebody of the open Internet.
private func person(_ number: Int) -> IPAddress {
  IPAddress(81, 2, UInt8(number / 250), UInt8(1 + number % 250))
}

private func six(_ high: UInt64, _ low: UInt64 = 1) -> IPAddress {
  IPAddress(v6High: 0x2a0c_0000_0000_0000 | high, low: low)
}

extension AddressWitnesses {
  fileprivate mutating func hear(
    _ seen: IPAddress, from peer: IPAddress, port: UInt16 = 7880, own: [IPAddress] = [home],
    at second: Int64 = 0
  ) {
    hear(
      AddressSighting(peer: peer, seen: TransportAddress(ip: seen, port: port)), mediaPort: 7880,
      own: own, at: .zero + .seconds(second))
  }

  fileprivate mutating func believed(at second: Int64 = 0) -> [IPAddress] {
    believed(at: .zero + .seconds(second))
  }
}

@Suite struct AddressWitnessesTests {
  @Test func `what two people of different networks see is believed, what one sees is not`() {
    var witnesses = AddressWitnesses()
    for _ in 0..<10 { witnesses.hear(truth, from: person(1)) }
    #expect(witnesses.believed() == [])
    witnesses.hear(truth, from: person(2))
    #expect(witnesses.believed() == [truth])
  }

  @Test func `a lie is believed only where more networks tell it than anything else`() {
    var witnesses = AddressWitnesses()
    witnesses.hear(truth, from: person(1))
    witnesses.hear(truth, from: person(2))
    witnesses.hear(lie, from: person(3))
    #expect(witnesses.believed() == [truth])
    witnesses.hear(lie, from: person(4))
    #expect(witnesses.believed() == [], "two words against two")
    witnesses.hear(truth, from: person(5))
    #expect(witnesses.believed() == [truth])
  }

  @Test func `who changes the story has told one story`() {
    var witnesses = AddressWitnesses()
    witnesses.hear(truth, from: person(1))
    witnesses.hear(truth, from: person(2))
    witnesses.hear(lie, from: person(2))
    #expect(witnesses.believed() == [])
    #expect(witnesses.count == 2)
  }

  @Test func `a block of IPv6 addresses that one person may have all of is one network`() {
    var witnesses = AddressWitnesses()
    for number in 0..<200 { witnesses.hear(six(7), from: six(0x1_0000 + UInt64(number))) }
    #expect(witnesses.count == 1)
    #expect(witnesses.believed() == [])
    witnesses.hear(six(7), from: six(0x2_0000))
    #expect(witnesses.believed() == [six(7)])
  }

  @Test func `each family has an address of its own`() {
    var witnesses = AddressWitnesses()
    for number in 1...2 {
      witnesses.hear(truth, from: person(number))
      witnesses.hear(six(7), from: six(UInt64(number) << 16))
    }
    #expect(witnesses.believed() == [truth, six(7)])
  }

  @Test(arguments: [
    (truth, home, 7880, "from the same private network"),
    (truth, person(1), 7881, "another port: no translation that others pass"),
    (IPAddress(192, 168, 1, 9), person(1), 7880, "no address of the open Internet"),
    (IPAddress(127, 0, 0, 1), person(1), 7880, "this very machine"),
    (IPAddress(224, 0, 0, 1), person(1), 7880, "a group"),
    (IPAddress(v6High: 0, low: 0xFFFF_0509_0007), six(1 << 16), 7880, "an address in disguise"),
    (person(1), person(1), 7880, "the witness itself"),
    (six(7), person(1), 7880, "of another family"),
  ])
  func `what cannot come from behind a translation that keeps ports is not heard`(
    seen: IPAddress, peer: IPAddress, port: Int, why: String
  ) {
    var witnesses = AddressWitnesses()
    witnesses.hear(seen, from: peer, port: UInt16(port))
    #expect(witnesses.count == 0, "\(why)")
  }

  @Test func `this machine's own addresses need no witnesses`() {
    var witnesses = AddressWitnesses()
    witnesses.hear(truth, from: person(1), own: [truth])
    #expect(witnesses.count == 0)
  }

  @Test func `what nobody has said for a quarter of an hour is forgotten`() {
    var witnesses = AddressWitnesses()
    witnesses.hear(truth, from: person(1), at: 0)
    witnesses.hear(truth, from: person(2), at: 0)
    witnesses.hear(truth, from: person(1), at: 600)
    #expect(witnesses.believed(at: 899) == [truth])
    #expect(witnesses.believed(at: 900) == [])
    witnesses.hear(truth, from: person(2), at: 1000)
    #expect(witnesses.believed(at: 1000) == [truth])
  }

  @Test func `no crowd takes more memory than its share, and it goes with time`() {
    var witnesses = AddressWitnesses()
    for number in 0..<1000 { witnesses.hear(lie, from: person(number), at: 0) }
    #expect(witnesses.count == AddressWitnesses.limit)
    for number in 2000..<2002 { witnesses.hear(truth, from: person(number), at: 900) }
    #expect(witnesses.count == 2)
    #expect(witnesses.believed(at: 900) == [truth])
  }
}
