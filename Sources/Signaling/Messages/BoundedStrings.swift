/// Longest string that is compared or hashed, in bytes of UTF-8.
///
/// Swift compares and hashes strings by canonical equivalence, which costs the square of a run of
/// combining marks. What a client writes is measured before it meets `==`, a set or a dictionary.
let identifierBytes = SignalingLimits().identifierBytes

/// Longest room id in bytes of UTF-8: its limit counts scalars of up to four bytes.
let roomBytes = SignalingLimits().roomLength * 4

/// Longest `a=mid` and `source`.
let midBytes = 32

extension KeyedDecodingContainer {
  /// The string under `key`; an error where it has more than `bytes` of UTF-8.
  func bounded(_ key: Key, bytes: Int) throws -> String {
    try check(try decode(String.self, forKey: key), key, bytes)
  }

  /// As `bounded`; nil where there is none.
  func boundedIfPresent(_ key: Key, bytes: Int) throws -> String? {
    try decodeIfPresent(String.self, forKey: key).map { try check($0, key, bytes) }
  }

  private func check(_ text: String, _ key: Key, _ bytes: Int) throws -> String {
    guard text.utf8.count <= bytes else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "more than \(bytes) bytes")
    }
    return text
  }
}
