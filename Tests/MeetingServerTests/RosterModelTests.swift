import Signaling
import Synchronization
import Testing
import Wire

@testable import MeetingServer

/// A client that believes what it hears: its roster must always be the room's.
private final class Believer {
  var client: Client
  var roster: [ParticipantDescription] = []
  var chat: [String] = []
  var lastSeq: UInt64 = 0
  var isAttached = true
  let isRelay: Bool
  let room: String

  init(_ client: Client, room: String, isRelay: Bool) {
    self.client = client
    self.room = room
    self.isRelay = isRelay
  }

  func listen() throws {
    for envelope in try client.socket.new() {
      if let seq = envelope.seq {
        #expect(seq > lastSeq, "numbers rise")
        lastSeq = seq
      }
      switch envelope.message {
      case .joined(let joined):
        roster = joined.participants
        chat = joined.chat.map(\.text)
        client.me.withLock {
          $0.id = envelope.userId ?? ""
          $0.token = joined.resumeToken
        }
      case .resumed(let resumed):
        #expect(roster == resumed.participants || resumed.missed, "the repeated messages tell all")
        roster = resumed.participants
      case .participantJoined(let participant): roster.append(participant)
      case .participantUpdated(let participant):
        guard let place = roster.firstIndex(where: { $0.id == participant.id }) else {
          Issue.record("updated, but never seen")
          return
        }
        roster[place] = participant
      case .participantLeft(let id, _):
        #expect(roster.contains { $0.id == id }, "left, but never seen")
        roster.removeAll { $0.id == id }
      case .chat(let message): chat.append(message.text)
      case .error(let failure): Issue.record("\(failure)")
      default: break
      }
    }
  }
}

/// Drives a meeting by a seed and checks after every step.
private final class Script {
  let stage: Stage
  var random: RandomSource
  var believers: [Believer] = []
  var publishers: [(room: String, resource: String)] = []
  var names = 0

  init(seed: UInt64) {
    stage = Stage(seed: seed)
    random = .seeded(seed)
  }

  func pick<Element>(_ choices: [Element]) -> Element? {
    choices.isEmpty ? nil : choices[Int.random(in: 0..<choices.count, using: &random)]
  }

  func step() async throws {
    switch Int.random(in: 0..<14, using: &random) {
    case 0, 1, 2: try await join()
    case 3: try await relay()
    case 4, 5: await say { .chat("\($0)") }
    case 6: await say { .update(UpdateRequest(name: "n\($0)")) }
    case 7:
      await say { .update(UpdateRequest(media: LiveMediaChange(camera: $0 % 2 == 0))) }
    case 8: await leave()
    case 9: await loseSocket()
    case 10: try await resume()
    case 11: await publish()
    case 12: await unpublish()
    default: await stage.advance(.seconds(Int64.random(in: 0...40, using: &random)))
    }
    try await check()
  }

  private func join() async throws {
    let room = "room\(Int.random(in: 0..<3, using: &random))"
    names += 1
    let believer = Believer(await stage.client(), room: room, isRelay: false)
    let sdp = Bool.random(using: &random) ? "v=0" : nil
    await believer.client.say(
      .join(JoinRequest(name: "n\(names)", sdp: sdp), room: room))
    believers.append(believer)
  }

  private func relay() async throws {
    let room = "room\(Int.random(in: 0..<3, using: &random))"
    let id = "u\(Int.random(in: 0..<4, using: &random))"
    believers.removeAll { $0.isRelay && $0.room == room && $0.client.id == id }
    believers.append(Believer(try await stage.relay(id, room: room), room: room, isRelay: true))
  }

  private func say(_ message: (Int) -> ClientMessage) async {
    guard let speaker = pick(believers.filter { $0.isAttached && !$0.isRelay }) else { return }
    names += 1
    await speaker.client.say(message(names))
  }

  private func leave() async {
    guard let leaver = pick(believers.filter(\.isAttached)) else { return }
    await leaver.client.say(.leave)
    believers.removeAll { $0 === leaver }
  }

  private func loseSocket() async {
    guard let loser = pick(believers.filter(\.isAttached)) else { return }
    await loser.client.close(isGoingAway: Int.random(in: 0..<4, using: &random) == 0)
    loser.isAttached = false
    if loser.isRelay { believers.removeAll { $0 === loser } }
  }

  private func resume() async throws {
    guard let returner = pick(believers.filter { !$0.isRelay }) else { return }
    let client = await stage.client()
    client.me.withLock { $0 = returner.client.me.withLock { $0 } }
    await client.say(
      .resume(ResumeRequest(resumeToken: returner.client.token, lastSeq: returner.lastSeq)))
    if client.socket.texts.contains(where: { $0.contains("resume-failed") }) {
      #expect(!returner.isAttached, "an attached participant can always be resumed")
      believers.removeAll { $0 === returner }
    } else {
      returner.client = client
      returner.isAttached = true
    }
  }

  private func publish() async {
    let room = "room\(Int.random(in: 0..<3, using: &random))"
    guard let session = try? await stage.meeting.publish(in: room, name: "WHIP", offer: "v=0")
    else { return }
    publishers.append((room, session.resource))
  }

  private func unpublish() async {
    guard let publisher = pick(publishers) else { return }
    _ = await stage.meeting.end(publisher.resource, in: publisher.room, isPlayer: false)
  }

  private func check() async throws {
    for believer in believers where believer.isAttached {
      try believer.listen()
      let truth = await stage.meeting.truth(of: believer.room)
      if believer.isRelay {
        let others = truth.map(\.id).filter { $0 != believer.client.id }
        #expect(Set(believer.roster.map(\.id)) == Set(others))
      } else {
        #expect(believer.roster == truth)
      }
    }
    let media = await stage.meeting.peersWithMedia
    #expect(media == stage.plane.connected)
  }

  func end() async {
    for believer in believers where believer.isAttached { await believer.client.say(.leave) }
    for publisher in publishers {
      _ = await stage.meeting.end(publisher.resource, in: publisher.room, isPlayer: false)
    }
    await stage.advance(.seconds(61))
    await stage.advance(.seconds(601))
  }
}

extension Meeting {
  fileprivate func truth(of room: String) -> [ParticipantDescription] {
    rooms[room].map(roster) ?? []
  }

  fileprivate var peersWithMedia: Set<MediaPeerID> {
    Set(people.values.filter { $0.media != .none }.map(\.peer))
  }

  fileprivate var isClean: Bool {
    rooms.isEmpty && mediaRooms.isEmpty && people.isEmpty && players.isEmpty && owners.isEmpty
      && tokens.isEmpty && resources.isEmpty && newcomers.isEmpty
  }
}

@Test(arguments: 1...UInt64(40))
func `whatever happens, everybody's roster is the room's, and nothing stays behind`(
  seed: UInt64
) async throws {
  let script = Script(seed: seed)
  for _ in 0..<150 { try await script.step() }
  await script.end()
  #expect(script.stage.plane.connected.isEmpty)
  #expect(await script.stage.meeting.isClean)
}
