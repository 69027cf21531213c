import Cryptography
import RTP
import SRTP
import Wire

/// A script of packets: each is sent honestly, damaged, repeated or made up. Honest ones must open to what
/// was sent and only once; all others must be refused.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSRTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let script = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = script.first else { return 0 }
  let profile = SRTPProtectionProfile.allCases[Int(first) % SRTPProtectionProfile.allCases.count]
  let key = [UInt8](repeating: 1, count: profile.masterKeyByteCount)
  let salt = [UInt8](repeating: 2, count: profile.masterSaltByteCount)
  guard var sender = try? SRTPSender(profile: profile, masterKey: key, masterSalt: salt),
    var receiver = try? SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt)
  else { preconditionFailure("no session") }
  openAnything(Array(script.dropFirst()), &receiver)
  var reader = ByteReader(script.span.extracting(droppingFirst: 1))
  while let step = try? Step(from: &reader) { step.run(&sender, &receiver) }
  return 0
}

private func openAnything(_ bytes: [UInt8], _ receiver: inout SRTPReceiver) {
  var media = bytes
  var span = media.mutableSpan
  precondition((try? receiver.unprotect(&span)) == nil, "forged")
  var control = bytes
  span = control.mutableSpan
  precondition((try? receiver.unprotectRTCP(&span)) == nil, "forged")
}

private struct Step {
  let action: UInt8
  let number: UInt16
  let ssrc: UInt32
  let damage: UInt16

  init(from reader: inout ByteReader) throws(Truncated) {
    action = try reader.readUInt8()
    number = try reader.readUInt16()
    ssrc = UInt32(try reader.readUInt8())
    damage = try reader.readUInt16()
  }

  func run(_ sender: inout SRTPSender, _ receiver: inout SRTPReceiver) {
    let isControl = action & 1 == 1
    let plain = isControl ? control : media
    let padding = isControl ? 0 : UInt8(truncatingIfNeeded: damage) & action
    let packet = try? [UInt8](capacity: 1024) { output throws(SRTPError) in
      if isControl {
        try sender.protectRTCP(plain.span, into: &output)
      } else {
        try sender.protect(
          header: plain.span.extracting(first: 12),
          payload: plain.span.extracting(droppingFirst: 12), paddingCount: padding, into: &output)
      }
    }
    // A number that was used already.
    guard let packet else { return }
    if action & 2 == 2 {
      var damaged = packet
      damaged[Int(damage >> 3) % packet.count] ^= 1 << UInt8(damage & 7)
      precondition(open(damaged, isControl, &receiver) == nil, "a damaged packet was opened")
    }
    if action & 4 == 4 { return }
    guard let opened = open(packet, isControl, &receiver) else { return }
    precondition(opened.count == plain.count + Int(padding))
    precondition(Array(opened[12..<plain.count]) == Array(plain[12...]))
    precondition(open(packet, isControl, &receiver) == nil, "a packet was opened twice")
  }

  private var media: [UInt8] {
    let header = RTPHeader(payloadType: 96, sequenceNumber: number, timestamp: 0, ssrc: ssrc)
    return [UInt8](capacity: 12) { header.write(into: &$0) }
      + [UInt8](repeating: action, count: Int(damage & 0x7f))
  }

  private var control: [UInt8] {
    let report = ReceiverReport(ssrc: ssrc, blocks: [ReportBlock(ssrc: UInt32(number))])
    return [UInt8](capacity: 64) { report.write(into: &$0) }
  }

  private func open(
    _ packet: [UInt8], _ isControl: Bool, _ receiver: inout SRTPReceiver
  ) -> [UInt8]? {
    var packet = packet
    var span = packet.mutableSpan
    let count = isControl ? try? receiver.unprotectRTCP(&span) : try? receiver.unprotect(&span)
    guard let count else { return nil }
    return Array(packet.prefix(count))
  }
}
