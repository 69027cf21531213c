import RTP
import Testing
import Wire

@testable import BWE

/// What a sender learns from reports: the last word on each packet.
struct Ledger {
  var arrivals: [Int64: Int64] = [:]
  var missing: Set<Int64> = []
  var reportCount = 0
  private var bases = SequenceUnwrapper()
  private var referenceWraps: Int64 = 0
  private var lastReference: UInt32?

  init() {}

  /// Takes a report after sending it over the wire. Times are in 250 µs.
  mutating func take(_ report: TransportFeedback) {
    let data = [UInt8](capacity: 2048) { report.write(into: &$0) }
    #expect(data.count <= TransportFeedbackRecorder.byteLimit)
    var reader = RTCPReader(data.span)
    guard case .transportFeedback(let read)? = reader.next() else {
      Issue.record("not read")
      return
    }
    #expect(read == report)
    #expect(read.feedbackCount == UInt8(truncatingIfNeeded: reportCount))
    reportCount += 1
    if let last = lastReference, last > 0xff_0000, read.referenceTime < 0xffff {
      referenceWraps += 1
    }
    lastReference = read.referenceTime
    let base = bases.unwrap(read.baseSequenceNumber)
    var time = (referenceWraps << 24 + Int64(read.referenceTime)) << 8
    var told: Set<Int64> = []
    for arrival in read.arrivals {
      time += Int64(arrival.delta)
      let index = base + Int64(arrival.offset)
      arrivals[index] = time
      missing.remove(index)
      told.insert(index)
    }
    for index in base..<base + Int64(read.statusCount) where !told.contains(index) {
      // A sender has forgotten what it heard of already.
      if arrivals[index] == nil { missing.insert(index) }
    }
  }
}

@Suite struct TransportFeedbackRecorderTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test func `arrivals are told after 50 milliseconds`() {
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    #expect(recorder.deadline == nil)
    recorder.record(65_535, ssrc: 7, at: at(1000))
    recorder.record(1, ssrc: 8, at: at(1010))
    #expect(recorder.deadline == at(1050))
    #expect(recorder.nextFeedback(at: at(1049)) == nil)
    let report = recorder.nextFeedback(at: at(1050))
    #expect(report?.senderSSRC == 1)
    #expect(report?.mediaSSRC == 8)
    #expect(report?.baseSequenceNumber == 65_535)
    #expect(report?.statusCount == 3)
    #expect(report?.referenceTime == 15)
    #expect(report?.arrivals == [.init(offset: 0, delta: 160), .init(offset: 2, delta: 40)])
    #expect(recorder.nextFeedback(at: at(1050)) == nil)
    #expect(recorder.deadline == nil)
  }

  @Test func `what was sent into an outage is not told of`() {
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    recorder.record(10, ssrc: 7, at: at(0))
    _ = recorder.nextFeedback(at: at(50))
    recorder.passOverOutage()
    recorder.record(500, ssrc: 7, at: at(6000))
    recorder.record(502, ssrc: 7, at: at(6001))
    let report = recorder.nextFeedback(at: at(6050))
    #expect(report?.baseSequenceNumber == 500 && report?.statusCount == 3)
    #expect(report?.arrivals.count == 2)
  }

  @Test func `what was told as missing and comes late is told again`() {
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    var ledger = Ledger()
    for number in [10, 11, 13] as [UInt16] { recorder.record(number, ssrc: 1, at: at(0)) }
    while let report = recorder.nextFeedback(at: at(50)) { ledger.take(report) }
    #expect(ledger.missing == [12])
    recorder.record(12, ssrc: 1, at: at(60))
    recorder.record(14, ssrc: 1, at: at(61))
    while let report = recorder.nextFeedback(at: at(110)) { ledger.take(report) }
    #expect(ledger.missing == [])
    #expect(ledger.arrivals[12] == 240)
    #expect(ledger.arrivals[13] == 0)
  }

  @Test func `a duplicate changes nothing`() {
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    recorder.record(1, ssrc: 1, at: at(0))
    recorder.record(1, ssrc: 1, at: at(20))
    #expect(recorder.nextFeedback(at: at(50))?.arrivals == [.init(offset: 0, delta: 0)])
    #expect(recorder.nextFeedback(at: at(50)) == nil)
    recorder.record(1, ssrc: 1, at: at(60))
    #expect(recorder.deadline == nil)
  }

  @Test func `a pause longer than a delta begins another report`() {
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    recorder.record(1, ssrc: 1, at: at(0))
    recorder.record(2, ssrc: 1, at: at(9000))
    recorder.record(3, ssrc: 1, at: at(9001))
    #expect(recorder.nextFeedback(at: at(9050))?.arrivals.count == 1)
    let second = recorder.nextFeedback(at: at(9050))
    #expect(second?.baseSequenceNumber == 2)
    #expect(second?.referenceTime == 140)
    #expect(second?.arrivals.count == 2)
  }

  @Test func `a long gap is not told of packet by packet`() {
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    recorder.record(0, ssrc: 1, at: at(0))
    recorder.record(20_000, ssrc: 1, at: at(1))
    #expect(recorder.nextFeedback(at: at(50))?.statusCount == 1)
    let second = recorder.nextFeedback(at: at(50))
    #expect(second?.baseSequenceNumber == 20_000)
    #expect(second?.statusCount == 1)
  }

  @Test(arguments: [0, 3, 30] as [UInt64])
  func `a sender learns the truth over wraps, loss and reordering`(lossPercent: UInt64) {
    var random = RandomSource.seeded(lossPercent + 1)
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    var ledger = Ledger()
    var truth: [Int64: Int64] = [:]
    // Starts just before the 24-bit reference time wraps; numbers wrap twice.
    let start = Instant(nanoseconds: (0xff_ffff * 64 - 2000) * 1_000_000)
    let first: Int64 = 65_000
    var flight: [(index: Int64, time: Instant)] = []
    for offset in 0..<68_000 as Range<Int64> where random.next() % 100 >= lossPercent {
      let delay = random.next() % 20 == 0 ? random.next() % 60_000 : random.next() % 500
      flight.append((first + offset, start + .microseconds(offset * 400 + Int64(delay))))
    }
    flight.sort { $0.time < $1.time }
    for packet in flight {
      while let due = recorder.deadline, due <= packet.time {
        while let report = recorder.nextFeedback(at: due) { ledger.take(report) }
      }
      recorder.record(UInt16(truncatingIfNeeded: packet.index), ssrc: 1, at: packet.time)
      truth[packet.index] = packet.time.nanoseconds / 250_000
    }
    while let due = recorder.deadline {
      while let report = recorder.nextFeedback(at: due) { ledger.take(report) }
    }
    let offset = flight.map(\.index).min().map { $0 - (ledger.arrivals.keys.min() ?? 0) } ?? 0
    #expect(ledger.arrivals.count == truth.count)
    #expect(ledger.arrivals.allSatisfy { truth[$0.key + offset] == $0.value })
    #expect(ledger.missing.isDisjoint(with: ledger.arrivals.keys))
    #expect(ledger.reportCount > 300)
  }

  @Test func `any numbers and times are taken, in bounded memory`() {
    var random = RandomSource.seeded(3)
    var recorder = TransportFeedbackRecorder(senderSSRC: 1)
    for round in 0..<10_000 {
      let now = Instant(nanoseconds: Int64(truncatingIfNeeded: random.next()))
      recorder.record(UInt16(truncatingIfNeeded: random.next()), ssrc: 1, at: now)
      if round % 2500 == 0 {
        var reports = 0
        while recorder.nextFeedback(at: Instant(nanoseconds: .max)) != nil { reports += 1 }
        #expect(reports <= TransportFeedbackRecorder.arrivalLimit)
      }
    }
  }
}
