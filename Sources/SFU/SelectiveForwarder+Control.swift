public import Peer
import RTP
public import Wire

extension SelectiveForwarder {
  /// Adds a peer to a room; the room comes into being with its first peer. `startBitrate` is a hint at how many
  /// bits per second it can receive.
  public func add(
    _ id: PeerID, to roomID: RoomID, remote: RemotePeer, cname: String,
    publishing: [PublishedTrack],
    receiving: [ReceiveSlot], startBitrate: Int? = nil, at now: Instant,
    events: inout [ForwarderEvent]
  ) {
    remove(id, at: now, events: &events)
    let room = rooms[roomID] ?? Room(id: roomID)
    rooms[roomID] = room
    let member = Member(
      id: id, room: room, remote: remote, cname: cname, startBitrate: startBitrate)
    member.unreachableSince = now
    members[id] = member
    memberList.append(member)
    for fragment in remote.localUsernameFragments { memberByFragment[fragment] = member }
    room.members.append(member)
    replaceTracks(of: member, publishing: publishing, receiving: receiving, &events)
    room.assign(at: now, events: &events)
    wake(at: now)
  }

  /// Takes the outcome of a later offer of the same peer: what it sends and receives from now on.
  /// Sources and slots that stay keep their state.
  public func update(
    _ id: PeerID, publishing: [PublishedTrack], receiving: [ReceiveSlot], at now: Instant,
    events: inout [ForwarderEvent]
  ) {
    guard let member = members[id] else { return }
    memberByFragment = memberByFragment.filter { $0.value !== member }
    for fragment in member.remote.localUsernameFragments { memberByFragment[fragment] = member }
    replaceTracks(of: member, publishing: publishing, receiving: receiving, &events)
    member.room.assign(at: now, events: &events)
    wake(at: now)
  }

  /// Removes a peer and all it sends; an empty room goes with it.
  public func remove(_ id: PeerID, at now: Instant, events: inout [ForwarderEvent]) {
    guard let member = members.removeValue(forKey: id) else { return }
    departed.add(member)
    for slot in member.slots { slot.show(nil) }
    for source in member.sources { member.remove(source) }
    waiting.removeAll { $0.source.id.peer == id }
    member.slots = []
    memberList.removeAll { $0 === member }
    releasing.removeAll { $0 === member }
    memberByFragment = memberByFragment.filter { $0.value !== member }
    memberByPath = memberByPath.filter { $0.value !== member }
    let room = member.room
    room.members.removeAll { $0 === member }
    for other in room.members {
      for source in other.sources { source.budgets[id] = nil }
    }
    room.speakers.remove(id, at: now)
    if room.members.isEmpty { rooms[room.id] = nil } else { room.assign(at: now, events: &events) }
    // Somebody else may have become visible, and needs a key frame.
    wake(at: now)
  }

  /// Starts or stops forwarding a source. What arrives meanwhile is dropped here.
  public func setLive(
    _ isLive: Bool, _ id: SourceID, at now: Instant, events: inout [ForwarderEvent]
  ) {
    guard let member = members[id.peer], let source = member.source(id.role),
      source.isLive != isLive
    else { return }
    source.isLive = isLive
    source.gaps = FrameGaps()
    for stream in source.streams { stream.sound.forget(upTo: stream.unwrapper.newest ?? .min) }
    if id.role.kind == .video { source.concernsViewers() }
    if !isLive {
      // What came earlier in the same turn must not start the slots again.
      for stream in source.streams { stream.pending.removeAll(keepingCapacity: true) }
      for slot in source.slots { slot.stop() }
      if id.role == .microphone { member.room.speakers.remove(id.peer, at: now) }
    }
    member.room.assign(at: now, events: &events)
    wake(at: now)
  }

  /// Takes what a viewer's screen shows.
  public func setView(
    _ tiles: [ViewTile], of id: PeerID, at now: Instant, events: inout [ForwarderEvent]
  ) {
    guard let member = members[id] else { return }
    let tiles = tiles.map { tile in
      ViewTile(
        source: tile.source, height: min(max(tile.height, 1), Slot.heightLimit),
        priority: min(max(tile.priority, -Slot.priorityLimit), Slot.priorityLimit))
    }
    // Most wanted first, equals as they were.
    member.tiles = tiles.indices.sorted {
      (-tiles[$0].priority, $0) < (-tiles[$1].priority, $1)
    }.map { tiles[$0] }
    member.allocation.isDue = true
    member.room.assign(member, at: now, events: &events)
    wake(at: now)
  }

  /// Has `advance` look at every peer: after something was changed in one of them.
  public func wake(at now: Instant) {
    nextScan = now
    looksAtAll = true
  }

  /// The peer's connection, for a renegotiation.
  public func remote(of id: PeerID) -> RemotePeer? { members[id]?.remote }

  /// The simulcast layers of a source, smallest picture first; empty without simulcast.
  public func rids(of source: SourceID) -> [String] {
    members[source.peer]?.source(source.role)?.track.rids ?? []
  }

  /// The receive slots of a peer as they are.
  public func slots(of id: PeerID) -> [ReceiveSlot] { members[id]?.slots.map(\.plan) ?? [] }

  private func replaceTracks(
    of member: Member, publishing: [PublishedTrack], receiving: [ReceiveSlot],
    _ events: inout [ForwarderEvent]
  ) {
    for source in member.sources where !publishing.contains(where: { $0.role == source.id.role }) {
      member.remove(source)
    }
    for track in publishing {
      if let source = member.source(track.role) {
        let wanted = source.demand.wanted
        replaceTrack(of: source, with: track, member, publishing)
        // Another sender has all layers on.
        if source.demand.wanted != wanted {
          events.append(.layersWanted(source.id, source.demand.wanted))
        }
      } else {
        member.sources.append(
          Source(
            id: SourceID(peer: member.id, role: track.role), track: track, wakeup: member.wakeup))
      }
    }
    let before = member.slots
    member.slots = receiving.map { plan in
      guard
        let slot = member.slots.first(where: {
          $0.plan.mid == plan.mid && $0.kind == plan.kind
        })
      else { return Slot(plan: plan, viewer: member, random: &random) }
      slot.plan = plan
      return slot
    }
    member.link.isNumbered = receiving.contains { $0.extensions.transportSequence != 0 }
    for slot in before where !member.slots.contains(where: { $0 === slot }) { slot.show(nil) }
  }

  /// Streams that the new description does not speak for end; their next packet says where they belong.
  private func replaceTrack(
    of source: Source, with track: PublishedTrack, _ member: Member, _ all: [PublishedTrack]
  ) {
    let isOther =
      source.track.mid != track.mid || source.track.rids != track.rids
      || source.track.clockRate != track.clockRate
    source.track = track
    if isOther { source.demand = LayerDemand(count: source.layerCount) }
    for stream in source.streams {
      let isSignalledElsewhere = all.contains {
        $0.role != track.role && $0.ssrcs.contains(stream.ssrc)
      }
      if isOther || isSignalledElsewhere { member.unbind(stream) }
    }
  }
}
