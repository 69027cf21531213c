import Wire

/// How one source is received (RFC 3550 §6.4.1).
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                             SSRC                              |
///     | fraction lost |       cumulative number of packets lost       |
///     |           extended highest sequence number received           |
///     |                      interarrival jitter                      |
///     |                         last SR (LSR)                         |
///     |                   delay since last SR (DLSR)                  |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
public struct ReportBlock: Equatable, Sendable {
  /// Length in bytes.
  public static let byteCount = 24
  /// The most blocks of one report.
  public static let maximumCount = 31

  /// The source that is reported on.
  public var ssrc: UInt32
  /// Loss since the last report in 256ths.
  public var fractionLost: UInt8
  /// Packets lost from the start, negative with duplicates; 24 bits on the wire.
  public var cumulativeLost: Int32
  /// The highest sequence number with the count of its wraps above it.
  public var highestSequenceNumber: UInt32
  /// Interarrival jitter in units of the media clock.
  public var jitter: UInt32
  /// The middle 32 bits of the last sender report's NTP time, or 0.
  public var lastSenderReport: UInt32
  /// Time from that report's arrival to this one, in 65,536ths of a second.
  public var delaySinceLastSenderReport: UInt32

  /// A block with all its fields.
  public init(
    ssrc: UInt32, fractionLost: UInt8 = 0, cumulativeLost: Int32 = 0,
    highestSequenceNumber: UInt32 = 0, jitter: UInt32 = 0, lastSenderReport: UInt32 = 0,
    delaySinceLastSenderReport: UInt32 = 0
  ) {
    self.ssrc = ssrc
    self.fractionLost = fractionLost
    self.cumulativeLost = cumulativeLost
    self.highestSequenceNumber = highestSequenceNumber
    self.jitter = jitter
    self.lastSenderReport = lastSenderReport
    self.delaySinceLastSenderReport = delaySinceLastSenderReport
  }

  init(from reader: inout ByteReader) throws(Truncated) {
    ssrc = try reader.readUInt32()
    let loss = try reader.readUInt32()
    fractionLost = UInt8(truncatingIfNeeded: loss >> 24)
    cumulativeLost = Int32(bitPattern: loss << 8) >> 8
    highestSequenceNumber = try reader.readUInt32()
    jitter = try reader.readUInt32()
    lastSenderReport = try reader.readUInt32()
    delaySinceLastSenderReport = try reader.readUInt32()
  }

  @_lifetime(output: copy output)
  func write(into output: inout OutputSpan<UInt8>) {
    output.append(bigEndian: ssrc)
    output.append(fractionLost)
    let lost = min(max(cumulativeLost, -0x80_0000), 0x7f_ffff)
    output.append(bigEndian24: UInt32(bitPattern: lost))
    output.append(bigEndian: highestSequenceNumber)
    output.append(bigEndian: jitter)
    output.append(bigEndian: lastSenderReport)
    output.append(bigEndian: delaySinceLastSenderReport)
  }
}

extension [ReportBlock] {
  init(from reader: inout ByteReader, count: UInt8) throws(Truncated) {
    self = []
    guard reader.remainingCount >= Int(count) * ReportBlock.byteCount else { throw Truncated() }
    reserveCapacity(Int(count))
    for _ in 0..<count { append(try ReportBlock(from: &reader)) }
  }
}
