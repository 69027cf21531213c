import CLinux
import Wire

/// How an outbox leaves: its datagrams in messages, each a run of equal length to one destination.
///
/// The order of datagrams to one destination is kept. Memory is kept from flush to flush.
struct SendPlan {
  /// The most bytes in one message; the kernel's limit is an IP packet of 65,535 bytes.
  static let messageLimit: UInt32 = 65_000
  /// Slots of `newest`, a power of two.
  private static let tableSize = 256

  /// One for each datagram, in the outbox's order.
  private(set) var segments: [clinux_segment] = []
  /// In the order of their first datagrams.
  private(set) var messages: [clinux_message] = []
  /// The newest message to a destination, by the destination's hash. A slot may be stale, or taken by
  /// another destination with that hash: the message found must be compared. No later message to the
  /// same destination can be missed, since opening one overwrites the slot. Empty until a second destination is seen:
  /// many sockets have only one.
  private var newest: [Int32] = []

  /// Datagrams that cannot leave by a UDP socket.
  private(set) var foreignCount = 0

  /// Plans for `datagrams`, in runs of at most `runLimit`, to be sent from their paths' local addresses
  /// where these are among `sources`.
  mutating func make(
    for datagrams: [Outbox.Datagram], runLimit: Int, isIPv6: Bool, sources: inout LocalSources
  ) {
    segments.removeAll(keepingCapacity: true)
    messages.removeAll(keepingCapacity: true)
    foreignCount = 0
    for datagram in datagrams {
      let remote = clinux_address(datagram.path.remote)
      guard datagram.path.transport == .udp, isIPv6 || remote.family == 4,
        let offset = UInt32(exactly: datagram.offset), datagram.count <= 0xffff
      else {
        foreignCount += 1
        continue
      }
      var source = clinux_address()
      if sources.contains(datagram.path.local.ip) { source = clinux_address(datagram.path.local) }
      if !isIPv6, source.family != 4 { source.family = 0 }
      append(
        clinux_segment(offset: offset, length: UInt32(datagram.count), next: -1),
        to: remote, from: source, runLimit: runLimit)
    }
  }

  private mutating func append(
    _ segment: clinux_segment, to remote: clinux_address, from source: clinux_address, runLimit: Int
  ) {
    let index = Int32(truncatingIfNeeded: segments.count)
    segments.append(segment)
    // Mostly the message just begun; otherwise whichever the table knows.
    let last = messages.count - 1
    if last >= 0, messages[last].goes(to: remote, from: source) {
      if join(last, segment, index, runLimit) { return }
      open(segment, index, to: remote, from: source, slot: nil)
      return
    }
    if last >= 0, newest.isEmpty { makeTable() }
    let slot = remote.slot(of: Self.tableSize)
    guard !newest.isEmpty else {
      open(segment, index, to: remote, from: source, slot: slot)
      return
    }
    let known = Int(newest[slot])
    if known < messages.count, messages[known].goes(to: remote, from: source),
      join(known, segment, index, runLimit)
    {
      return
    }
    open(segment, index, to: remote, from: source, slot: slot)
  }

  private mutating func open(
    _ segment: clinux_segment, _ index: Int32, to remote: clinux_address,
    from source: clinux_address, slot: Int?
  ) {
    if !newest.isEmpty {
      newest[slot ?? remote.slot(of: Self.tableSize)] = Int32(truncatingIfNeeded: messages.count)
    }
    messages.append(
      clinux_message(
        remote: remote, source: source, first_segment: index, last_segment: index,
        byte_count: segment.length, segment_count: 1,
        segment_size: UInt16(truncatingIfNeeded: segment.length), is_closed: false))
  }

  private mutating func makeTable() {
    newest = [Int32](repeating: 0, count: Self.tableSize)
    // All messages so far go to one destination.
    if let first = messages.first {
      newest[first.remote.slot(of: Self.tableSize)] = Int32(truncatingIfNeeded: messages.count - 1)
    }
  }

  /// Adds a datagram to the end of a message, if it fits there.
  private mutating func join(
    _ message: Int, _ segment: clinux_segment, _ index: Int32, _ runLimit: Int
  ) -> Bool {
    let run = messages[message]
    guard !run.is_closed, Int(run.segment_count) < runLimit,
      segment.length <= run.segment_size, run.byte_count + segment.length <= Self.messageLimit
    else { return false }
    segments[Int(run.last_segment)].next = index
    messages[message].last_segment = index
    messages[message].byte_count += segment.length
    messages[message].segment_count += 1
    // Only the last segment may be shorter.
    messages[message].is_closed = segment.length < run.segment_size
    return true
  }
}

extension clinux_message {
  func goes(to other: clinux_address, from otherSource: clinux_address) -> Bool {
    remote.isSame(as: other) && source.isSame(as: otherSource)
  }
}

extension clinux_address {
  func isSame(as other: clinux_address) -> Bool {
    low == other.low && port == other.port && high == other.high && family == other.family
  }

  /// A slot of a table whose size is a power of two.
  func slot(of tableSize: Int) -> Int {
    let mixed = (low ^ high &* 31 ^ UInt64(port) << 40 ^ UInt64(port)) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 48) & (tableSize - 1)
  }
}
