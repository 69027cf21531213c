/// Who sends in an m-section or uses a header extension, seen from whoever wrote it (RFC 8866 §6.7).
public enum Direction: String, Hashable, Sendable, CaseIterable {
  /// Both ways.
  case sendrecv
  /// The writer sends.
  case sendonly
  /// The writer receives.
  case recvonly
  /// Neither way.
  case inactive

  /// The direction in which the writer `sends` and `receives`.
  public init(sends: Bool, receives: Bool) {
    self =
      switch (sends, receives) {
      case (true, true): .sendrecv
      case (true, false): .sendonly
      case (false, true): .recvonly
      case (false, false): .inactive
      }
  }

  /// Whether the writer sends.
  public var sends: Bool { self == .sendrecv || self == .sendonly }

  /// Whether the writer receives.
  public var receives: Bool { self == .sendrecv || self == .recvonly }

  /// The same seen from the other side.
  public var reversed: Direction { Direction(sends: receives, receives: sends) }
}

extension SessionDescription {
  /// Who sends in the m-section at `index`: its own word, or that of the session, or both.
  public func direction(ofSectionAt index: Int) -> Direction {
    guard mediaSections.indices.contains(index) else { return .inactive }
    return mediaSections[index].direction ?? SessionDefaults(self).direction
  }
}
