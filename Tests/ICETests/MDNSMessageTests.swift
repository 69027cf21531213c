import ICE
import Testing
import Wire

struct MDNSMessageTests {
  @Test func `names are a label and local, and random ones are version 4 UUIDs`() throws {
    #expect(MDNSName("Printer.LOCAL")?.description == "printer.local")
    for text in [
      "", ".local", "local", "a.b.local", "a.local.", "a.example", "a_b.local", "a b.local",
      "h\u{e4}.local", String(repeating: "a", count: 64) + ".local", "localhost", "192.0.2.1",
    ] {
      #expect(MDNSName(text) == nil, "\(text)")
    }
    #expect(MDNSName(String(repeating: "a", count: 63) + ".local") != nil)
    var random = RandomSource.seeded(4)
    let made = (0..<50).map { _ in MDNSName.random(using: &random) }
    #expect(Set(made).count == 50)
    for name in made {
      let parts = name.label.split(separator: "-")
      #expect(parts.map(\.count) == [8, 4, 4, 4, 12], "\(name)")
      #expect(parts[2].first == "4" && "89ab".contains(parts[3].first ?? " "), "\(name)")
      #expect(name.label.allSatisfy { $0.isHexDigit || $0 == "-" }, "\(name)")
      #expect(MDNSName(name.description) == name)
    }
  }

  @Test func `messages are read as they were written, and no part of one is`() throws {
    let message = MDNSMessage(
      id: 7, isResponse: true,
      questions: [.init(name: try MDNSFixture.name(), families: [.v4], wantsUnicast: true)],
      records: [
        .init(name: try MDNSFixture.name(), address: IPAddress(192, 0, 2, 1)),
        .init(
          name: try MDNSFixture.name("b.local"), address: IPAddress(v6High: 1, low: 2),
          timeToLive: 0,
          isUnique: false),
      ])
    let written = MDNSFixture.encoded(message)
    #expect(try MDNSMessage(parsing: written.span) == message)
    for count in 0..<written.count {
      #expect(throws: MDNSMessage.Failure.self) {
        try MDNSMessage(parsing: written.span.extracting(first: count))
      }
    }
  }

  @Test func `names may point back, but not in circles`() throws {
    // A response with a question for a.local and a record whose name points at it.
    let head: [UInt8] = [0, 0, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0]
    let question: [UInt8] = [1, 0x61, 5, 0x6c, 0x6f, 0x63, 0x61, 0x6c, 0, 0, 1, 0, 1]
    let record: [UInt8] = [0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 0, 2, 1]
    let message = try MDNSMessage(parsing: (head + question + record).span)
    #expect(
      message.records == [
        .init(name: try MDNSFixture.name("a.local"), address: IPAddress(192, 0, 2, 1))
      ])
    #expect(message.questions.map(\.name.label) == ["a"])
    // Half a name, and the rest by pointer.
    let half: [UInt8] = [1, 0x62, 0xc0, 14] + record.dropFirst(2)
    let joined = try MDNSMessage(parsing: (head + question + half).span)
    #expect(joined.records.map(\.name.label) == ["b"])
    for target: UInt8 in [25, 26, 200] {
      let circle = head + question + [0xc0, target] + record.dropFirst(2)
      #expect(throws: MDNSMessage.Failure.malformedName) { try MDNSMessage(parsing: circle.span) }
    }
    // A name of more than 255 bytes by pointers to pointers.
    var long: [UInt8] = [0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0]
    for index in 0..<6 {
      // The first name ends itself, each other one by leading to the one before it.
      let before = max(12, 70 * index - 59)
      let pointer = [UInt8(truncatingIfNeeded: 0xc0 | before >> 8), UInt8(before & 0xff)]
      long += [63] + [UInt8](repeating: 0x61, count: 63) + (index == 0 ? [0] : pointer)
      long += [0, 1, 0, 1]
    }
    #expect(throws: MDNSMessage.Failure.malformedName) { try MDNSMessage(parsing: long.span) }
  }

  @Test func `what is not about addresses is read over`() throws {
    let head: [UInt8] = [0, 0, 0x84, 0, 0, 1, 0, 3, 0, 0, 0, 0]
    let question: [UInt8] = [1, 0x61, 5, 0x6c, 0x6f, 0x63, 0x61, 0x6c, 0, 0, 12, 0, 1]
    let text: [UInt8] = [0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 120, 0, 2, 1, 0x61]
    let short: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 120, 0, 3, 1, 2, 3]
    let good: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 120, 0, 4, 1, 2, 3, 4]
    let message = try MDNSMessage(parsing: (head + question + text + short + good).span)
    #expect(message.questions.isEmpty)
    #expect(message.records.map(\.address) == [IPAddress(1, 2, 3, 4)])
    for (index, value) in [(2, 0xfc), (3, 3), (4, 255), (7, 255)] as [(Int, UInt8)] {
      var changed = head + question + text + short + good
      changed[index] = value
      #expect(throws: MDNSMessage.Failure.self) { try MDNSMessage(parsing: changed.span) }
    }
  }

  @Test func `a candidate with a name becomes one with an address`() throws {
    let line =
      "candidate:1 1 udp 2113937151 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 51472 typ host"
    guard case .unresolvable(let text) = try ICECandidate.parse(line) else {
      Issue.record("not a name")
      return
    }
    #expect(MDNSName(text) == (try MDNSFixture.name()))
    let resolved = try ICECandidate.parse(line, resolvingNameTo: IPAddress(192, 168, 1, 9))
    guard case .candidate(let candidate) = resolved else {
      Issue.record("not a candidate")
      return
    }
    #expect(candidate.address == TransportAddress(ip: IPAddress(192, 168, 1, 9), port: 51472))
    #expect(throws: ICECandidateError.unusableAddress) {
      try ICECandidate.parse(line, resolvingNameTo: IPAddress(169, 254, 169, 254))
    }
  }
}
