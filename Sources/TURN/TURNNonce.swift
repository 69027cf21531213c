import Cryptography
import STUN
import Wire

/// Nonces that need no memory (RFC 8489 §9.2): the time they were made, and a code over it and the client's
/// address that only we can make.
///
/// They are short: the answer that carries one goes to an address that may be forged.
struct TURNNonce {
  private let secret: [UInt8]
  private let lifetime: Duration
  private let prefix: [UInt8]

  init(
    secret: [UInt8], lifetime: Duration, announcesAlgorithms: Bool, announcesUserHashes: Bool
  ) {
    self.secret = secret
    self.lifetime = lifetime
    // The last of 24 bits is for password algorithms, the one before for hashes (RFC 8489 §18.1).
    prefix =
      switch (announcesAlgorithms, announcesUserHashes) {
      case (false, false): []
      case (true, false): Array("obMatJos2AAAB".utf8)
      case (false, true): Array("obMatJos2AAAC".utf8)
      case (true, true): Array("obMatJos2AAAD".utf8)
      }
  }

  func make(for path: Path, at now: Instant) -> [UInt8] {
    text(Self.seconds(now), path)
  }

  /// Whether a nonce is ours, of this client, and not too old.
  func accepts(_ nonce: [UInt8], of path: Path, at now: Instant) -> Bool {
    guard nonce.count == prefix.count + 24 else { return false }
    var time: UInt32 = 0
    for digit in nonce[prefix.count..<prefix.count + 8] {
      guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { return false }
      time = time << 4 | UInt32(value)
    }
    let expected = text(time, path)
    let age = Duration.seconds(Int64(Self.seconds(now) &- time))
    return isEqualInConstantTime(nonce.span, expected.span) && age <= lifetime
  }

  private func text(_ time: UInt32, _ path: Path) -> [UInt8] {
    let covered = [UInt8](capacity: 32) { output in
      output.append(bigEndian: time)
      output.append(path.transport.rawValue)
      output.append(bigEndian: path.remote.ip.high)
      output.append(bigEndian: path.remote.ip.low)
      output.append(bigEndian: path.remote.port)
    }
    let code = HMACSHA1.authenticate(covered.span, key: secret.span)
    let digits = Array("0123456789abcdef".utf8)
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: time >> UInt32(24 - 8 * $0)) } + code[..<8]
    return prefix + bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  private static func seconds(_ now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000_000)
  }
}
