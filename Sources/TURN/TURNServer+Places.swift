import STUN
import Wire

extension TURNServer {
  /// Whose a place is: a user's, and a network's.
  struct Holder {
    let username: String
    let network: IPAddress

    init(username: String, client: Path) {
      self.username = username
      network = client.remote.ip.quotaNetwork
    }
  }

  /// How many allocations and kept ports there are, of whom.
  struct Places {
    private var total = 0
    private var byUser: [String: Int] = [:]
    private var byNetwork: [IPAddress: Int] = [:]

    /// Whether there is room for `count` more.
    func check(
      _ count: Int, of holder: Holder, _ configuration: Configuration
    ) throws(Refusal) {
      guard excess(count, of: holder, configuration) <= 0,
        isWithinNetwork(count, of: holder, configuration)
      else { throw Refusal(.allocationQuotaReached) }
      guard isWithinTotal(count, configuration) else { throw Refusal(.insufficientCapacity) }
    }

    /// How many places a user lacks for `count` more.
    func excess(_ count: Int, of holder: Holder, _ configuration: Configuration) -> Int {
      byUser[holder.username, default: 0] + count - configuration.maximumAllocationsPerUser
    }

    /// Whether there is room for `count` more, as far as it is not the user's.
    func hasRoomBeyondUser(
      _ count: Int, of holder: Holder, _ configuration: Configuration
    ) -> Bool {
      isWithinNetwork(count, of: holder, configuration) && isWithinTotal(count, configuration)
    }

    private func isWithinNetwork(
      _ count: Int, of holder: Holder, _ configuration: Configuration
    ) -> Bool {
      byNetwork[holder.network, default: 0] + count <= configuration.maximumAllocationsPerAddress
    }

    private func isWithinTotal(_ count: Int, _ configuration: Configuration) -> Bool {
      total + count <= configuration.maximumAllocations
    }

    mutating func take(_ count: Int, for holder: Holder) {
      total += count
      byUser[holder.username, default: 0] += count
      byNetwork[holder.network, default: 0] += count
    }

    mutating func release(_ count: Int, of holder: Holder) {
      total -= count
      let ofUser = byUser[holder.username, default: count] - count
      byUser[holder.username] = ofUser > 0 ? ofUser : nil
      let ofNetwork = byNetwork[holder.network, default: count] - count
      byNetwork[holder.network] = ofNetwork > 0 ? ofNetwork : nil
    }
  }
}

extension IPAddress {
  /// What one customer has of addresses: one of IPv4, a /64 of IPv6.
  var quotaNetwork: IPAddress {
    let canonical = canonical
    return canonical.family == .v4 ? canonical : IPAddress(v6High: canonical.high, low: 0)
  }
}
