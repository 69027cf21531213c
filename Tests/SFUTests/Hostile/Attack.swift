import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// What somebody with valid keys may do to others.
struct Attack: Sendable, CustomTestStringConvertible {
  /// The row in the list of bad inputs, and what is done.
  var testDescription: String
  var duration = Duration.seconds(6)
  var interval = Duration.milliseconds(20)
  /// Whether it is done with media.
  var isOfSender: Bool { Self.ofSenders.contains { $0.testDescription == testDescription } }
  /// Key frames the two may be asked for because of it.
  var requests = 0
  /// What may be sent to the two, of what was sent without it.
  var packets = 1.05
  var prepare: @Sendable (HostileMeeting) -> Void = { _ in }
  var act: @Sendable (HostileMeeting, Int) -> Void

  /// Of a viewer.
  static let ofViewers = [
    Attack(
      testDescription: "row 5: control packets that lie of their lengths",
      act: { $0.sendMalformed($1) }),
    Attack(
      testDescription: "row 33: key frames asked for without end", requests: 20,
      act: { $0.askForKeyFrames($1) }),
    Attack(
      testDescription: "row 33: looking away and back again, ten times a second",
      duration: .seconds(20), interval: .milliseconds(50), requests: 36, packets: 1.1,
      act: { $0.flipView($1) }),
    Attack(
      testDescription: "row 33: a path that carries nothing and everything in turns",
      duration: .seconds(20), interval: .milliseconds(100), requests: 36, packets: 1.1,
      act: { $0.flipEstimate($1) }),
    Attack(
      testDescription: "row 34: all numbers asked for again, in a loop",
      act: { $0.askForEverything($1) }),
    Attack(
      testDescription: "rows 6 and 35: feedback of what never was", act: { $0.lieOfArrivals($1) }),
    Attack(
      testDescription: "row 35: reports of impossible losses and times",
      act: { $0.lieInReports($1) }),
  ]

  /// Of a sender.
  static let ofSenders = [
    Attack(
      testDescription: "row 6: numbers and times that jump",
      prepare: { $0.silenceThird() }, act: { $0.sendJumps($1) }),
    Attack(
      testDescription: "row 7: descriptors of all codecs that mean nothing", packets: 1.5,
      prepare: {
        $0.silenceThird()
        $0.negotiateAllCodecs()
      }, act: { $0.sendNonsense($1) }),
    Attack(
      testDescription: "row 26: a new source in each packet, bound by its names", packets: 1.5,
      prepare: { $0.silenceThird() }, act: { $0.sendNewSources($1) }),
    Attack(
      testDescription: "row 27: the sources of the others, in media and control",
      prepare: { $0.silenceThird() }, act: { $0.sendAsOthers($1) }),
    Attack(
      testDescription: "row 36: ten times what was negotiated",
      prepare: {
        $0.silenceThird()
        $0.negotiateLimits()
      }, act: { $0.sendFlood($1) }),
  ]
}

extension HostileMeeting {
  /// Each with a valid request behind, in the next datagram.
  func sendMalformed(_ round: Int) {
    let shapes: [[UInt8]] = [
      // An estimate for 255 sources in 20 bytes.
      [0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0x52, 0x45, 0x4d, 0x42, 255, 0, 0, 0],
      // Feedback with a symbol that means nothing.
      [0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0xff, 0xff, 0, 0],
      // Feedback on more packets than it has chunks for.
      [0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0x20, 1, 4, 0],
      // A description of a source that is cut off.
      [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 255, 0x61, 0x62],
      // An extended report whose block goes past the end.
      [0x80, 207, 0, 2, 0, 0, 0, 1, 1, 0, 0xff, 0xff],
      // A packet longer than the datagram, and one of no length with reports.
      [0x80, 201, 0xff, 0xff, 0, 0, 0, 1], [0x9f, 201, 0, 1, 0, 0, 0, 1],
    ]
    tell { output in for byte in shapes[round % shapes.count] { output.append(byte) } }
    tell { output in
      GenericNACK(
        senderSSRC: 1, mediaSSRC: third.slots[1].ssrc,
        items: [.init(packetID: UInt16(truncatingIfNeeded: round), followingLost: 0)]
      ).write(into: &output)
    }
  }

  func askForKeyFrames(_ round: Int) {
    tell { output in
      for slot in third.slots where slot.kind == .video {
        if round % 2 == 0 {
          PictureLossIndication(senderSSRC: 0, mediaSSRC: slot.ssrc).write(into: &output)
        } else {
          FullIntraRequest(
            senderSSRC: 0,
            entries: [.init(ssrc: slot.ssrc, sequenceNumber: UInt8(truncatingIfNeeded: round))]
          ).write(into: &output)
        }
      }
    }
  }

  func flipView(_ round: Int) {
    let height = [180, 720][round / 2 % 2]
    let tiles = honest.map {
      ViewTile(source: SourceID(peer: $0.id, role: .camera), height: height)
    }
    room.server.forwarder.setView(
      round % 2 == 0 ? [] : tiles, of: third.id, at: room.network.now,
      events: &room.server.events)
  }

  func flipEstimate(_ round: Int) {
    tell { output in
      ReceiverEstimatedMaximumBitrate(
        senderSSRC: 1, bitrate: round % 4 < 2 ? 0 : 10_000_000_000, ssrcs: [1]
      ).write(into: &output)
    }
  }

  func askForEverything(_ round: Int) {
    let items = (0..<280).map { place in
      GenericNACK.Item(
        packetID: UInt16(truncatingIfNeeded: (round * 280 + place) * 17), followingLost: 0xffff)
    }
    let slots = third.slots.filter { $0.kind == .video }
    tell { output in
      GenericNACK(senderSSRC: 1, mediaSSRC: slots[round % slots.count].ssrc, items: items).write(
        into: &output)
    }
  }

  func lieOfArrivals(_ round: Int) {
    let arrivals = (0..<UInt16(50)).map {
      TransportFeedback.Arrival(
        offset: $0 * 3, delta: Int16(truncatingIfNeeded: (round &* 31 &+ Int($0)) &* 977))
    }
    tell { output in
      TransportFeedback(
        senderSSRC: 1, mediaSSRC: 0,
        baseSequenceNumber: UInt16(truncatingIfNeeded: round &* 7919), statusCount: 200,
        referenceTime: UInt32(truncatingIfNeeded: round &* 0x51_7cc1),
        feedbackCount: UInt8(round & 0xff), arrivals: arrivals
      ).write(into: &output)
    }
  }

  func lieInReports(_ round: Int) {
    let blocks = third.slots.map { slot in
      ReportBlock(
        ssrc: slot.ssrc, fractionLost: round % 2 == 0 ? 255 : 0, cumulativeLost: .min,
        highestSequenceNumber: .max, jitter: .max,
        lastSenderReport: UInt32(truncatingIfNeeded: round &* 0x9e37_79b9),
        delaySinceLastSenderReport: .max)
    }
    tell { output in
      for part in blocks.chunks(of: 24) {
        ReceiverReport(ssrc: 1, blocks: part).write(into: &output)
      }
    }
  }
}

extension Array {
  fileprivate func chunks(of count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map {
      Array(self[$0..<Swift.min($0 + count, self.count)])
    }
  }
}
