import SFU

/// Which video codec a room's cameras and screens are sent in: whoever enters first chooses, among what the server allows.
struct RoomCodecs {
  /// What is allowed, the preferred one first.
  let allowed: [MediaVideoCodec]
  private var chosen: [RoomID: MediaVideoCodec] = [:]
  private var rooms: [PeerID: RoomID] = [:]

  init(allowed: [MediaVideoCodec]) { self.allowed = allowed.isEmpty ? [.vp8] : allowed }

  /// The order in which codecs are taken in a room: its own before the others. `wish` counts where the room is empty.
  func order(in room: RoomID, wish: MediaVideoCodec?) -> [MediaVideoCodec] {
    let first = chosen[room] ?? wish.flatMap { allowed.contains($0) ? $0 : nil }
    return (first.map { [$0] } ?? []) + allowed.filter { $0 != first }
  }

  /// The same for a peer that is in a room already.
  func order(for peer: PeerID) -> [MediaVideoCodec] {
    rooms[peer].map { order(in: $0, wish: nil) } ?? allowed
  }

  /// Somebody came in.
  mutating func enter(_ peer: PeerID, _ room: RoomID, wish: MediaVideoCodec?) {
    leave(peer)
    if chosen[room] == nil { chosen[room] = order(in: room, wish: wish)[0] }
    rooms[peer] = room
  }

  /// Somebody went. A room that is empty has no codec.
  mutating func leave(_ peer: PeerID) {
    guard let room = rooms.removeValue(forKey: peer) else { return }
    if !rooms.values.contains(room) { chosen[room] = nil }
  }
}
