/// A look at JSON text before it is decoded: how deep it nests, how many values it may hold and how
/// long its keys are.
///
/// Decoding costs time and stack by depth and count, and hashing a key may cost the square of its
/// length, since Swift compares strings by canonical equivalence. So a message past the limits is
/// refused unread. No measure falls short of the real one for valid JSON; text that is not JSON is
/// left to the decoder.
public struct JSONShape: Sendable, Equatable {
  /// Deepest nesting of arrays and objects.
  public private(set) var depth = 0
  /// Arrays, objects, members and elements together.
  public private(set) var values = 1
  /// Bytes of the longest object key as it is written, escapes and all.
  public private(set) var keyBytes = 0

  /// Measures UTF-8 text.
  public init(of text: some Sequence<UInt8>) {
    var nesting = 0
    var isInString = false
    var isEscaped = false
    var stringBytes = 0
    for byte in text {
      if isInString {
        stringBytes &+= 1
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
          stringBytes &-= 1
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
        stringBytes = 0
      case UInt8(ascii: ":"): keyBytes = max(keyBytes, stringBytes)
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        nesting &+= 1
        values &+= 1
        depth = max(depth, nesting)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): nesting &-= 1
      case UInt8(ascii: ","): values &+= 1
      default: break
      }
    }
  }

  /// Whether a message of this shape is decoded.
  public func fits(_ limits: SignalingLimits) -> Bool {
    depth <= limits.messageDepth && values <= limits.messageValues
      && keyBytes <= limits.identifierBytes
  }
}
