import TURN
import Wire

/// What is known of where this machine stands in the world, and what follows from it.
struct AddressFindings: Equatable {
  /// How asking STUN servers went.
  enum Answer: Equatable {
    /// None was to be asked.
    case notAsked
    /// None answered, or none has an address.
    case silent(servers: String)
    /// They see this machine, which asked from `port`, under these addresses, one of each family at most.
    case seen([TransportAddress], port: UInt16)
  }

  /// This machine's addresses that others reach.
  var own: [IPAddress]
  /// Whether it is a container.
  var isContainer: Bool
  /// Where clients are told to send, as whoever runs the server said.
  var advertised: [TransportAddress]
  /// The UDP ports of media, as a person would write them.
  var ports: String
  /// What STUN servers say.
  var answer: Answer
  /// Where the name of this server leads.
  var named: [IPAddress] = []
  /// Where several people see this machine.
  var witnessed: [IPAddress] = []

  /// What STUN servers say that clients are told besides the machine's own addresses.
  var found: [IPAddress] {
    guard advertised.isEmpty else { return [] }
    return seen.filter { !own.contains($0) }
  }

  /// What clients are told for want of anything better.
  var likely: [IPAddress] {
    (named + witnessed).filter { TURNPeerPolicy.isPublic($0) && lacks($0.family) }
      .reduce(into: [IPAddress]()) { if !$0.contains($1), $0.count < 4 { $0.append($1) } }
  }

  /// Whether no address of a family is known that people elsewhere reach.
  func lacks(_ family: IPAddress.Family) -> Bool {
    advertised.isEmpty && !seen.contains { $0.family == family }
      && !own.contains { $0.family == family && TURNPeerPolicy.isPublic($0) }
  }

  private var seen: [IPAddress] {
    guard case .seen(let addresses, _) = answer else { return [] }
    return addresses.map(\.ip)
  }

  /// Takes what a round of asking brought. Who falls silent leaves what is known of its family as it is.
  mutating func take(_ seen: [TransportAddress], servers: String, port: UInt16) {
    var known: [TransportAddress] = []
    if case .seen(let before, _) = answer { known = before }
    known.removeAll { old in seen.contains { $0.ip.family == old.ip.family } }
    known += seen
    known.sort { $0.ip.family.rawValue < $1.ip.family.rawValue }
    answer = known.isEmpty ? .silent(servers: servers) : .seen(known, port: port)
  }
}
