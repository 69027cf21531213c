import Signaling
import Testing
import Wire

@testable import MeetingServer

@Test(arguments: [
  (MediaContact.Reach.silent, Diagnosis.Finding.silent), (.heard, .oneWay), (.mutual, .noKeys),
])
func `whoever signals but is not connected after seven seconds is told what has come over UDP`(
  reach: MediaContact.Reach, finding: Diagnosis.Finding
) async throws {
  let stage = Stage()
  stage.plane.reach = reach
  let ana = try await stage.joined("Ana", sdp: "a")
  _ = try ana.heard()
  await stage.advance(.milliseconds(6_900))
  #expect(try ana.heard() == [])
  await stage.advance(.milliseconds(200))
  #expect(
    try ana.heard() == [.diagnosis(Diagnosis(finding, ports: [7880], address: "203.0.113.7"))])
  await stage.advance(.seconds(20))
  #expect(try ana.heard() == [], "once for each answer to a first offer")
}

@Test func `a closed port is named in the log with the address it is closed from`() async throws {
  let stage = Stage()
  stage.plane.reach = .silent
  _ = try await stage.joined("Ana", sdp: "a")
  await stage.advance(.seconds(8))
  #expect(
    stage.log.lines == [
      "UDP port 7880 is closed from 203.0.113.7: it signals, but nothing else comes; open it in the "
        + "firewalls of this machine and before it, or say the right address with --advertise"
    ])
}

@Test func `the same is not logged again within a minute, and a flood of findings has an end`()
  async throws
{
  let stage = Stage { $0.diagnosesRemembered = 3 }
  stage.plane.reach = .silent
  for name in ["Ana", "Budi", "Citra"] { _ = try await stage.joined(name, sdp: "a") }
  await stage.advance(.seconds(8))
  #expect(stage.log.lines.count == 1)
  _ = try await stage.joined("Dewi", sdp: "a")
  await stage.advance(.seconds(53))
  #expect(stage.log.lines.count == 1)
  _ = try await stage.joined("Eka", sdp: "a")
  await stage.advance(.seconds(8))
  #expect(stage.log.lines.count == 2)
  for number in 0..<5 {
    _ = try await stage.joined("Fajar", sdp: "a", address: "198.51.100.\(number)")
  }
  await stage.advance(.seconds(8))
  #expect(stage.log.lines.count == 4)
}

@Test func `who is connected another way is told nothing, but the log has the closed port`()
  async throws
{
  let stage = Stage()
  stage.plane.reach = .silent
  let ana = try await stage.joined("Ana", sdp: "a")
  await stage.meeting.handle(.stateChanged(stage.plane.peers[0], .connected))
  _ = try ana.heard()
  await stage.advance(.seconds(8))
  #expect(try ana.heard() == [])
  #expect(stage.log.lines.first?.contains("it is connected another way") == true)
}

@Test func `nothing is found wrong with who is connected, has no media or has no socket`()
  async throws
{
  let stage = Stage()
  stage.plane.reach = .heard
  let ana = try await stage.joined("Ana", sdp: "a")
  await stage.meeting.handle(.stateChanged(stage.plane.peers[0], .connected))
  let budi = try await stage.joined("Budi")
  let citra = try await stage.joined("Citra", sdp: "c")
  await citra.close()
  for client in [ana, budi] { _ = try client.heard() }
  await stage.advance(.seconds(8))
  #expect(stage.log.lines == [])
  #expect(try ana.heard() == [])
  #expect(try budi.heard() == [])
}

@Test(arguments: [
  (
    Path.Transport.tls, UInt16(7880),
    "is closed from 203.0.113.7: it is connected by the relay over TLS; open it"
  ),
  (.tcp, 7880, "is closed from 203.0.113.7: it is connected by the relay over TCP; open it"),
  (
    .udp, 3478, "is closed from 203.0.113.7: it is connected by the relay at UDP port 3478; open it"
  ),
  (.udp, 7880, "hears 203.0.113.7 as a relay only: UDP gets through, but not to the addresses"),
])
func `who comes by our relay is not taken for one whom the media port hears`(
  transport: Path.Transport, port: UInt16, sentence: String
) async throws {
  let stage = Stage(relay: RecordingRelay(lendsTo: transport, udpPort: port))
  stage.plane.reach = .mutual
  let ana = try await stage.joined("Ana", sdp: "a")
  await stage.meeting.handle(.stateChanged(stage.plane.peers[0], .connected))
  _ = try ana.heard()
  await stage.advance(.seconds(8))
  #expect(try ana.heard() == [])
  #expect(stage.log.lines.count == 1)
  #expect(stage.log.lines.first?.hasPrefix("UDP port 7880 \(sentence)") == true)
}

@Test(arguments: [true, false])
func `a port that closes in a call is named too, if whoever was heard by it is still there`(
  isThere: Bool
) async throws {
  let stage = Stage()
  stage.plane.reach = .mutual
  let ana = try await stage.joined("Ana", sdp: "a")
  let peer = stage.plane.peers[0]
  await stage.meeting.handle(.stateChanged(peer, .connected))
  await stage.advance(.seconds(100))
  #expect(stage.log.lines == [])
  stage.plane.reach = .silent
  await stage.meeting.handle(.stateChanged(peer, .connecting))
  _ = try ana.heard()
  await stage.advance(.seconds(1))
  if isThere { await ana.say(.ping(.null)) }
  await stage.advance(.seconds(7))
  let found = try ana.heard().filter { $0.type == "diagnosis" }
  guard isThere else {
    #expect(found == [] && stage.log.lines == [])
    return
  }
  #expect(found == [.diagnosis(Diagnosis(.silent, ports: [7880], address: "203.0.113.7"))])
  let line = stage.log.lines.first ?? ""
  #expect(line.hasPrefix("UDP port 7880 is closed from 203.0.113.7: it signals, but nothing else"))
}

@Test func `a call that found another way, or its old one, is told nothing`() async throws {
  for reach in [MediaContact.Reach.silent, .mutual] {
    let stage = Stage()
    stage.plane.reach = .mutual
    let ana = try await stage.joined("Ana", sdp: "a")
    let peer = stage.plane.peers[0]
    await stage.meeting.handle(.stateChanged(peer, .connected))
    await stage.advance(.seconds(100))
    stage.plane.reach = reach
    await stage.meeting.handle(.stateChanged(peer, .connecting))
    await stage.meeting.handle(.stateChanged(peer, .connected))
    _ = try ana.heard()
    await stage.advance(.seconds(8))
    #expect(try ana.heard() == [])
    #expect(
      stage.log.lines.map { $0.contains("it is connected another way") }
        == (reach == .silent ? [true] : []))
  }
}
