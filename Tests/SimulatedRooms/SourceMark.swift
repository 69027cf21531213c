import Wire

/// What a sender writes into its payloads, so that whoever gets them knows whose they are.
struct SourceMark: Equatable {
  static let byteCount = 8

  /// The sender's place in the room.
  var sender: UInt16
  /// Counts the sender's frames of this kind: of sound, those that are measured.
  var number: UInt32
  /// Somebody is speaking in it.
  var isSpeech: Bool
  /// It counts for the figures: neither at the very start nor at the end.
  var isMeasured: Bool

  init(sender: UInt16, number: UInt32, isSpeech: Bool = false, isMeasured: Bool = false) {
    self.sender = sender
    self.number = number
    self.isSpeech = isSpeech
    self.isMeasured = isMeasured
  }

  /// Reads the last bytes of a payload.
  init?(endOf payload: some RandomAccessCollection<UInt8>) {
    guard payload.count >= Self.byteCount else { return nil }
    let bytes = Array(payload.suffix(Self.byteCount))
    guard bytes[0] == 0xa5 else { return nil }
    sender = UInt16(bytes[1]) << 8 | UInt16(bytes[2])
    number = bytes[3..<7].reduce(0) { $0 << 8 | UInt32($1) }
    isSpeech = bytes[7] & 1 != 0
    isMeasured = bytes[7] & 2 != 0
  }

  var bytes: [UInt8] {
    [
      0xa5, UInt8(truncatingIfNeeded: sender >> 8), UInt8(truncatingIfNeeded: sender),
      UInt8(truncatingIfNeeded: number >> 24), UInt8(truncatingIfNeeded: number >> 16),
      UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
      (isSpeech ? 1 : 0) | (isMeasured ? 2 : 0),
    ]
  }
}
