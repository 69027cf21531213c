import ICE
import Peer
import RTCTesting
import RTP
import STUN
import Testing
import Wire

@testable import SFU

/// Whether the compiler optimises: then there is time for more rounds.
private let isOptimized = !_isDebugAssertConfiguration()

/// What comes from somebody without the keys.
struct ForgeryTests {
  private let elsewhere = Path(
    local: VirtualServer.address,
    remote: TransportAddress(ip: IPAddress(192, 0, 2, 66), port: 6666))

  /// Two people in conversation.
  private func meeting(seed: UInt64) -> (VirtualRoom, VirtualClient, VirtualClient) {
    let room = VirtualRoom(seed: seed)
    let (ana, budi) = (room.join(1), room.join(2))
    room.network.run(for: .seconds(1))
    return (room, ana, budi)
  }

  /// All that forwarding keeps of its members' media, as text.
  private func state(of room: VirtualRoom) -> [String] {
    let forwarder = room.server.forwarder
    var lines = [
      "\(forwarder.memberByPath.count) \(forwarder.memberByFragment.count)",
      "\(forwarder.waiting.count) \(forwarder.forwardedCount) \(room.server.events.count)",
    ]
    for member in forwarder.memberList {
      lines.append("\(member.id) \(member.isConnected) \(String(describing: member.ntpOffset))")
      lines.append("\(String(describing: member.remote.selectedPath)) \(member.repairs.count)")
      for stream in member.streamList {
        lines.append("\(stream.ssrc) \(stream.unwrapper) \(stream.meter)")
        lines.append("\(stream.statistics) \(stream.losses) \(stream.keyFrames)")
        lines.append("\(String(describing: stream.lastPacketAt)) \(stream.pending.count)")
      }
      for slot in member.slots {
        lines.append("\(slot.plan) \(slot.layers) \(slot.packetCount)")
      }
    }
    return lines
  }

