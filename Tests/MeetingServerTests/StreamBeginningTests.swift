import HTTPServer
import ICE
import STUN
import Testing
import Wire

@testable import MeetingServer

/// What a connection's first bytes say it is.
@Suite struct StreamBeginningTests {
  /// A check as an agent sends it, behind its length.
  static func framedCheck() -> [UInt8] {
    let agent = Caller(named: "abcd", to: "efgh", "0123456789012345678901")
    return agent.framed(agent.outgoing(at: Instant(nanoseconds: 1)))
  }

  /// A request to a TURN server: Allocate with a made-up attribute.
  static let request: [UInt8] =
    [0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 7, count: 12) + [
      0, 0x19, 0, 4, 17, 0, 0, 0,
    ]

  @Test func `a check is one when all of it is there, a request with its cookie, never both`() {
    let check = Self.framedCheck()
    #expect(check.count > 40)
    for count in 0...check.count + 3 {
      let part = (check + [1, 2, 3])[..<count]
      let isWhole = count >= check.count
      #expect(StreamBeginning.check(part) == (isWhole ? .yes : .moreNeeded), "\(count)")
      #expect(StreamBeginning.request(part) == (count < 2 ? .moreNeeded : .no), "\(count)")
    }
    for count in 0...Self.request.count {
      let part = Self.request[..<count]
      #expect(StreamBeginning.request(part) == (count < 8 ? .moreNeeded : .yes), "\(count)")
      #expect(StreamBeginning.check(part) == (count < 2 ? .moreNeeded : .no), "\(count)")
    }
  }

  @Test func `slices that begin elsewhere are read alike`() {
    let check = Self.framedCheck()
    #expect(StreamBeginning.check(([9, 9, 9] + check)[3...]) == .yes)
    #expect(StreamBeginning.request(([9, 9, 9] + Self.request)[3...]) == .yes)
    #expect(StreamBeginning.fragment(of: ([9] + check)[1...]) == STUNUsernameFragment("efgh"))
  }

  @Test func `what any other protocol begins with is neither`() {
    let others: [[UInt8]] = [
      Array("GET / HTTP/1.1\r\n".utf8), Array("\r\nGET /".utf8), Array("PRI * HTTP/2.0".utf8),
      Array("SSH-2.0-x\r\n".utf8), [0x16, 3, 1, 2, 0, 1], [5, 1, 0], [4, 1, 0, 80],
      [0xff, 0xff, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42],
      [0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42],
      [0, 64, 0, 1, 0, 44, 0x21, 0x12, 0xa4, 0x43], [0, 64, 1, 1, 0, 44, 0x21, 0x12, 0xa4, 0x42],
      [0, 1, 0, 3, 0x21, 0x12, 0xa4, 0x42], [0, 1, 0xff, 0, 0x21, 0x12, 0xa4, 0x42],
      [0x40, 0, 0, 4, 0, 0, 0, 0],
    ]
    for other in others {
      #expect(StreamBeginning.check(other[...]) == .no, "\(other)")
      #expect(StreamBeginning.request(other[...]) == .no, "\(other)")
    }
  }

  @Test func `a check without a user name is none`() {
    let bytes: [UInt8] =
      [0, 28, 0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 0, count: 12)
      + [0, 0x24, 0, 4, 0, 0, 0, 1]
    #expect(StreamBeginning.check(bytes[...]) == .no)
    #expect(StreamBeginning.check(bytes.dropLast()) == .moreNeeded)
  }

  @Test func `damaged beginnings trap nothing and wait for nothing impossible`() {
    let check = Self.framedCheck()
    var random = RandomSource.seeded(7)
    for _ in 0..<20_000 {
      var bytes = Bool.random(using: &random) ? check : Self.request
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
      let answers = [StreamBeginning.check(bytes[...]), StreamBeginning.request(bytes[...])]
      #expect(!answers.allSatisfy { $0 == .yes })
      let long = bytes + [UInt8](repeating: 0, count: StreamService.longestBeginning)
      #expect(StreamBeginning.check(long[...]) != .moreNeeded)
      #expect(StreamBeginning.request(long[...]) != .moreNeeded)
    }
  }

  @Test func `datagrams are cut the same however they arrive`() {
    let datagrams: [[UInt8]] = [[1], [UInt8](repeating: 2, count: 2048), [3, 4], [5]]
    var bytes: [UInt8] = []
    for datagram in datagrams {
      bytes += [UInt8(datagram.count >> 8), UInt8(datagram.count & 255)] + datagram + [0, 0]
    }
    for size in [1, 2, 3, 7, 100, 2049, bytes.count] {
      var cutter = FrameCutter(maximumByteCount: 2048)
      var cut: [[UInt8]] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        cutter.append(Array(bytes[start..<min(start + size, bytes.count)]))
        while case .datagram(let range) = cutter.next() { cut.append(Array(cutter.bytes[range])) }
        #expect(cutter.bytes.count <= 2050 + size + bytes.count)
      }
      #expect(cut == datagrams, "in pieces of \(size)")
      #expect(cutter.next() == .nothing)
    }
    var cutter = FrameCutter(maximumByteCount: 2048)
    cutter.append([8, 1])
    #expect(cutter.next() == .tooLong)
    #expect(cutter.next() == .tooLong)
  }
}
