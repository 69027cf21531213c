import Wire

/// Decides which records may reach OpenSSL, and when.
///
/// Until the handshake is done its records are plaintext, and anyone may have written them. What
/// is of no use at the moment is kept away, since OpenSSL would end the handshake over it or keep
/// it in 17 KiB of memory: alerts and application data in plaintext, epochs that do not exist,
/// encrypted records that overtook the change of cipher. Those wait here, few and newest.
struct RecordGate {
  /// What to do with a record.
  enum Verdict: Equatable {
    case deliver
    case hold
    case drop
    /// The other side, or somebody in its name, gives up.
    case plaintextAlert(UInt8)
  }

  /// How far the handshake is.
  enum Phase {
    /// Reading plaintext.
    case plaintext
    /// The other side has changed cipher, its finished message is still to come.
    case encrypted
    /// Done but for the fingerprint to compare.
    case unverified
    case established
  }

  /// Records held at most.
  static let maximumHeldCount = 8
  /// Bytes held at most.
  static let maximumHeldByteCount = 16_384

  private var budget: HandshakeBudget
  private var held: [[UInt8]] = []
  private var plaintextCount: UInt32 = 0

  /// The gate for what a server, or else a client, sends.
  init(fromServer: Bool) { budget = HandshakeBudget(fromServer: fromServer) }

  /// What to do with `record` now.
  mutating func verdict(on record: borrowing DTLSRecord, in phase: Phase) -> Verdict {
    switch record.epoch {
    case 0: verdict(onPlaintext: record, in: phase)
    case 1: verdict(onEncrypted: record, in: phase)
    default: .drop
    }
  }

  private mutating func verdict(
    onPlaintext record: borrowing DTLSRecord, in phase: Phase
  ) -> Verdict {
    guard phase == .plaintext else { return .drop }
    switch record.type {
    case .handshake: return budget.accepts(record.fragment) ? .deliver : .drop
    case .changeCipherSpec:
      return record.fragment.count == 1 && record.fragment[0] == 1 ? .deliver : .drop
    case .alert:
      let isFatal = record.fragment.count == 2 && record.fragment[0] == 2
      return isFatal ? .plaintextAlert(record.fragment[1]) : .drop
    case .applicationData: return .drop
    }
  }

  private func verdict(onEncrypted record: borrowing DTLSRecord, in phase: Phase) -> Verdict {
    // OpenSSL 3.0.19 ends the association over a record with no room for nonce and tag.
    guard record.fragment.count >= DTLSRecord.protectionByteCount else { return .drop }
    return switch (record.type, phase) {
    case (.changeCipherSpec, _): .drop
    case (_, .plaintext): .hold
    case (.applicationData, .encrypted), (.applicationData, .unverified): .hold
    default: .deliver
    }
  }

  /// A copy of a plaintext `record` under the next sequence number.
  ///
  /// Anyone can write one with a number so large that OpenSSL's replay window leaves the true ones
  /// behind; nothing depends on the numbers of epoch 0, since nothing there is protected.
  mutating func renumber(_ record: borrowing DTLSRecord) -> [UInt8] {
    defer { plaintextCount &+= 1 }
    return [UInt8](capacity: record.bytes.count) { bytes in
      bytes.append(copying: record.bytes.extracting(first: 5))
      bytes.append(bigEndian: 0 as UInt16)
      bytes.append(bigEndian: plaintextCount)
      bytes.append(copying: record.bytes.extracting(droppingFirst: 11))
    }
  }

  /// Keeps a copy of `record`, and drops the oldest ones if there are too many.
  mutating func hold(_ record: borrowing DTLSRecord) {
    held.append([UInt8](capacity: record.bytes.count) { $0.append(copying: record.bytes) })
    var byteCount = held.reduce(0) { $0 + $1.count }
    while held.count > Self.maximumHeldCount || byteCount > Self.maximumHeldByteCount {
      byteCount -= held.removeFirst().count
    }
  }

  /// Gives back what was held, oldest first.
  mutating func takeHeld() -> [[UInt8]] {
    defer { held = [] }
    return held
  }
}
