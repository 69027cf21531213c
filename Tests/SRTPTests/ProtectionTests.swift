import ByteFixtures
import Cryptography
import RTP
import SRTP
import Testing
import Wire

/// A sender and a receiver with the same keys.
final class Session {
  var sender: SRTPSender
  var receiver: SRTPReceiver

  init(_ profile: SRTPProtectionProfile, seed: UInt8 = 1) throws {
    let key = [UInt8](repeating: seed, count: profile.masterKeyByteCount)
    let salt = [UInt8](repeating: 2, count: profile.masterSaltByteCount)
    sender = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt)
    receiver = try SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt)
  }

  func protect(_ plain: [UInt8], capacity: Int = 4096) throws(SRTPError) -> [UInt8] {
    try written(capacity: capacity) { output throws(SRTPError) in
      try sender.protect(plain.span, into: &output)
    }
  }

  func protectRTCP(_ plain: [UInt8], capacity: Int = 4096) throws(SRTPError) -> [UInt8] {
    try written(capacity: capacity) { output throws(SRTPError) in
      try sender.protectRTCP(plain.span, into: &output)
    }
  }

  func open(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    var packet = packet
    return try open(inPlace: &packet)
  }

  func open(inPlace packet: inout [UInt8]) throws(SRTPError) -> [UInt8] {
    var span = packet.mutableSpan
    let count = try receiver.unprotect(&span)
    return Array(packet.prefix(count))
  }

  func openRTCP(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    var packet = packet
    var span = packet.mutableSpan
    let count = try receiver.unprotectRTCP(&span)
    return Array(packet.prefix(count))
  }
}

/// A plain RTP packet.
func plainPacket(_ number: UInt16, ssrc: UInt32 = 1, payload: [UInt8] = [1, 2, 3]) -> [UInt8] {
  let header = RTPHeader(payloadType: 96, sequenceNumber: number, timestamp: 7, ssrc: ssrc)
  return written { header.write(into: &$0) } + payload
}

/// A plain RTCP packet.
let plainReport = bytes("80c90001 00000001")

