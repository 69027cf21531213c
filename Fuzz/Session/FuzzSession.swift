import DTLS
import SCTP
import SDP
import Session
import Wire

/// A script of calls, times, datagrams and descriptions, whole and damaged, for two sessions.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSession(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start, let identity, let context = try? DTLSContext(identity: identity)
  else { return 0 }
  // The fuzzer's buffer, valid for this call.
  var script = Script(
    bytes: unsafe Array(UnsafeBufferPointer(start: start, count: count)), context: context)
  script.run()
  return 0
}

/// One certificate for all runs: making one costs more than a run.
private let identity = try? DTLSIdentity.generate()

private struct Script {
  private struct Side {
    let session: PeerSession
    let base: TransportAddress
    let outbox = Outbox()
    /// Descriptions and candidates for the other side, the newest last.
    var descriptions: [SessionDescriptionText] = []
    var candidates: [CandidateInit] = []
  }

  private let bytes: [UInt8]
  private var position = 0
  private var sides: [Side]
  private var now = Instant.zero
  private var random = RandomSource.seeded(3)

  init(bytes: [UInt8], context: DTLSContext) {
    self.bytes = bytes
    sides = (0..<2).map { index in
      Side(
        session: PeerSession(context: context, random: .seeded(UInt64(index) + 1)),
        base: TransportAddress(ip: IPAddress(10, 0, 0, UInt8(index) + 1), port: 5000))
    }
  }

  mutating func run() {
    var stepCount = 0
    while let step = next(), stepCount < 400 {
      stepCount += 1
      let side = Int(step >> 7)
      perform(step & 0x1F, side)
      for side in 0..<2 { tend(side) }
    }
    for side in sides { check(side.session) }
  }

  private mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func perform(_ step: UInt8, _ side: Int) {
    let session = sides[side].session
    let outbox = sides[side].outbox
    switch step {
    case 0...3: deliver(from: side, damaged: step == 3)
    case 4: now = now + .milliseconds(Int64(next() ?? 0) * 10)
    case 5, 6:
      for one in sides where one.session.deadline.map({ $0 <= now + .seconds(2) }) == true {
        now = max(now, one.session.deadline ?? now)
      }
      for one in sides { one.session.advance(to: now, into: one.outbox) }
    case 7...9: setLocal(side, SessionDescriptionText?.none)
    case 10: setLocal(side, .rollback)
    case 11: setLocal(side, .init(kind: .provisionalAnswer, sdp: ""))
    case 12: if let offer = try? session.createOffer() { setLocal(side, offer) }
    case 13...16: signal(to: side, damaged: step == 16)
    case 17: try? session.setRemoteDescription(.rollback, at: now, into: outbox)
    case 18...19: addCandidate(to: side, damaged: step == 19)
    case 20...26: change(session, outbox, step)
    case 27:
      let options = DataChannelOptions(label: "\(next() ?? 0)")
      _ = try? session.createDataChannel(options, at: now, into: outbox)
    case 28: sendData(session, outbox)
    case 29: session.restartICE()
    case 30: if next() == 0 { session.close(at: now, into: outbox) }
    default: receiveNoise(side)
    }
  }

  private mutating func change(_ session: PeerSession, _ outbox: Outbox, _ step: UInt8) {
    let argument = next() ?? 0
    let kind: TrackKind = argument & 1 == 0 ? .audio : .video
    let all = session.transceivers
    guard all.count < 12 || step > 22 else { return }
    let one = all.isEmpty ? nil : all[Int(argument >> 1) % all.count]
    switch step {
    case 20: _ = try? session.addTrack(OutgoingTrack(id: "\(argument)", streamIDs: ["s"]), kind)
    case 21: _ = try? session.addTransceiver(kind)
    case 22:
      let layers = (0..<argument & 3).map { SendEncoding(rid: "r\($0)") }
      _ = try? session.addTransceiver(.video, sendEncodings: layers)
    case 23:
      let direction = Direction.allCases[Int(argument & 3)]
      if let one { try? session.setDirection(direction, of: one.id) }
    case 24: if let one { try? session.removeTrack(of: one.id) }
    case 25: if let one { try? session.stop(one.id) }
    default:
      if let one { try? session.setCodecPreferences(kind == .audio ? [] : [.vp8], of: one.id) }
    }
  }

  private mutating func setLocal(_ side: Int, _ description: SessionDescriptionText?) {
    let session = sides[side].session
    try? session.setLocalDescription(description, at: now, into: sides[side].outbox)
    if let local = session.localDescription { sides[side].descriptions.append(local) }
    if sides[side].descriptions.count > 8 { sides[side].descriptions.removeFirst() }
  }

