internal import Cryptography
internal import Wire

/// All we need to know of an association that does not exist yet, kept by the other side
/// (RFC 9260 §5.1.3). It proves itself by a code that only we can make, and it ages.
///
/// It holds nothing but what the handshake shows on the wire, and a random number.
struct StateCookie: Hashable, Sendable {
  /// Why a cookie is not taken.
  enum Failure: Error, Hashable, Sendable { case forged }

  var createdAt: Instant
  /// Our tag in the association to be.
  var localTag: UInt32
  /// The other side's tag.
  var peerTag: UInt32
  var localInitialTSN: UInt32
  var peerInitialTSN: UInt32
  var peerWindow: UInt32
  var outgoingStreams: UInt16
  var incomingStreams: UInt16
  var peerCapabilities: Capabilities
  /// Names the association that existed when the cookie was made, by a random number; 0 for none.
  var tieTag: UInt64

  private static let contentCount = 42
  static let byteCount = contentCount + HMACSHA256.byteCount

  /// The bytes that travel, with the code under `key`.
  func sealed(key: [UInt8]) -> [UInt8] {
    let content = [UInt8](capacity: Self.contentCount) { output in
      output.append(bigEndian: UInt64(bitPattern: createdAt.nanoseconds))
      output.append(bigEndian: localTag)
      output.append(bigEndian: peerTag)
      output.append(bigEndian: localInitialTSN)
      output.append(bigEndian: peerInitialTSN)
      output.append(bigEndian: peerWindow)
      output.append(bigEndian: outgoingStreams)
      output.append(bigEndian: incomingStreams)
      output.append(bigEndian: UInt16(peerCapabilities.rawValue))
      output.append(bigEndian: tieTag)
    }
    return content + HMACSHA256.authenticate(content.span, key: key.span)
  }

  /// Reads a cookie that was sealed with `key`.
  init(opening sealed: Span<UInt8>, key: [UInt8]) throws(Failure) {
    guard sealed.count == Self.byteCount else { throw .forged }
    let content = sealed.extracting(first: Self.contentCount)
    let code = HMACSHA256.authenticate(content, key: key.span)
    guard
      isEqualInConstantTime(code.span, sealed.extracting(droppingFirst: Self.contentCount))
    else { throw .forged }
    do throws(Truncated) {
      var reader = ByteReader(content)
      self = try Self(from: &reader)
    } catch {
      throw .forged
    }
  }

  private init(from reader: inout ByteReader) throws(Truncated) {
    createdAt = Instant(nanoseconds: Int64(bitPattern: try reader.readUInt64()))
    localTag = try reader.readUInt32()
    peerTag = try reader.readUInt32()
    localInitialTSN = try reader.readUInt32()
    peerInitialTSN = try reader.readUInt32()
    peerWindow = try reader.readUInt32()
    outgoingStreams = try reader.readUInt16()
    incomingStreams = try reader.readUInt16()
    peerCapabilities = Capabilities(
      rawValue: UInt8(truncatingIfNeeded: try reader.readUInt16()))
    tieTag = try reader.readUInt64()
  }

  /// The cookie for the answer to an INIT.
  init(
    answering initiation: Initiation, localTag: UInt32, localInitialTSN: UInt32, tieTag: UInt64,
    at now: Instant
  ) {
    createdAt = now
    self.localTag = localTag
    peerTag = initiation.tag
    self.localInitialTSN = localInitialTSN
    peerInitialTSN = initiation.initialTSN
    peerWindow = initiation.window
    outgoingStreams = initiation.outgoingStreams
    incomingStreams = initiation.incomingStreams
    peerCapabilities = initiation.capabilities
    self.tieTag = tieTag
  }
}