@Suite struct ProtectionTests {
  @Test(arguments: SRTPProtectionProfile.allCases)
  func `what is protected is opened again`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    for count in [0, 1, 15, 16, 17, 1200] {
      let plain = plainPacket(UInt16(count), payload: [UInt8](repeating: 9, count: count))
      let packet = try session.protect(plain)
      #expect(packet.count == plain.count + session.sender.overheadByteCount)
      #expect(Array(packet.prefix(12)) == Array(plain.prefix(12)))
      #expect(try session.open(packet) == plain)
    }
    for _ in 0..<3 {
      let packet = try session.protectRTCP(plainReport)
      #expect(packet.count == plainReport.count + session.sender.controlOverheadByteCount)
      #expect(try session.openRTCP(packet) == plainReport)
    }
  }

  @Test(arguments: SRTPProtectionProfile.allCases, [0, 1, 2, 16, 255] as [UInt8])
  func `padding is added behind the payload`(
    profile: SRTPProtectionProfile, padding: UInt8
  ) throws {
    let session = try Session(profile)
    let plain = plainPacket(5, payload: [1, 2, 3, 4, 5])
    let packet = try written { output throws(SRTPError) in
      // Something before the header stays as it is and is not part of the packet.
      output.append(0xee)
      let header = RTPHeader(payloadType: 96, sequenceNumber: 5, timestamp: 7, ssrc: 1)
      header.write(into: &output)
      try session.sender.protect(
        payload: plain.span.extracting(droppingFirst: 12), paddingCount: padding,
        afterHeaderOf: 12, in: &output)
    }
    #expect(packet[0] == 0xee)
    let opened = try session.open(Array(packet.dropFirst()))
    let parsed = try RTPPacket(parsing: opened.span)
    #expect(parsed.paddingCount == Int(padding))
    #expect(Array(opened[parsed.payloadRange]) == [1, 2, 3, 4, 5])
    #expect(opened.suffix(Int(padding)).dropLast().allSatisfy { $0 == 0 })
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `without room nothing is written and nothing traps`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    let plain = plainPacket(1)
    let needed = plain.count + session.sender.overheadByteCount
    for capacity in 0..<needed {
      #expect(throws: SRTPError.noRoom) { try session.protect(plain, capacity: capacity) }
    }
    for capacity in 0..<plainReport.count + session.sender.controlOverheadByteCount {
      #expect(throws: SRTPError.noRoom) { try session.protectRTCP(plainReport, capacity: capacity) }
    }
    #expect(try session.open(try session.protect(plain)) == plain)
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `a sender refuses what is no packet`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    for bad in [[], [0x80], Array(plainPacket(1).prefix(11)), [0] + plainPacket(1)] as [[UInt8]] {
      #expect(throws: SRTPError.malformed) { try session.protect(bad) }
      #expect(throws: SRTPError.malformed) { try session.protectRTCP(Array(bad.prefix(7))) }
    }
    let nothing: [UInt8] = []
    #expect(throws: SRTPError.malformed) {
      _ = try written { output throws(SRTPError) in
        try session.sender.protect(payload: nothing.span, afterHeaderOf: 12, in: &output)
      }
    }
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `a sequence number is protected once only`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    for number in [1000, 1002, 1001] as [UInt16] { _ = try session.protect(plainPacket(number)) }
    for number in [1000, 1001, 1002] as [UInt16] {
      #expect(throws: SRTPError.replayed) { try session.protect(plainPacket(number)) }
    }
    _ = try session.protect(plainPacket(3000))
    #expect(throws: SRTPError.replayed) { try session.protect(plainPacket(1500)) }
    // Another source has its own numbers.
    _ = try session.protect(plainPacket(1000, ssrc: 2))
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `every truncation is refused and leaves no trace`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    let packet = try session.protect(plainPacket(1))
    for count in 0..<packet.count {
      #expect(throws: SRTPError.self) { try session.open(Array(packet.prefix(count))) }
    }
    let report = try session.protectRTCP(plainReport)
    for count in 0..<report.count {
      #expect(throws: SRTPError.self) { try session.openRTCP(Array(report.prefix(count))) }
    }
    #expect(try session.open(packet) == plainPacket(1))
    #expect(try session.openRTCP(report) == plainReport)
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `every flipped bit is refused and leaves no trace`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    let packet = try session.protect(plainPacket(40_000))
    for bit in 0..<packet.count * 8 {
      var forged = packet
      forged[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: SRTPError.self) { try session.open(forged) }
    }
    let report = try session.protectRTCP(plainReport)
    for bit in 0..<report.count * 8 {
      var forged = report
      forged[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: SRTPError.self) { try session.openRTCP(forged) }
    }
    #expect(try session.open(packet) == plainPacket(40_000))
    #expect(try session.openRTCP(report) == plainReport)
  }

  @Test func `counter mode writes nothing before the tag is right`() throws {
    let session = try Session(.aesCM128HMACSHA1Tag80)
    var forged = try session.protect(plainPacket(1))
    forged[forged.count - 1] ^= 1
    let before = forged
    #expect(throws: SRTPError.authenticationFailed) { try session.open(inPlace: &forged) }
    #expect(forged == before)
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `a report without encryption is refused`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    var report = try session.protectRTCP(plainReport)
    let word = profile == .aesCM128HMACSHA1Tag80 ? report.count - 14 : report.count - 4
    report[word] &= 0x7f
    #expect(throws: SRTPError.unencrypted) { try session.openRTCP(report) }
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `keys of another session open nothing`(profile: SRTPProtectionProfile) throws {
    let ours = try Session(profile)
    let theirs = try Session(profile, seed: 9)
    #expect(throws: SRTPError.authenticationFailed) {
      try ours.open(try theirs.protect(plainPacket(1)))
    }
    #expect(throws: SRTPError.authenticationFailed) {
      try ours.openRTCP(try theirs.protectRTCP(plainReport))
    }
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `random packets are refused`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    var random = RandomSource.seeded(23)
    for _ in 0..<5000 {
      var packet = random.bytes(Int(random.next() % 100))
      if !packet.isEmpty { packet[0] = packet[0] & 0x3f | 0x80 }
      if (try? session.open(packet)) != nil { Issue.record("RTP \(packet)") }
      if (try? session.openRTCP(packet)) != nil { Issue.record("RTCP \(packet)") }
    }
  }
}
