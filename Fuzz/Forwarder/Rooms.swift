import Peer
import RTP
import SFU
import Wire

/// The forwarder with its peers, and what must hold of it whatever they do.
final class Rooms {
  private static let peerCount = 4
  private static let slotSize = 2048

  private let forwarder = SelectiveForwarder(random: .seeded(3))
  private var participants = [Participant?](repeating: nil, count: peerCount)
  private var shown: [PeerID: [ForwarderEvent.SlotContent]] = [:]
  private var events: [ForwarderEvent] = []
  private let outbox = Outbox()
  private let sent = Outbox()
  private var slab = [UInt8](repeating: 0, count: 16 * slotSize)
  private var filled = 0
  private var now = Instant.zero
  private var generation: UInt64 = 0
  private var wasProtected = false

  // MARK: Control

  func join(_ index: Int, shape: UInt8) {
    generation += 1
    wasProtected = wasProtected || Shape(shape).isProtected
    let (participant, remote) = Participant.pair(
      index, generation: generation, shape: Shape(shape), replacing: participants[index])
    remote.transportSequenceID = Shape.transportSequenceID
    participants[index] = participant
    // What it was told before is of another connection.
    takeEvents()
    shown[participant.id] = nil
    forwarder.add(
      participant.id, to: participant.room, remote: remote, cname: "c",
      publishing: participant.shape.tracks, receiving: participant.shape.slots, at: now,
      events: &events)
  }

  func leave(_ index: Int) {
    guard let participant = participants[index] else { return }
    forwarder.remove(participant.id, at: now, events: &events)
    participants[index] = nil
    shown[participant.id] = nil
  }

  func update(_ index: Int, shape: UInt8) {
    guard let participant = participants[index] else { return }
    participant.shape = Shape(shape)
    wasProtected = wasProtected || participant.shape.isProtected
    forwarder.update(
      participant.id, publishing: participant.shape.tracks, receiving: participant.shape.slots,
      at: now, events: &events)
  }

  func setLive(_ isLive: Bool, _ index: Int, role: UInt8) {
    forwarder.setLive(isLive, Self.source(role, of: index), at: now, events: &events)
  }

  func setView(_ choice: [UInt8], of index: Int) {
    let tiles = choice.map { byte in
      ViewTile(
        source: Self.source(byte >> 2, of: Int(byte & 3)),
        height: Int(byte) * 11 - 1000, priority: Int(byte >> 4) &* (.max / 100_000))
    }
    forwarder.setView(
      tiles, of: PeerID(rawValue: UInt64(index)), at: now, events: &events)
  }

  private static func source(_ role: UInt8, of index: Int) -> SourceID {
    SourceID(
      peer: PeerID(rawValue: UInt64(index)), role: SourceRole(rawValue: role & 3) ?? .camera)
  }

  // MARK: Media

  func sendMedia(
    stream: UInt8, flags: UInt8, number: UInt16, extensions: [UInt8], payload: [UInt8],
    from index: Int
  ) {
    guard let participant = participants[index] else { return }
    participant.sendMedia(
      stream: stream, flags: flags, number: number, extensions: extensions, payload: payload,
      into: sent)
    deliverToServer()
  }

  func sendControl(_ body: [UInt8], from index: Int) {
    participants[index]?.sendControl(body, into: sent)
    deliverToServer()
  }

  func sendFeedback(_ kind: UInt8, about ssrc: UInt8, from index: Int) {
    participants[index]?.sendFeedback(kind, about: ssrc, into: sent)
    deliverToServer()
  }

  /// Hands in bytes as they are, from a peer's address or from a stranger's.
  func inject(_ datagram: [UInt8], from index: Int?) {
    let address = index.flatMap { participants[$0]?.address } ?? Participant.stranger
    receive(datagram, on: Path(local: Participant.server, remote: address))
  }

  func forward() {
    var bytes = slab.mutableSpan
    forwarder.forward(&bytes, at: now, into: outbox)
    filled = 0
    precondition(!forwarder.hasWaitingPackets)
    deliverToParticipants()
  }

  private func receive(_ datagram: [UInt8], on path: Path) {
    guard datagram.count <= Self.slotSize else { return }
    if filled == 16 { forward() }
    let start = filled * Self.slotSize
    filled += 1
    var bytes = datagram
    var span = bytes.mutableSpan
    forwarder.receive(&span, at: start, on: path, at: now, into: outbox, events: &events)
    // It was decrypted in place, and is forwarded from there.
    for index in bytes.indices { slab[start + index] = bytes[index] }
  }

  // MARK: Time

  func pass(_ duration: Duration) {
    forward()
    now = now + duration
    forwarder.advance(to: now, into: outbox, events: &events)
    if let deadline = forwarder.deadline {
      precondition(deadline > now, "whoever waits for the deadline would never rest")
    }
    for participant in participants { participant?.advance(to: now, into: sent) }
    deliverToParticipants()
    deliverToServer()
    deliverToParticipants()
  }

  func connect() {
    for _ in 0..<12 { pass(.milliseconds(25)) }
  }

  private func deliverToServer() {
    for datagram in sent.datagrams {
      let path = Path(local: datagram.path.remote, remote: datagram.path.local)
      receive(sent.bytes(of: datagram), on: path)
    }
    sent.removeAll()
  }

  private func deliverToParticipants() {
    for datagram in outbox.datagrams {
      precondition(datagram.count <= 1600, "nothing grows without limit")
      let participant = participants.lazy.compactMap(\.self).first {
        $0.address == datagram.path.remote
      }
      guard let participant else { continue }
      participant.receive(
        outbox.bytes(of: datagram), at: now, into: sent, marksSound: !wasProtected
      ) { [participants] in
        participants[Int($0)]?.room == participant.room && Int($0) != participant.index
      }
    }
    outbox.removeAll()
    if !sent.isEmpty { deliverToServer() }
  }

  // MARK: Invariants

  func check() {
    takeEvents()
    precondition(forwarder.peerCount == participants.count { $0 != nil })
    precondition((forwarder.deadline == nil) == (forwarder.peerCount == 0))
    for participant in participants.lazy.compactMap(\.self) { check(participant) }
  }

  private func check(_ viewer: Participant) {
    let content = shown[viewer.id] ?? []
    precondition(Set(content.map(\.mid)).count == content.count, "a slot shows two sources")
    precondition(Set(content.map(\.source)).count == content.count, "a source is shown twice")
    for slot in content {
      let index = Int(slot.source.peer.rawValue)
      precondition(index != viewer.index, "somebody sees himself")
      precondition(participants[index]?.room == viewer.room, "a room's media left it")
      let plan = viewer.shape.slots.first { $0.mid == slot.mid }
      precondition(plan?.kind == slot.source.role.kind, "a slot shows what it cannot")
      let tracks = participants[index]?.shape.tracks ?? []
      precondition(tracks.contains { $0.role == slot.source.role }, "a slot shows what is gone")
    }
    precondition(forwarder.slots(of: viewer.id) == viewer.shape.slots)
  }

  private func takeEvents() {
    for event in events {
      switch event {
      case .slotsChanged(let id, let content): shown[id] = content
      case .speakersChanged(_, let speakers):
        precondition(speakers.allSatisfy { (0...1).contains($0.level) })
      case .layersWanted(_, let wanted): precondition(!wanted.isEmpty)
      case .qualityChanged(_, let peers):
        precondition(peers.allSatisfy { $0.up.score <= 5 && $0.down.score <= 5 })
      case .connected, .interrupted, .failed: break
      }
    }
    events.removeAll(keepingCapacity: true)
  }
}
