/// What a frame is to a decode target (AV1 RTP specification A.8.3, table A.1).
public enum DecodeTargetIndication: UInt8, Sendable, CaseIterable {
  /// The frame is no part of the target.
  case notPresent = 0
  /// Part of the target, and no later frame of the target refers to it.
  case discardable = 1
  /// Part of the target; who can decode it can decode all that follows of the target.
  case switching = 2
  /// Part of the target, and later frames of it may need this one.
  case required = 3

  /// Whether the frame is part of the target.
  public var isPresent: Bool { self != .notPresent }

  /// Whether the loss of the frame may harm later ones of the target.
  var isNeededLater: Bool { rawValue >= Self.switching.rawValue }
}
