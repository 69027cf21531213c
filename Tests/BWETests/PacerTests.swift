import Testing
import Wire

@testable import BWE

@Suite struct PacerTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  /// What leaves in each millisecond, as packets of video unless `padding` is counted.
  private func drain(_ pacer: inout Pacer, until end: Int64, from start: Int64 = 0) -> [(
    Int64, Int
  )] {
    var released: [(Int64, Int)] = []
    for time in start...end {
      while let release = pacer.next(at: at(time)) {
        if case .packet(let packet, _) = release { released.append((time, packet)) }
        if case .padding(let byteCount, _) = release { released.append((time, -byteCount)) }
      }
    }
    return released
  }

  @Test func `packets leave at a tenth more than the bitrate`() {
    var pacer = Pacer(bitrate: 1_000_000, queueTimeLimit: .seconds(10))
    for packet in 0..<120 {
      _ = pacer.add(packet, byteCount: 1100, priority: .video, at: at(0))
    }
    let released = drain(&pacer, until: 999)
    // 8.8 kbit each at 1.1 Mbit/s: one in 8 ms.
    #expect((123...127).contains(released.count) || released.count == 120)
    #expect(released.filter { $0.0 < 400 }.count >= 49)
    #expect(released.filter { $0.0 < 400 }.count <= 53)
  }

  @Test func `audio leaves at once, and retransmissions before video`() {
    var pacer = Pacer(bitrate: 100_000)
    for packet in 0..<5 {
      _ = pacer.add(packet, byteCount: 1000, priority: .video, at: at(0))
    }
    _ = pacer.add(10, byteCount: 1000, priority: .retransmission, at: at(0))
    _ = pacer.add(20, byteCount: 100, priority: .audio, at: at(0))
    _ = pacer.add(21, byteCount: 100, priority: .audio, at: at(0))
    let released = drain(&pacer, until: 2000)
    #expect(released.prefix(2).map(\.1) == [20, 21])
    #expect(released.prefix(2).allSatisfy { $0.0 == 0 })
    #expect(released.dropFirst(2).map(\.1) == [10, 0, 1, 2, 3, 4])
  }

  @Test func `nothing waits much longer than the limit`() {
    var pacer = Pacer(bitrate: 100_000, queueTimeLimit: .milliseconds(500))
    for packet in 0..<100 {
      _ = pacer.add(packet, byteCount: 1000, priority: .video, at: at(0))
    }
    let released = drain(&pacer, until: 2000)
    #expect(released.count == 100)
    #expect(released.last.map { $0.0 <= 600 } == true, "\(String(describing: released.last))")
  }

  @Test func `a probe leaves at its own bitrate, filled with padding`() {
    var pacer = Pacer(bitrate: 100_000)
    _ = pacer.add(1, byteCount: 1000, priority: .video, at: at(0))
    pacer.add(ProbeCluster(id: 3, bitrate: 4_000_000))
    var bytes = 0
    var times: [Int64] = []
    for time in Int64(0)...100 {
      while let release = pacer.next(at: at(time)) {
        switch release {
        case .packet(_, let probe), .padding(_, let probe): #expect(probe == 3)
        }
        bytes += 1000
        times.append(time)
      }
    }
    #expect(bytes == 8000)
    #expect(times.last == 14)
    #expect(pacer.deadline == nil)
  }

  @Test func `padding fills up to its bitrate where nothing waits`() {
    var pacer = Pacer(bitrate: 1_000_000)
    #expect(pacer.deadline == nil)
    pacer.setBitrate(1_000_000, padding: 80_000)
    let released = drain(&pacer, until: 999)
    #expect((9...12).contains(released.count), "\(released.count)")
  }

  @Test func `too many packets are refused`() {
    var pacer = Pacer(bitrate: 1_000_000, queueCountLimit: 2)
    let taken = [1, 2, 3].map { packet in
      pacer.add(packet, byteCount: 1, priority: .video, at: at(0))
    }
    #expect(taken == [true, true, false])
  }
}
