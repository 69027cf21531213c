import STUN
import Wire

extension ICEAgent {
  /// Says who decides, where that was not known when the agent was made. It changes nothing once the peer's
  /// credentials are known: from then on a conflict decides. With a lite agent there is no choice.
  public mutating func setRole(_ role: Role) {
    guard remoteCredentials == nil, !configuration.isLite, !remoteIsLite else { return }
    self.role = role
  }

  /// More switches than this do not happen between two restarts: two agents that disagree for ever
  /// would not get further by another one.
  static var maximumRoleSwitches: Int { 2 }

  /// Repairs a role conflict that a check reveals (RFC 8445 §7.3.1.1); false where the check is to be
  /// refused with 487, so that the peer gives way.
  mutating func resolveRoles(_ check: PeerCheck) -> Bool {
    // A lite agent cannot control; whoever talks to one has to.
    if configuration.isLite { return check.controlled == nil }
    if remoteIsLite { return check.controlling == nil }
    switch role {
    case .controlling:
      guard let theirs = check.controlling else { return true }
      if tieBreaker >= theirs { return false }
      return switchRole(to: .controlled)
    case .controlled:
      guard let theirs = check.controlled else { return true }
      if tieBreaker < theirs { return false }
      return switchRole(to: .controlling)
    }
  }

  /// Gives way after a 487 (RFC 8445 §7.2.5.1), unless we have since. A new tie-breaker ends the
  /// deadlock of two equal ones.
  /// False where it is our turn no more.
  mutating func yieldRole(to transaction: Transaction) -> Bool {
    guard transaction.role == role, !remoteIsLite else { return true }
    tieBreaker = random.next()
    return switchRole(to: role == .controlling ? .controlled : .controlling)
  }

  private mutating func switchRole(to newRole: Role) -> Bool {
    guard roleSwitchCount < Self.maximumRoleSwitches else { return false }
    roleSwitchCount += 1
    role = newRole
    nominatingPath = nil
    return true
  }
}
