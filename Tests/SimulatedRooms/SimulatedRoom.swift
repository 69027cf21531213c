import Cryptography
import ICE
import Peer
import RTCTesting
import RTP
import SFU
package import Wire

/// A room full of people on links of all kinds around the real forwarder, in virtual time: the same seed gives the same
/// packets.
package final class SimulatedRoom {
  /// Who meets, and for how long.
  package struct Options: Sendable {
    /// Drives everything that is random.
    package var seed: UInt64 = 1
    /// One participant for each.
    package var links: [AccessLink]
    /// What counts, after everybody came in.
    package var duration = Duration.seconds(60)
    /// Everybody comes in within this time.
    package var joining = Duration.seconds(2)
    /// Whether the first participant shares a screen.
    package var hasScreen = false
    /// Whether somebody puts in a word now and then while another one has the floor.
    package var hasAsides = true
    package var audioSlotCount = 6
    package var videoSlotCount = 9
    /// Links that become others for a while.
    package var changes: [LinkChange] = []

    /// A meeting of people on `links`.
    package init(links: [AccessLink]) { self.links = links }
  }

  /// From the last one's coming in to what counts.
  static let warmUp = Duration.seconds(5)
  /// From what counts to the end.
  static let coolDown = Duration.seconds(2)
  private static let step = Duration.milliseconds(100)
  /// How often somebody's layout follows the speakers.
  private static let viewInterval = Duration.seconds(2)

  let options: Options
  let network: VirtualNetwork
  let server: ForwarderNode
  private(set) var people: [Participant] = []
  private var hosts: [VirtualNetwork.Host] = []
  private var conversation: Conversation
  private var random: RandomSource
  private var loudest: [PeerID] = []
  private var nextView = Instant.zero
  private let roomID = RoomID(rawValue: 1)
  /// When what counts began.
  private(set) var start = Instant.zero
  /// Called every virtual second with the seconds that have passed.
  package var progress: ((Int) -> Void)?

  /// A room before anybody has come in. `processorTime` is what the forwarder's work is measured with.
  package init(_ options: Options, processorTime: @escaping () -> Duration = { .zero }) {
    self.options = options
    network = VirtualNetwork(seed: options.seed)
    server = ForwarderNode(seed: options.seed, processorTime: processorTime)
    conversation = Conversation(seed: options.seed &+ 5, hasAsides: options.hasAsides)
    random = .seeded(options.seed &* 31 &+ 7)
    let host = network.addHost(ForwarderNode.address.ip)
    network.attach(server, to: host, at: ForwarderNode.address)
    server.onEvents = { [unowned self] now in distribute(now) }
  }

  /// Runs the whole meeting.
  package func run() {
    let count = Int64(options.links.count)
    for (place, link) in options.links.enumerated() {
      join(place, link)
      pass(options.joining / max(count, 1))
    }
    pass(Self.warmUp)
    start = network.now
    for person in people {
      person.account.begin(at: start)
      person.voice.isMeasured = true
      person.beginCounting()
    }
    pass(options.duration)
    for person in people { person.voice.isMeasured = false }
    let end = network.now
    pass(Self.coolDown)
    for person in people { person.account.end(at: end) }
  }

  // MARK: Time

  private func pass(_ duration: Duration) {
    let end = network.now + duration
    while network.now < end {
      let speakers = conversation.speakers(of: people.count, at: network.now)
      for (place, person) in people.enumerated() {
        person.voice.isSpeaking = speakers.contains(place)
      }
      changeLinks()
      updateViews()
      network.run(until: min(network.now + Self.step, end))
      if network.now.nanoseconds % 1_000_000_000 == 0 {
        for person in people {
          guard let target = server.forwarder.figures(of: person.id)?.down.target else { continue }
          person.counts.downTargets.append(target)
        }
        progress?(Int(network.now.nanoseconds / 1_000_000_000))
      }
    }
  }

  private func changeLinks() {
    guard start > .zero else { return }
    for change in options.changes {
      let passed = network.now - start
      let host = hosts[change.place]
      if passed >= change.start, passed < change.start + Self.step {
        network.setConditions(change.up, of: host, .outgoing)
        network.setConditions(change.down, of: host, .incoming)
      } else if passed >= change.start + change.duration,
        passed < change.start + change.duration + Self.step
      {
        network.setConditions(options.links[change.place].up, of: host, .outgoing)
        network.setConditions(options.links[change.place].down, of: host, .incoming)
      }
    }
  }

  // MARK: People

  private func join(_ place: Int, _ link: AccessLink) {
    let plan = ParticipantPlan(
      place: UInt16(place), link: link, hasCamera: link.upBitrate > 100_000,
      hasScreen: options.hasScreen && place == 0, audioSlotCount: options.audioSlotCount,
      videoSlotCount: options.videoSlotCount)
    let address = TransportAddress(
      ip: IPAddress(10, 0, UInt8(place >> 8), UInt8(place & 255)), port: 5000)
    let (near, far) = makePeers(address)
    let host = network.addHost(address.ip)
    network.setConditions(link.up, of: host, .outgoing)
    network.setConditions(link.down, of: host, .incoming)
    hosts.append(host)
    server.forwarder.add(
      plan.id, to: roomID, remote: near, cname: "room", publishing: plan.tracks,
      receiving: plan.receiveSlots, at: network.now, events: &server.events)
    let person = Participant(
      plan, remote: far, address: address, at: network.now, random: &random)
    people.append(person)
    network.attach(person, to: host, at: address)
    network.act(as: person) { outbox, now in person.advance(to: now, into: outbox) }
    distribute(network.now)
  }

  private func makePeers(_ address: TransportAddress) -> (near: RemotePeer, far: RemotePeer) {
    let serverCredentials = ICECredentials.random(using: &random)
    let ownCredentials = ICECredentials.random(using: &random)
    var far = ICEAgent(
      role: .controlling, credentials: ownCredentials, random: random.split())
    _ = far.addLocalCandidate(ICECandidate(address: address))
    var near = ICEAgent(
      role: .controlled, credentials: serverCredentials, random: random.split())
    _ = near.addLocalCandidate(ICECandidate(address: ForwarderNode.address))
    let keys = [random.bytes(16), random.bytes(16), random.bytes(12), random.bytes(12)]
    let nearPeer = Self.peer(near, keys[0], keys[1], keys[2], keys[3])
    let farPeer = Self.peer(far, keys[1], keys[0], keys[3], keys[2])
    nearPeer.setRemote(ownCredentials, candidates: [], isComplete: false)
    farPeer.setRemote(
      serverCredentials, candidates: [ICECandidate(address: ForwarderNode.address)],
      isComplete: true)
    for peer in [nearPeer, farPeer] {
      peer.transportSequenceID = RoomVocabulary.extensions.transportSequence
    }
    return (nearPeer, farPeer)
  }

  private static func peer(
    _ ice: ICEAgent, _ localKey: [UInt8], _ remoteKey: [UInt8], _ localSalt: [UInt8],
    _ remoteSalt: [UInt8]
  ) -> RemotePeer {
    let keys = SRTPKeyingMaterial(
      profile: .aeadAES128GCM, localKey: localKey, localSalt: localSalt, remoteKey: remoteKey,
      remoteSalt: remoteSalt)
    do {
      return try RemotePeer(ice: ice, security: .injected(keys))
    } catch {
      preconditionFailure("injected keys fit their profile: \(error)")
    }
  }

  // MARK: Signalling

  private func distribute(_ now: Instant) {
    let events = server.events
    server.events = []
    for event in events {
      switch event {
      case .slotsChanged(let id, let content):
        let pictures = content.filter { $0.source.role.kind == .video }
        tell(
          id,
          .slots(
            pictures.map { .init(source: $0.source, state: $0.state) },
            content), now)
      case .speakersChanged(_, let speakers):
        loudest =
          speakers.map(\.peer) + loudest.filter { peer in !speakers.contains { $0.peer == peer } }
        if loudest.count > 20 { loudest.removeLast(loudest.count - 20) }
      case .failed(let id): person(id)?.counts.failureCount += 1
      case .interrupted(let id): person(id)?.counts.interruptionCount += 1
      case .layersWanted(let source, let layers):
        tell(source.peer, .layers(source.role, layers), now)
      case .connected, .qualityChanged: break
      }
    }
  }

  private func person(_ id: PeerID) -> Participant? {
    let place = Int(id.rawValue)
    return place < people.count ? people[place] : nil
  }

  private func tell(_ id: PeerID, _ signal: Participant.Signal, _ now: Instant) {
    guard let person = person(id) else { return }
    person.signals.append((now + person.link.down.delay + .milliseconds(10), signal))
  }

  /// Half of the people look at the speaker, the others at a grid; both follow the conversation.
  private func updateViews() {
    guard network.now >= nextView else { return }
    nextView = network.now + Self.viewInterval
    for person in people where person.isConnected {
      let tiles = view(of: person)
      guard tiles != person.view else { continue }
      person.view = tiles
      server.forwarder.setView(tiles, of: person.id, at: network.now, events: &server.events)
    }
    network.act(as: server) { _, _ in }
    distribute(network.now)
  }

  private func view(of viewer: Participant) -> [ViewTile] {
    let others = people.filter { $0 !== viewer && $0.plan.hasCamera }.map(\.id)
    let ranked = loudest.filter { others.contains($0) }
    let wanted = (ranked + others.filter { !ranked.contains($0) }).prefix(9)
    // Whoever is large goes first; the rest of a layout does not jump about.
    let shown = wanted.prefix(1) + wanted.dropFirst().sorted { $0.rawValue < $1.rawValue }
    let screens = people.filter { $0 !== viewer && $0.plan.hasScreen }.map {
      ViewTile(source: SourceID(peer: $0.id, role: .screen), height: 1080, priority: 20)
    }
    let hasSpeakerView = viewer.plan.place % 2 == 0
    let cameras = shown.enumerated().map { place, id in
      let isLarge = hasSpeakerView && place == 0
      return ViewTile(
        source: SourceID(peer: id, role: .camera),
        height: isLarge ? 720 : hasSpeakerView ? 180 : shown.count > 4 ? 240 : 360,
        priority: isLarge ? 10 : 0)
    }
    return Array((screens + cameras).prefix(options.videoSlotCount))
  }
}
