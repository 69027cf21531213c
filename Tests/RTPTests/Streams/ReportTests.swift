import ByteFixtures
import RTP
import Testing
import Wire

struct ReportTests {
  private func report(_ ssrc: UInt32) -> SenderReport {
    SenderReport(ssrc: ssrc, ntpTimestamp: 1, rtpTimestamp: 2, packetCount: 3, octetCount: 4)
  }

  private func parts(_ compound: ReportCompound) -> [RTCPPacket] {
    let bytes = written { compound.write(into: &$0) }
    #expect(bytes.count == compound.byteCount && bytes.count <= ReportCompound.byteLimit)
    var reader = RTCPReader(bytes.span)
    var parts: [RTCPPacket] = []
    while let part = reader.next() { parts.append(part) }
    return parts
  }

  @Test func `a receiver reports with its name behind`() {
    let blocks = [ReportBlock(ssrc: 7), ReportBlock(ssrc: 8)]
    let compounds = ReportCompound.split(
      senderReports: [], blocks: blocks, receiver: 1, cname: "me")
    #expect(
      compounds.map(parts) == [
        [
          .receiverReport(ReceiverReport(ssrc: 1, blocks: blocks)),
          .sourceDescription(SourceDescription(ssrc: 1, cname: "me")),
        ]
      ])
  }

  @Test func `senders report together, what they receive in the first`() {
    let compounds = ReportCompound.split(
      senderReports: [report(5), report(6)], blocks: [ReportBlock(ssrc: 7)], receiver: 1,
      cname: "me")
    var first = report(5)
    first.blocks = [ReportBlock(ssrc: 7)]
    #expect(
      compounds.map(parts) == [
        [
          .senderReport(first), .senderReport(report(6)),
          .sourceDescription(
            SourceDescription(chunks: [.init(ssrc: 5, cname: "me"), .init(ssrc: 6, cname: "me")])),
        ]
      ])
  }

  @Test func `nothing to tell is no datagram`() {
    #expect(ReportCompound.split(senderReports: [], blocks: [], receiver: 1, cname: "me").isEmpty)
  }

  @Test(arguments: [0, 1, 31, 32, 64], [0, 1, 20, 64])
  func `everything is told once, in datagrams that fit`(blockCount: Int, senderCount: Int) {
    let compounds = ReportCompound.split(
      senderReports: (0..<senderCount).map { report(UInt32($0)) },
      blocks: (0..<blockCount).map { ReportBlock(ssrc: UInt32(1000 + $0)) }, receiver: 1,
      cname: String(repeating: "n", count: 255))
    var blocks: [UInt32] = []
    var senders: [UInt32] = []
    for compound in compounds {
      for (place, part) in parts(compound).enumerated() {
        switch part {
        case .senderReport(let report):
          senders.append(report.ssrc)
          blocks += report.blocks.map(\.ssrc)
        case .receiverReport(let report):
          #expect(place == 0)
          blocks += report.blocks.map(\.ssrc)
        default: #expect(place > 0)
        }
      }
    }
    #expect(senders == (0..<senderCount).map { UInt32($0) })
    #expect(blocks == (0..<blockCount).map { UInt32(1000 + $0) })
  }

  @Test func `reports come early first, and then at half to one and a half intervals`() {
    var schedule = ReportSchedule(random: .seeded(4))
    #expect(schedule.deadline == nil)
    #expect(schedule.take(at: .zero) == false)
    schedule.start(at: .zero)
    schedule.start(at: .zero + .milliseconds(50))
    #expect(schedule.deadline == .zero + .milliseconds(100))
    var pauses: [Int64] = []
    var now = Instant.zero
    while pauses.count < 1000, let due = schedule.deadline {
      pauses.append((due - now).milliseconds)
      now = due
      #expect(schedule.take(at: now) == true)
      #expect(schedule.take(at: now) == false)
    }
    #expect(pauses.dropFirst().allSatisfy { (499...1500).contains($0) })
    #expect(Set(pauses).count > 300)
    schedule.stop()
    #expect(schedule.deadline == nil)
  }
}
