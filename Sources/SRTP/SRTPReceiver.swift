public import Cryptography
import RTP

/// Opens the RTP and RTCP the other side sends (RFC 3711, RFC 7714), in place.
///
/// Nothing is remembered of a packet before its tag has been found right, and each packet is opened
/// once only: a window of 1,024 indices per source tells repetitions.
public struct SRTPReceiver: ~Copyable {
  /// Sources with a window of their own, RTP and RTCP each; more take turns (docs/design/srtp.md).
  public static let activeSourceLimit = 64

  private let tagByteCount: Int
  private let media: OpeningCipher
  private let control: OpeningCipher
  var mediaSources = SourceTable(activeLimit: activeSourceLimit)
  private var controlSources = SourceTable(activeLimit: activeSourceLimit)

  /// A receiver with the remote half of what a handshake yielded.
  public init(_ material: SRTPKeyingMaterial) throws(SRTPError) {
    try self.init(
      profile: material.profile, masterKey: material.remoteKey, masterSalt: material.remoteSalt)
  }

  /// A receiver with a master key and salt of the lengths `profile` wants.
  public init(
    profile: SRTPProtectionProfile, masterKey: [UInt8], masterSalt: [UInt8]
  ) throws(SRTPError) {
    let media = try OpeningCipher(
      profile,
      SessionKeys(
        profile: profile, masterKey: masterKey, masterSalt: masterSalt, isControl: false))
    let control = try OpeningCipher(
      profile,
      SessionKeys(profile: profile, masterKey: masterKey, masterSalt: masterSalt, isControl: true))
    tagByteCount = profile.authenticationTagByteCount
    self.media = media
    self.control = control
  }

  /// Opens an RTP packet in place and returns the length of the plain packet at its start.
  public mutating func unprotect(_ packet: inout MutableSpan<UInt8>) throws(SRTPError) -> Int {
    guard let header = try? RTPHeader(parsing: packet.span),
      packet.count - header.byteCount >= tagByteCount
    else { throw .malformed }
    guard let source = mediaSources.source(header.ssrc) else { throw .tooManySources }
    guard let index = PacketIndex.estimate(header.sequenceNumber, newest: source.newest) else {
      throw .keyExhausted
    }
    guard mediaSources.isFresh(index, of: source) else { throw .replayed }
    try media.openRTP(
      &packet, headerByteCount: header.byteCount, ssrc: header.ssrc, index: index)
    mediaSources.insert(index, of: source, ssrc: header.ssrc)
    return packet.count - tagByteCount
  }

  /// Opens an RTCP packet in place and returns the length of the plain, possibly compound, packet at
  /// its start.
  public mutating func unprotectRTCP(_ packet: inout MutableSpan<UInt8>) throws(SRTPError) -> Int {
    let overhead = tagByteCount + 4
    guard packet.count >= 8 + overhead, packet[0] >> 6 == 2 else { throw .malformed }
    // RFC 3711 §3.4 puts the tag last; with AES-GCM it is part of the ciphertext (RFC 7714 §9.2).
    let wordPosition = tagByteCount == 10 ? packet.count - 14 : packet.count - 4
    let word = readSource(packet.span, at: wordPosition)
    guard word >> 31 == 1 else { throw .unencrypted }
    let ssrc = readSource(packet.span, at: 4)
    guard let source = controlSources.source(ssrc) else { throw .tooManySources }
    let index = UInt64(word & 0x7fff_ffff)
    guard controlSources.isFresh(index, of: source) else { throw .replayed }
    try control.openRTCP(&packet, headerByteCount: 8, ssrc: ssrc, word: word)
    controlSources.insert(index, of: source, ssrc: ssrc)
    return packet.count - overhead
  }
}
