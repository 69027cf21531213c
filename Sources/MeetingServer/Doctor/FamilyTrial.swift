import TURN
import Wire

/// How a way that is open fares over one family of addresses by itself, where the server has both.
struct FamilyTrial: Equatable {
  /// What became of it.
  enum Outcome: Equatable {
    case open
    case closed
    /// This machine has no way to addresses of the family.
    case untried
    /// It is there but says no, in words.
    case refused(String)

    init(_ state: WayTest.Result.State) {
      switch state {
      case .open: self = .open
      case .closed, .stranded, .absent: self = .closed
      case .refused(let words): self = .refused(words)
      }
    }
  }

  var way: DoctorWay
  var family: IPAddress.Family
  var outcome: Outcome
  /// The server's addresses of the family, as far as people elsewhere come by them.
  var addresses: [IPAddress]
  var ports: [UInt16]

  /// The addresses that are worth a trial, by family. Private ones beside public ones of the other family are for the
  /// server's own network, unless people come to the page over their family.
  static func addresses(
    of all: [IPAddress], visits: [Examination.Visit]
  ) -> [IPAddress.Family: [IPAddress]] {
    let hasPublic = all.contains(where: TURNPeerPolicy.isPublic)
    return Dictionary(grouping: all.filter { !$0.isLinkLocal }, by: \.family)
      .compactMapValues { addresses in
        let outward = addresses.filter(TURNPeerPolicy.isPublic)
        let isVisited = visits.contains {
          $0.ip.family == addresses[0].family && $0.outcome == .reached
        }
        if outward.isEmpty { return hasPublic && !isVisited ? nil : addresses }
        return outward
      }
  }
}
