public import Wire

/// A DNS message as far as multicast DNS needs it for addresses (RFC 1035 §4, RFC 6762 §18).
///
/// Questions and records of other types and classes, and those whose names are no `MDNSName`, are
/// skipped.
public struct MDNSMessage: Sendable, Equatable {
  /// Which addresses of a name.
  public enum Family: UInt16, Sendable {
    /// A record with an IPv4 address.
    case v4 = 1
    /// AAAA, a record with an IPv6 address.
    case v6 = 28
  }

  /// What somebody wants to know.
  public struct Question: Sendable, Equatable {
    /// Whose address.
    public var name: MDNSName
    /// Of which families.
    public var families: [Family]
    /// The answer may go to the asker alone (RFC 6762 §5.4).
    public var wantsUnicast: Bool

    /// A question for the addresses of `name`.
    public init(name: MDNSName, families: [Family], wantsUnicast: Bool = false) {
      self.name = name
      self.families = families
      self.wantsUnicast = wantsUnicast
    }
  }

  /// An address of a name.
  public struct Record: Sendable, Equatable {
    /// Whose address.
    public var name: MDNSName
    /// The address.
    public var address: IPAddress
    /// How many seconds the record is good for; 0 takes it back.
    public var timeToLive: UInt32
    /// It is all there is of its kind (RFC 6762 §10.2).
    public var isUnique: Bool

    /// `name` is at `address`.
    public init(
      name: MDNSName, address: IPAddress, timeToLive: UInt32 = 120, isUnique: Bool = true
    ) {
      self.name = name
      self.address = address
      self.timeToLive = timeToLive
      self.isUnique = isUnique
    }
  }

  /// Why bytes are no message we look at.
  public enum Failure: Error, Equatable, Sendable {
    /// The message ends within something.
    case truncated
    /// A name is too long, or leads nowhere.
    case malformedName
    /// Neither an ordinary query nor an answer to one.
    case unsupported
  }

  /// Longer messages are not looked at.
  public static var maximumByteCount: Int { 9000 }
  private static let maximumEntryCount = 256

  /// 0 in all but queries of simple resolvers and their answers (RFC 6762 §18.1).
  public var id: UInt16
  /// Whether it answers.
  public var isResponse: Bool
  /// What is asked.
  public var questions: [Question]
  /// Answers and what goes with them.
  public var records: [Record]

  /// A message to be sent.
  public init(
    id: UInt16 = 0, isResponse: Bool, questions: [Question] = [], records: [Record] = []
  ) {
    self.id = id
    self.isResponse = isResponse
    self.questions = questions
    self.records = records
  }

  // MARK: Reading

  /// Parses a whole datagram.
  public init(parsing bytes: Span<UInt8>) throws(Failure) {
    guard bytes.count <= Self.maximumByteCount else { throw .unsupported }
    var reader = MDNSReader(bytes)
    id = try reader.readUInt16()
    let flags = try reader.readUInt16()
    // OPCODE and RCODE are 0 in everything that is to be taken (RFC 6762 §18.3, §18.11).
    guard flags & 0x780f == 0 else { throw .unsupported }
    isResponse = flags & 0x8000 != 0
    let questionCount = Int(try reader.readUInt16())
    var recordCount = 0
    for _ in 0..<3 { recordCount += Int(try reader.readUInt16()) }
    guard questionCount + recordCount <= Self.maximumEntryCount else { throw .unsupported }
    questions = []
    records = []
    for _ in 0..<questionCount { try readQuestion(&reader) }
    for _ in 0..<recordCount { try readRecord(&reader) }
  }

  private mutating func readQuestion(_ reader: inout MDNSReader) throws(Failure) {
    let name = try reader.readName()
    let type = try reader.readUInt16()
    let group = try reader.readUInt16()
    let any: UInt16 = 255
    let families: [Family] = type == any ? [.v4, .v6] : Family(rawValue: type).map { [$0] } ?? []
    guard let name, !families.isEmpty, group & 0x7fff == 1 || group & 0x7fff == any else { return }
    questions.append(
      Question(name: name, families: families, wantsUnicast: group & 0x8000 != 0))
  }

  private mutating func readRecord(_ reader: inout MDNSReader) throws(Failure) {
    let name = try reader.readName()
    let family = Family(rawValue: try reader.readUInt16())
    let group = try reader.readUInt16()
    let timeToLive = try reader.readUInt32()
    let length = Int(try reader.readUInt16())
    var data = try reader.take(length)
    guard let name, let family, group & 0x7fff == 1, length == (family == .v4 ? 4 : 16) else {
      return
    }
    let address: IPAddress
    switch family {
    case .v4: address = IPAddress(v4: try data.readUInt32())
    case .v6: address = IPAddress(v6High: try data.readUInt64(), low: try data.readUInt64())
    }
    records.append(
      Record(
        name: name, address: address, timeToLive: timeToLive, isUnique: group & 0x8000 != 0))
  }

  // MARK: Writing

  /// The bytes `write` needs at most.
  public var byteCapacity: Int { 12 + questions.count * 2 * 80 + records.count * 100 }

  /// Writes the message; names are not compressed.
  @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) {
    let questionCount = questions.reduce(0) { $0 + $1.families.count }
    output.append(bigEndian: id)
    // An answer of multicast DNS is authoritative (RFC 6762 §18.4).
    output.append(bigEndian: (isResponse ? 0x8400 : 0) as UInt16)
    output.append(bigEndian: UInt16(truncatingIfNeeded: questionCount))
    output.append(bigEndian: UInt16(truncatingIfNeeded: records.count))
    output.append(bigEndian: 0 as UInt32)
    for question in questions {
      for family in question.families {
        Self.write(question.name, into: &output)
        output.append(bigEndian: family.rawValue)
        output.append(bigEndian: (question.wantsUnicast ? 0x8001 : 1) as UInt16)
      }
    }
    for record in records { Self.write(record, into: &output) }
  }

  @_lifetime(output: copy output)
  private static func write(_ record: Record, into output: inout OutputSpan<UInt8>) {
    let isV4 = record.address.family == .v4
    write(record.name, into: &output)
    output.append(bigEndian: (isV4 ? Family.v4 : .v6).rawValue)
    output.append(bigEndian: (record.isUnique ? 0x8001 : 1) as UInt16)
    output.append(bigEndian: record.timeToLive)
    output.append(bigEndian: (isV4 ? 4 : 16) as UInt16)
    if isV4 {
      output.append(bigEndian: UInt32(truncatingIfNeeded: record.address.low))
    } else {
      output.append(bigEndian: record.address.high)
      output.append(bigEndian: record.address.low)
    }
  }

  @_lifetime(output: copy output)
  private static func write(_ name: MDNSName, into output: inout OutputSpan<UInt8>) {
    for label in [name.label, "local"] {
      output.append(UInt8(truncatingIfNeeded: label.utf8.count))
      for byte in label.utf8 { output.append(byte) }
    }
    output.append(0)
  }
}
