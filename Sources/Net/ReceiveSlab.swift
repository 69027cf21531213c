import CLinux
public import Wire

/// Received datagrams in one piece of memory, each in a slot of its own.
///
/// Several receive calls fill slot after slot. Datagrams stay where they are until `removeAll`, so a
/// turn can decrypt them in place and then encrypt from the same bytes for each viewer.
///
/// Outside a handler's own methods, pass it `inout`: then `slot(_:)` needs no closure, and the
/// compiler checks that nobody else touches the bytes meanwhile.
public struct ReceiveSlab: ~Copyable {
  /// Bytes in a slot. Longer datagrams are truncated, and dropped.
  public static let slotSize = 2048

  /// How many datagrams fit.
  public let slotCount: Int
  /// How many slots are filled.
  public private(set) var count = 0

  private var storage: [UInt8]
  private var received: [clinux_received]
  private var local = TransportAddress(ip: IPAddress(v4: 0), port: 0)

  /// A slab with room for `slotCount` datagrams, at least one.
  public init(slotCount: Int = 256) {
    self.slotCount = max(1, slotCount)
    storage = [UInt8](repeating: 0, count: self.slotCount * Self.slotSize)
    received = [clinux_received](repeating: clinux_received(), count: self.slotCount)
  }

  /// Whether every slot is filled.
  public var isFull: Bool { count == slotCount }

  /// The whole slab. The datagram in slot `n` begins at `n * slotSize`.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { storage.span }
  }

  /// The length of the datagram in a filled slot, 0 for an empty or dropped one.
  public func byteCount(inSlot index: Int) -> Int { Int(slotInfo(index).length) }

  /// Where the datagram in a filled slot came from, and to which of our addresses.
  public func path(ofSlot index: Int) -> Path {
    let info = slotInfo(index)
    var local = local
    if info.destination.family != 0 { local.ip = IPAddress(info.destination) }
    return Path(
      local: local, remote: TransportAddress(ip: IPAddress(info.remote), port: info.remote.port))
  }

  /// Whether the datagram was longer than a slot. It is dropped: its length is 0.
  public func isTruncated(slot index: Int) -> Bool { slotInfo(index).is_truncated }

  /// The bytes of the datagram in a filled slot, to be read.
  @_lifetime(borrow self)
  public func datagram(_ index: Int) -> Span<UInt8> {
    let start = index * Self.slotSize
    return storage.span.extracting(start..<start + byteCount(inSlot: index))
  }

  /// Empties a filled slot, which stays where it is.
  public mutating func drop(_ index: Int) {
    precondition(index >= 0 && index < count, "the slot is not filled")
    received[index].length = 0
  }

  /// The bytes of the datagram in a filled slot.
  @_lifetime(&self)
  public mutating func slot(_ index: Int) -> MutableSpan<UInt8> {
    let start = index * Self.slotSize
    let end = start + byteCount(inSlot: index)
    return storage.mutableSpan._consumingExtracting(start..<end)
  }

  /// The whole slab, to be changed in place.
  @_lifetime(&self)
  public mutating func mutableBytes() -> MutableSpan<UInt8> { storage.mutableSpan }

  /// Calls `body` with the bytes of the datagram in a filled slot.
  public mutating func withSlot<R, E: Error>(
    _ index: Int, _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    var bytes = slot(index)
    return try body(&bytes)
  }

  /// Calls `body` with the whole slab.
  public func withBytes<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try body(bytes)
  }

  /// Copies a datagram that came by `path` into the next free slot. False where there is none, or where the datagram
  /// is longer than a slot.
  public mutating func append(_ bytes: Span<UInt8>, on path: Path) -> Bool {
    guard let index = append(bytes) else { return false }
    received[index].remote = clinux_address(path.remote)
    received[index].destination = clinux_address(
      TransportAddress(ip: path.local.ip, port: 0))
    local.port = path.local.port
    return true
  }

  /// Empties every slot.
  public mutating func removeAll() { count = 0 }

  private func slotInfo(_ index: Int) -> clinux_received {
    precondition(index >= 0 && index < count, "the slot is not filled")
    return received[index]
  }

  /// Fills up to `limit` of the next slots by `receive`, which gets the first free slot's bytes and
  /// record and the number of slots from there on, and returns how many it filled or a negative error.
  mutating func fill(
    limit: Int, local: TransportAddress,
    _ receive: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<clinux_received>, Int) -> Int32
  ) -> Int32 {
    self.local = local
    let first = count
    let room = min(limit, slotCount - first)
    guard room > 0 else { return 0 }
    // Both arrays have `slotCount` entries, and `first + room` does not exceed it.
    let result = unsafe storage.withUnsafeMutableBufferPointer { bytes in
      unsafe received.withUnsafeMutableBufferPointer { records in
        guard let bytes = bytes.baseAddress, let records = records.baseAddress else {
          return Int32(0)
        }
        return unsafe receive(bytes + first * Self.slotSize, records + first, room)
      }
    }
    if result > 0 { count = first + Int(result) }
    return result
  }

  /// Copies a datagram that came some other way into the next slot, whose number it returns; nil where none is free or
  /// it is too long. Its path is the caller's to know.
  public mutating func append(_ datagram: Span<UInt8>) -> Int? {
    guard !isFull, datagram.count <= Self.slotSize else { return nil }
    let index = count
    var record = clinux_received()
    record.length = UInt32(datagram.count)
    received[index] = record
    var slot = storage.mutableSpan._consumingExtracting(
      index * Self.slotSize..<index * Self.slotSize + datagram.count)
    for place in datagram.indices { slot[place] = datagram[place] }
    count += 1
    return index
  }

  /// The address of ours that the datagram in a filled slot came to, where the socket asks for it.
  func destination(ofSlot index: Int) -> IPAddress? {
    let destination = slotInfo(index).destination
    return destination.family == 0 ? nil : IPAddress(destination)
  }

  /// Drops truncated datagrams among the slots from `first` on. Returns how many, and the bytes of all
  /// others.
  mutating func dropTruncated(from first: Int) -> (dropped: Int, bytes: Int) {
    var dropped = 0
    var bytes = 0
    for index in first..<count {
      if received[index].is_truncated {
        received[index].length = 0
        dropped += 1
      }
      bytes += Int(received[index].length)
    }
    return (dropped, bytes)
  }
}

extension IPAddress {
  init(_ address: clinux_address) {
    if address.family == 6 {
      self.init(v6High: address.high, low: address.low)
    } else {
      self.init(v4: UInt32(truncatingIfNeeded: address.low))
    }
  }
}

extension clinux_address {
  init(_ address: TransportAddress) {
    self.init(
      high: address.ip.high, low: address.ip.low, port: address.port,
      family: address.ip.family.rawValue)
  }
}
