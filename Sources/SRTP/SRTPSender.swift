public import Cryptography
import RTP
import Wire

/// Protects the RTP and RTCP one side sends (RFC 3711, RFC 7714).
///
/// Keys are prepared once; a packet costs its nonce. Every source has its own rollover counter,
/// which follows the sequence numbers handed in, and a sequence number is protected once only:
/// twice under one key would give the key stream away. So packets may come out of order within
/// 1,024 of the newest, and a retransmission needs its own source (RFC 4588).
public struct SRTPSender: ~Copyable {
  /// The most sources one key serves.
  public static let sourceLimit = 1024
  /// Bytes an RTP packet grows by, besides padding.
  public let overheadByteCount: Int
  /// Bytes an RTCP packet grows by.
  public var controlOverheadByteCount: Int { overheadByteCount + 4 }

  private let media: SealingCipher
  private let control: SealingCipher
  var sources = SourceTable(activeLimit: sourceLimit, totalLimit: sourceLimit)
  var controlIndex: UInt64 = 0

  /// A sender with the local half of what a handshake yielded.
  public init(_ material: SRTPKeyingMaterial) throws(SRTPError) {
    try self.init(
      profile: material.profile, masterKey: material.localKey, masterSalt: material.localSalt)
  }

  /// A sender with a master key and salt of the lengths `profile` wants.
  public init(
    profile: SRTPProtectionProfile, masterKey: [UInt8], masterSalt: [UInt8]
  ) throws(SRTPError) {
    let media = try SealingCipher(
      profile,
      SessionKeys(
        profile: profile, masterKey: masterKey, masterSalt: masterSalt, isControl: false))
    let control = try SealingCipher(
      profile,
      SessionKeys(profile: profile, masterKey: masterKey, masterSalt: masterSalt, isControl: true))
    overheadByteCount = profile.authenticationTagByteCount
    self.media = media
    self.control = control
  }

  /// Appends a protected packet: `header`, and `payload` encrypted with `paddingCount` bytes of
  /// padding behind it.
  ///
  /// With a padding count the P bit is set in the appended header; a header whose P bit is set
  /// already, with a count of 0, goes with a payload that ends with its own padding.
  /// Needs room for `header.count + payload.count + paddingCount + overheadByteCount` bytes.
  public mutating func protect(
    header: Span<UInt8>, payload: Span<UInt8>, paddingCount: UInt8 = 0,
    into output: inout OutputSpan<UInt8>
  ) throws(SRTPError) {
    guard hasRoom(header.count, payload.count, paddingCount, in: output) else { throw .noRoom }
    output.append(copying: header)
    try protect(
      payload: payload, paddingCount: paddingCount, afterHeaderOf: header.count, in: &output)
  }

  /// Appends `payload` encrypted, padding and tag behind a header that was written into `output`
  /// just before and takes its last `headerByteCount` bytes. Otherwise like
  /// `protect(header:payload:paddingCount:into:)`; spares a copy of the header.
  public mutating func protect(
    payload: Span<UInt8>, paddingCount: UInt8 = 0, afterHeaderOf headerByteCount: Int,
    in output: inout OutputSpan<UInt8>
  ) throws(SRTPError) {
    guard RTPHeader.fixedByteCount <= headerByteCount, headerByteCount <= output.count else {
      throw .malformed
    }
    guard hasRoom(0, payload.count, paddingCount, in: output) else { throw .noRoom }
    let start = output.count - headerByteCount
    if paddingCount > 0 {
      var bytes = output.mutableSpan
      bytes[start] |= 0x20
    }
    guard let name = readName(output.span.extracting(droppingFirst: start)) else {
      throw .malformed
    }
    guard let source = sources.source(name.ssrc) else { throw .tooManySources }
    guard let index = PacketIndex.estimate(name.sequenceNumber, newest: source.newest) else {
      throw .keyExhausted
    }
    guard sources.isFresh(index, of: source) else { throw .replayed }
    sources.insert(index, of: source, ssrc: name.ssrc)
    guard
      media.sealRTP(
        payload, padding: paddingCount, headerByteCount: headerByteCount, ssrc: name.ssrc,
        index: index,
        into: &output)
    else { throw .cryptographyFailed }
  }

  /// Appends a whole plain packet protected; padding it has is encrypted as it is.
  public mutating func protect(
    _ packet: Span<UInt8>, into output: inout OutputSpan<UInt8>
  ) throws(SRTPError) {
    guard let header = try? RTPHeader(parsing: packet) else { throw .malformed }
    try protect(
      header: packet.extracting(first: header.byteCount),
      payload: packet.extracting(droppingFirst: header.byteCount), into: &output)
  }

  /// Appends a whole plain RTCP packet, compound or not, protected.
  ///
  /// Needs room for `packet.count + controlOverheadByteCount` bytes.
  public mutating func protectRTCP(
    _ packet: Span<UInt8>, into output: inout OutputSpan<UInt8>
  ) throws(SRTPError) {
    guard packet.count >= 8, packet[0] >> 6 == 2 else { throw .malformed }
    guard controlIndex < 1 << 31 else { throw .keyExhausted }
    guard output.freeCapacity - packet.count >= controlOverheadByteCount else { throw .noRoom }
    let index = controlIndex
    controlIndex += 1
    output.append(copying: packet.extracting(first: 8))
    guard
      control.sealRTCP(
        packet.extracting(droppingFirst: 8), headerByteCount: 8, ssrc: readSource(packet, at: 4),
        index: index, into: &output)
    else { throw .cryptographyFailed }
  }

  private func readName(_ header: Span<UInt8>) -> (sequenceNumber: UInt16, ssrc: UInt32)? {
    guard header[0] >> 6 == 2 else { return nil }
    return (UInt16(header[2]) << 8 | UInt16(header[3]), readSource(header, at: 8))
  }

  private func hasRoom(
    _ header: Int, _ payload: Int, _ padding: UInt8, in output: borrowing OutputSpan<UInt8>
  ) -> Bool {
    output.freeCapacity - header - payload >= Int(padding) + overheadByteCount
  }
}

/// The 32 bits at `position`; the caller has checked the length.
func readSource(_ bytes: Span<UInt8>, at position: Int) -> UInt32 {
  UInt32(bytes[position]) << 24 | UInt32(bytes[position + 1]) << 16
    | UInt32(bytes[position + 2]) << 8 | UInt32(bytes[position + 3])
}
