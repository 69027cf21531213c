/// How a receiver must turn a picture (3GPP TS 26.114 §7.4.5, coordination of video orientation).
public struct VideoOrientation: Hashable, Sendable {
  /// The extension's name in SDP.
  public static let uri = "urn:3gpp:video-orientation"

  /// Quarter turns clockwise before it is shown, 0–3.
  public var quarterTurns: UInt8
  /// Whether left and right are to be swapped.
  public var isFlipped: Bool
  /// Whether the camera looks away from its user.
  public var isBackFacing: Bool

  /// An orientation; quarter turns are taken modulo 4.
  public init(quarterTurns: UInt8, isFlipped: Bool = false, isBackFacing: Bool = false) {
    self.quarterTurns = quarterTurns & 3
    self.isFlipped = isFlipped
    self.isBackFacing = isBackFacing
  }

  /// Reads the value's byte.
  public init(byte: UInt8) {
    quarterTurns = byte & 3
    isFlipped = byte & 4 != 0
    isBackFacing = byte & 8 != 0
  }

  /// The value's byte.
  public var byte: UInt8 { quarterTurns & 3 | (isFlipped ? 4 : 0) | (isBackFacing ? 8 : 0) }
}