  /// The meeting goes on: both see and hear the other without a gap.
  private func expectGoingOn(_ room: VirtualRoom, sourceLocation: SourceLocation = #_sourceLocation)
  {
    let before = room.clients.map { $0.received.values.map(\.packets).reduce(0, +) }
    room.network.run(for: .seconds(1))
    for (client, before) in zip(room.clients, before) {
      let now = client.received.values.map(\.packets).reduce(0, +)
      #expect(now - before > 80, sourceLocation: sourceLocation)
      #expect(client.received.values.allSatisfy { $0.gaps == 0 }, sourceLocation: sourceLocation)
    }
    #expect(room.network.stuckTimerCount == 0, sourceLocation: sourceLocation)
  }

  @Test(arguments: [true, false])
  func `row 15: datagrams of every kind and length change nothing`(fromKnownAddress: Bool) {
    let (room, ana, _) = meeting(seed: 30)
    let direct = DirectForwarding(room)
    let path = fromKnownAddress ? DirectForwarding.path(of: ana) : elsewhere
    let before = state(of: room)
    var random = RandomSource.seeded(1)
    let noise = random.bytes(2048)
    let step = isOptimized ? 1 : 61
    for first in 0...255 as ClosedRange<UInt8> {
      for length in Array(0...(isOptimized ? 128 : 40)) + stride(from: 41, through: 2048, by: step)
      {
        var buffer = Array(noise.prefix(length))
        if length > 0 { buffer[0] = first }
        var datagram = buffer.mutableSpan
        direct.receiveForged(&datagram, on: path)
      }
    }
    #expect(direct.outbox.isEmpty)
    #expect(state(of: room) == before)
    expectGoingOn(room)
  }

  @Test func `row 2: media shorter than its tag is dropped`() {
    let (room, ana, _) = meeting(seed: 31)
    let direct = DirectForwarding(room)
    let before = state(of: room)
    let valid = direct.sound(of: ana, count: 1)[0]
    for second in [111, 96, 200, 201, 205, 206] as [UInt8] {
      for length in 0...64 {
        var bytes = [0x80, second] + valid.dropFirst(2) + [UInt8](repeating: 0, count: 64)
        bytes.removeLast(bytes.count - length)
        if !bytes.isEmpty, second == 111, length == valid.count { continue }
        direct.receive(bytes, from: ana)
      }
    }
    #expect(direct.outbox.isEmpty)
    #expect(state(of: room) == before)
    room.network.inject(valid, from: ana.address, to: VirtualServer.address)
    expectGoingOn(room)
  }

  @Test func `row 25: forged media from the right and the wrong address changes nothing`() {
    let (room, ana, budi) = meeting(seed: 32)
    let direct = DirectForwarding(room)
    var random = RandomSource.seeded(2)
    let valid = direct.sound(of: ana, count: 1)[0]
    let before = state(of: room)
    let paths = [DirectForwarding.path(of: ana), DirectForwarding.path(of: budi), elsewhere]
    for round in 0..<(isOptimized ? 1_000_000 : 100_000) {
      var forged = valid
      switch round % 4 {
      case 0: forged[forged.count - 1] ^= UInt8.random(in: 1...255, using: &random)
      case 1: forged[3] &+= UInt8.random(in: 1...255, using: &random)
      case 2: forged[1] = .random(in: 200...206, using: &random)
      default: forged[Int.random(in: 4...11, using: &random)] ^= 1
      }
      var datagram = forged.mutableSpan
      direct.receiveForged(&datagram, on: paths[round % 3])
    }
    // Somebody else's authentic packet proves nothing either.
    var stolen = valid
    var datagram = stolen.mutableSpan
    direct.receiveForged(&datagram, on: DirectForwarding.path(of: budi))
    #expect(direct.outbox.isEmpty)
    #expect(state(of: room) == before)
    room.network.inject(valid, from: ana.address, to: VirtualServer.address)
    expectGoingOn(room)
  }

  /// A check to the server, as somebody may write one who has some names and passwords.
  private func check(fragment: String, password: String, from: String = "none") -> [UInt8] {
    [UInt8](capacity: 400) { output in
      output.beginSTUN(.request, STUNTransactionID(high: 1, low: 2))
      output.appendSTUN(.username, "\(fragment):\(from)")
      output.appendSTUN(.priority, 0x6e00_1eff as UInt32)
      output.appendSTUN(.iceControlling, UInt64.max)
      output.appendSTUN(.useCandidate)
      output.finishSTUN(key: Array(password.utf8).span)
    }
  }

  @Test func `row 28: another peer's user name without its password opens no path`() {
    let (room, ana, budi) = meeting(seed: 33)
    let direct = DirectForwarding(room)
    let names = VirtualRoom.credentials(ana.name, ofServer: true)
    let password = VirtualRoom.credentials(budi.name, ofServer: true).password
    let before = state(of: room)
    for path in [DirectForwarding.path(of: budi), elsewhere] {
      direct.receive(check(fragment: names.usernameFragment, password: password), on: path)
    }
    #expect(direct.outbox.isEmpty)
    #expect(state(of: room) == before)
    expectGoingOn(room)
  }

  @Test func `row 32: checks for nobody leave nothing behind`() {
    let (room, _, _) = meeting(seed: 34)
    let direct = DirectForwarding(room)
    let before = state(of: room)
    var random = RandomSource.seeded(3000)
    let count = isOptimized ? 100_000 : 5_000
    for _ in 0..<count {
      let names = ICECredentials.random(using: &random)
      let source = TransportAddress(
        ip: IPAddress(10, .random(in: 0...255, using: &random), 1, 1),
        port: .random(in: 1...65_535, using: &random))
      var bytes = check(fragment: names.usernameFragment, password: names.password)
      var datagram = bytes.mutableSpan
      direct.receiveForged(&datagram, on: Path(local: VirtualServer.address, remote: source))
    }
    #expect(room.server.forwarder.drops.unknownSender >= UInt64(count))
    #expect(direct.outbox.isEmpty)
    #expect(state(of: room) == before)
    expectGoingOn(room)
  }

  @Test func `a member who checks from another's address does not take it over`() {
    let (room, ana, budi) = meeting(seed: 35)
    let direct = DirectForwarding(room)
    let names = VirtualRoom.credentials(budi.name, ofServer: true)
    let own = VirtualRoom.credentials(budi.name, ofServer: false).usernameFragment
    direct.receive(
      check(fragment: names.usernameFragment, password: names.password, from: own),
      from: ana)
    #expect(
      room.server.forwarder.memberByPath[DirectForwarding.path(of: ana)]?.id == ana.id)
    room.network.run(for: .seconds(10))
    expectGoingOn(room)
  }

  @Test func `checks of one member from ever new addresses are bounded`() {
    let (room, ana, _) = meeting(seed: 36)
    let direct = DirectForwarding(room)
    let names = VirtualRoom.credentials(ana.name, ofServer: true)
    let own = VirtualRoom.credentials(ana.name, ofServer: false).usernameFragment
    for port in 1...2000 as ClosedRange<UInt16> {
      let source = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: port)
      direct.receive(
        check(fragment: names.usernameFragment, password: names.password, from: own),
        on: Path(local: VirtualServer.address, remote: source))
      direct.outbox.removeAll()
    }
    #expect(room.server.forwarder.memberByPath.count <= 110)
    expectGoingOn(room)
  }
}
