import RTP
import Wire

@testable import SFU

extension HostileMeeting {
  private static let descriptorID: UInt8 = 9

  /// A VP8 packet, which begins a key frame or does not.
  private func picture(_ number: Int, isKey: Bool, byteCount: Int = 200) -> [UInt8] {
    let start: [UInt8] =
      isKey ? [0x10, 0, 0, 0x9d, 1, 0x2a, 0, 1, 104, 1] : [0x11]
    let head: [UInt8] = [
      0x90, 0x80, 0x80 | UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
    ]
    return head + start + [UInt8](repeating: third.name, count: byteCount)
  }

  /// The names of one of the camera's sizes.
  private func names(_ rid: String) -> RTPHeaderExtensionList {
    var names = RTPHeaderExtensionList()
    names.append(id: VirtualClient.extensionIDs.mid, Array("cam".utf8).span)
    names.append(id: VirtualClient.extensionIDs.rid, Array(rid.utf8).span)
    return names
  }

  /// Media whose numbers and times go anywhere, with sender reports that fit nothing.
  func sendJumps(_ round: Int) {
    // No number is sent twice: that the sender's own encryption refuses.
    let step = [1, 32_767, 3, -1, 4, 30_000, 1, 2][round % 8]
    third.soundNumber &+= UInt16(truncatingIfNeeded: step)
    third.layers[0].sequenceNumber &+= UInt16(truncatingIfNeeded: step)
    let time = UInt32(truncatingIfNeeded: round % 3 == 0 ? -round &* 90_000 : round &* 0x7fff_ffff)
    let streams: [(type: UInt8, ssrc: UInt32, number: UInt16)] = [
      (111, third.soundSSRC, third.soundNumber),
      (96, third.layers[0].ssrc, third.layers[0].sequenceNumber),
    ]
    for stream in streams {
      let isSound = stream.type == 111
      send(
        RTPHeader(
          payloadType: stream.type, sequenceNumber: stream.number, timestamp: time,
          ssrc: stream.ssrc, marker: round % 2 == 0),
        isSound ? [0x78, third.name] : picture(round, isKey: round % 5 == 0),
        extensions: isSound ? RTPHeaderExtensionList() : names("l0"))
      tell { output in
        SenderReport(
          ssrc: stream.ssrc,
          ntpTimestamp: UInt64(truncatingIfNeeded: round &* 0x3fff_ffff_ffff_ffff),
          rtpTimestamp: ~time, packetCount: .max, octetCount: .max, blocks: []
        ).write(into: &output)
      }
    }
  }

  /// The third may send any codec and descriptors from now on, and all take them.
  func negotiateAllCodecs() {
    let codecs: [(UInt8, PayloadCodec)] = [
      (96, VirtualClient.vp8), (98, .init(.vp9)), (100, .init(.h264)), (102, .init(.av1)),
      (104, .init(.other)),
    ]
    for client in honest + [third] {
      room.renegotiate(client) { track in
        guard client === third, track.role == .camera else { return }
        track.codecs = Dictionary(uniqueKeysWithValues: codecs)
        track.extensions.dependencyDescriptor = Self.descriptorID
      } slots: { slot in
        guard slot.kind == .video else { return }
        for (type, codec) in codecs.dropFirst() { slot.payloadTypes[codec] = type }
        slot.extensions.dependencyDescriptor = Self.descriptorID
      }
    }
  }

  /// Payloads and descriptors of chance, with numbers that go on.
  func sendNonsense(_ round: Int) {
    for place in 0..<2 {
      let number = round * 2 + place
      third.layers[1].sequenceNumber &+= 1
      var names = names("l1")
      if number % 3 == 0 {
        let bytes = random.bytes(Int.random(in: 1...14, using: &random))
        names.append(id: Self.descriptorID, bytes.span)
      }
      let types: [UInt8] = [96, 98, 100, 102, 104]
      send(
        RTPHeader(
          payloadType: types[number % types.count],
          sequenceNumber: third.layers[1].sequenceNumber,
          timestamp: UInt32(truncatingIfNeeded: round &* 3000), ssrc: third.layers[1].ssrc,
          marker: place == 1), random.bytes(Int.random(in: 0...60, using: &random)),
        extensions: names)
    }
  }

  /// A key frame on a source of its own in each packet.
  func sendNewSources(_ round: Int) {
    for place in 0..<5 {
      let ssrc = UInt32(1_000_000 + round * 5 + place)
      send(
        RTPHeader(
          payloadType: 96, sequenceNumber: UInt16(truncatingIfNeeded: round), timestamp: ssrc,
          ssrc: ssrc, marker: true), picture(round, isKey: true),
        extensions: names(place % 2 == 0 ? "l0" : "l1"))
    }
  }

  /// What only the others may say of their own.
  func sendAsOthers(_ round: Int) {
    for other in honest {
      for (type, ssrc) in [(UInt8(111), other.soundSSRC), (96, other.layers[1].ssrc)] {
        send(
          RTPHeader(
            payloadType: type, sequenceNumber: UInt16(truncatingIfNeeded: round &* 977),
            timestamp: UInt32(truncatingIfNeeded: round), ssrc: ssrc, marker: true),
          type == 111 ? [0x78, third.name] : picture(round, isKey: true))
        tell { output in
          SenderReport(
            ssrc: ssrc, ntpTimestamp: 1, rtpTimestamp: 1, packetCount: 1, octetCount: 1, blocks: []
          ).write(into: &output)
          PictureLossIndication(senderSSRC: 1, mediaSSRC: ssrc).write(into: &output)
          GenericNACK(
            senderSSRC: 1, mediaSSRC: ssrc, items: [.init(packetID: 1, followingLost: 0xffff)]
          ).write(into: &output)
          Goodbye(ssrcs: [ssrc]).write(into: &output)
        }
      }
    }
  }

  /// What the third may send, in bit/s.
  static let limits: [SourceRole: Int] = [.microphone: 64_000, .camera: 400_000]

  func negotiateLimits() {
    room.renegotiate(third) { $0.bitrateLimit = Self.limits[$0.role] }
  }

  /// Ten times as much, every 20 ms.
  func sendFlood(_ round: Int) {
    for place in 0..<10 {
      third.layers[0].sequenceNumber &+= 1
      let number = round * 10 + place
      send(
        RTPHeader(
          payloadType: 96, sequenceNumber: third.layers[0].sequenceNumber,
          timestamp: UInt32(truncatingIfNeeded: round &* 1800), ssrc: third.layers[0].ssrc,
          marker: place == 9), picture(number, isKey: place == 0, byteCount: 960),
        extensions: names("l0"))
    }
    for _ in 0..<4 {
      third.soundNumber &+= 1
      send(
        RTPHeader(
          payloadType: 111, sequenceNumber: third.soundNumber,
          timestamp: UInt32(third.soundNumber) &* 240, ssrc: third.soundSSRC),
        [0x78, third.name] + [UInt8](repeating: 0, count: 380))
    }
  }
}
