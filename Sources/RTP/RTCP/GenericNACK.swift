import Wire

/// Packets that are missing and wanted again (RFC 4585 §6.2.1).
public struct GenericNACK: Equatable, Sendable {
  /// A missing packet, and which of the sixteen after it are missing too.
  public struct Item: Equatable, Sendable {
    /// The first missing sequence number.
    public var packetID: UInt16
    /// Bit `n`, from the lowest, stands for `packetID + n + 1`.
    public var followingLost: UInt16

    /// A missing packet and those after it.
    public init(packetID: UInt16, followingLost: UInt16 = 0) {
      self.packetID = packetID
      self.followingLost = followingLost
    }
  }

  /// Who asks.
  public var senderSSRC: UInt32
  /// Whose packets are missing.
  public var mediaSSRC: UInt32
  /// What is missing.
  public var items: [Item]

  /// Asks for what `items` tell.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32, items: [Item]) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
    self.items = items
  }

  /// Asks for `sequenceNumbers`, oldest first.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32, sequenceNumbers: some Sequence<UInt16>) {
    self.init(senderSSRC: senderSSRC, mediaSSRC: mediaSSRC, items: [])
    for number in sequenceNumbers {
      if let last = items.last, (1...16).contains(number &- last.packetID) {
        items[items.count - 1].followingLost |= 1 << (number &- last.packetID &- 1)
      } else {
        items.append(Item(packetID: number))
      }
    }
  }

  init(parsing body: Span<UInt8>) throws(RTPError) {
    do throws(Truncated) {
      var reader = ByteReader(body)
      senderSSRC = try reader.readUInt32()
      mediaSSRC = try reader.readUInt32()
      items = []
      items.reserveCapacity(reader.remainingCount / 4)
      while !reader.isAtEnd {
        items.append(
          Item(packetID: try reader.readUInt16(), followingLost: try reader.readUInt16()))
      }
    } catch {
      throw .truncated
    }
  }

  /// All missing sequence numbers: up to 17 an item.
  public var sequenceNumbers: [UInt16] {
    var numbers: [UInt16] = []
    for item in items {
      numbers.append(item.packetID)
      for bit in 0..<16 as Range<UInt16> where item.followingLost >> bit & 1 == 1 {
        numbers.append(item.packetID &+ bit &+ 1)
      }
    }
    return numbers
  }

  /// Length in bytes.
  public var byteCount: Int { 12 + items.count * 4 }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    guard
      output.startRTCP(
        RTCPType.transportFeedback, count: Int(FeedbackFormat.genericNACK), byteCount: byteCount)
    else { return false }
    output.append(bigEndian: senderSSRC)
    output.append(bigEndian: mediaSSRC)
    for item in items {
      output.append(bigEndian: item.packetID)
      output.append(bigEndian: item.followingLost)
    }
    return true
  }
}
