import STUN
import Wire

extension TURNServer {
  /// Refresh (RFC 8656 §8.2): of both families, or of the one that is named.
  func refresh(
    _ message: borrowing STUNMessage, _ request: Request, _ identity: Identity, _ now: Instant,
    _ outbox: Outbox, _ events: inout [Event]
  ) throws(Refusal) {
    let allocation = try allocation(of: request, identity, now)
    let wish: UInt32?
    let family: UInt8?
    do throws(STUNError) {
      wish = try message.lifetime
      family = try message.requestedAddressFamily
    } catch { throw Refusal(error) }
    let families = try families(family, of: allocation, now)
    var seconds: UInt32 = 0
    if wish == 0 {
      for relay in families.compactMap({ allocation[$0] }) {
        end(relay, of: allocation, &events)
      }
    } else {
      let lifetime = lifetime(wish, identity, now)
      for family in families { allocation[family]?.expiresAt = now + lifetime }
      seconds = UInt32(clamping: lifetime.milliseconds / 1000)
    }
    accept(request, identity.key, outbox) { output in output.appendSTUN(.lifetime, seconds) }
  }

  private func families(
    _ number: UInt8?, of allocation: Allocation, _ now: Instant
  ) throws(Refusal) -> [IPAddress.Family] {
    let present = [IPAddress.Family.v4, .v6].filter { allocation.relay($0, at: now) != nil }
    guard let number else { return present }
    let named = present.filter { ($0 == .v4 ? 1 : 2) == number }
    guard !named.isEmpty else { throw Refusal(.peerAddressFamilyMismatch) }
    return named
  }

  /// The allocation that a request is about, if it is its sender's.
  func allocation(
    of request: Request, _ identity: Identity, _ now: Instant
  ) throws(Refusal) -> Allocation {
    guard let allocation = allocations[request.path], allocation.isAlive(at: now) else {
      throw Refusal(.allocationMismatch)
    }
    guard allocation.username == identity.username else { throw Refusal(.wrongCredentials) }
    allocation.usedAt = now
    return allocation
  }
}