  /// Gives a side a description of the other, the newest or an older one, whole or damaged.
  private mutating func signal(to side: Int, damaged isDamaged: Bool) {
    let letters = sides[1 - side].descriptions
    guard !letters.isEmpty else { return }
    let age = isDamaged ? Int(next() ?? 0) % letters.count : 0
    var letter = letters[letters.count - 1 - age]
    if isDamaged { letter.sdp = damaged(letter.sdp) }
    let session = sides[side].session
    let before = (session.signalingState, session.transceivers, session.remoteDescription)
    do {
      try session.setRemoteDescription(letter, at: now, into: sides[side].outbox)
    } catch {
      precondition(session.signalingState == before.0, "an error changes nothing")
      precondition(session.transceivers == before.1 && session.remoteDescription == before.2)
    }
  }

  private mutating func damaged(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for _ in 0..<Int(next() ?? 0) & 3 + 1 where !bytes.isEmpty {
      let place = (Int(next() ?? 0) << 8 | Int(next() ?? 0)) % bytes.count
      switch (next() ?? 0) & 3 {
      case 0: bytes[place] = next() ?? 0x30
      case 1: bytes.remove(at: place)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int(next() ?? 1)))
      default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 60)], at: place)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func addCandidate(to side: Int, damaged isDamaged: Bool) {
    guard !sides[1 - side].candidates.isEmpty else { return }
    var candidate = sides[1 - side].candidates.removeFirst()
    if isDamaged { candidate.candidate = damaged(candidate.candidate) }
    try? sides[side].session.addICECandidate(candidate, at: now, into: sides[side].outbox)
  }

  private mutating func sendData(_ session: PeerSession, _ outbox: Outbox) {
    let id = DataChannelID(rawValue: UInt32((next() ?? 0) & 7))
    let message = DataChannelMessage(
      kind: .binary, bytes: [UInt8](repeating: 7, count: Int(next() ?? 0) * 8))
    try? session.sendData(message, on: id, at: now, into: outbox)
  }

  /// Brings what a side has sent to the other.
  private mutating func deliver(from side: Int, damaged isDamaged: Bool) {
    let sent = sides[side].outbox.datagrams.map { ($0.path, sides[side].outbox.bytes(of: $0)) }
    sides[side].outbox.removeAll()
    let other = sides[1 - side]
    for (path, bytes) in sent.suffix(32) where path.remote == other.base {
      var bytes = bytes
      if isDamaged, !bytes.isEmpty { bytes[Int(next() ?? 0) % bytes.count] ^= next() ?? 1 }
      var span = bytes.mutableSpan
      other.session.receive(
        &span, on: Path(local: path.remote, remote: path.local), at: now, into: other.outbox)
    }
  }

  private mutating func receiveNoise(_ side: Int) {
    var noise = (0..<Int(next() ?? 0)).map { _ in next() ?? 0 }
    var span = noise.mutableSpan
    let path = Path(local: sides[side].base, remote: sides[1 - side].base)
    sides[side].session.receive(&span, on: path, at: now, into: sides[side].outbox)
  }

  /// Does what events ask for, and checks what must hold.
  private mutating func tend(_ side: Int) {
    let session = sides[side].session
    for event in session.takeEvents() {
      switch event {
      case .gatheringNeeded:
        session.addBases([sides[side].base], at: now, into: sides[side].outbox)
      case .candidate(let candidate), .endOfCandidates(let candidate):
        if sides[side].candidates.count < 32 { sides[side].candidates.append(candidate) }
      case .signalingStateChanged(let state):
        precondition(state != .closed)
        check(session)
      default: break
      }
    }
    if sides[side].outbox.datagrams.count > 500 { sides[side].outbox.removeAll() }
  }

  private func check(_ session: PeerSession) {
    if let local = session.localDescription {
      let read = try? SessionDescription(parsing: local.sdp)
      precondition(read?.description == local.sdp, "our own description can be read")
    }
    let mids = session.transceivers.compactMap(\.mid)
    precondition(Set(mids).count == mids.count, "each m-section has one transceiver")
    let isOffering = session.pendingLocalDescription?.kind == .offer
    precondition(
      isOffering
        == [.haveLocalOffer, .haveRemoteProvisionalAnswer].contains(session.signalingState)
        || session.signalingState == .closed)
    if session.signalingState == .stable {
      precondition(session.pendingLocalDescription == nil)
      precondition(session.pendingRemoteDescription == nil)
      if let sdp = try? session.createOffer().sdp {
        precondition((try? SessionDescription(parsing: sdp)) != nil, "our offers can be read")
      }
    }
  }
}
