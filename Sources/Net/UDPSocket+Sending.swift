import CLinux
import Glibc
public import Wire

extension UDPSocket {
  /// The longest that one flush waits for room in the send buffer, in all.
  private static let patience = Duration.milliseconds(2)

  /// Sends every datagram of `outbox` and empties it.
  ///
  /// Runs of datagrams to one destination that are equally long (the last may be shorter) go to the
  /// kernel as one; a machine that emits a viewer's packets one after the other helps. What cannot be
  /// sent is counted and dropped.
  public func flush(_ outbox: Outbox) {
    guard !outbox.isEmpty else { return }
    send(outbox.datagrams, of: outbox)
    outbox.removeAll()
  }

  /// Sends some of an outbox's datagrams, as `flush` does, and leaves them where they are.
  public func send(_ datagrams: [Outbox.Datagram], of outbox: Outbox) {
    plan.make(
      for: datagrams, runLimit: usesSegmentation ? Int(CLINUX_SEGMENT_LIMIT) : 1,
      isIPv6: isIPv6, sources: &sources)
    statistics.foreignDatagrams &+= UInt64(plan.foreignCount)
    send(plan.messages, from: outbox.arena)
  }

  private func send(_ messages: [clinux_message], from arena: [UInt8]) {
    var index = 0
    var waited = Duration.zero
    while index < messages.count {
      let result = attempt(messages[index...], from: arena)
      if result > 0 {
        for sent in messages[index..<index + Int(result)] { count(sent) }
        index += Int(result)
        continue
      }
      switch -result {
      case EINTR: continue
      case EAGAIN, ENOBUFS:
        guard waited < Self.patience else {
          for dropped in messages[index...] {
            statistics.congestedDatagrams &+= UInt64(dropped.segment_count)
          }
          return
        }
        waited = waited + waitForRoom(until: Self.patience - waited)
      case let error:
        retry(messages[index], after: error, from: arena)
        index += 1
      }
    }
  }

  /// Sends as many messages as one call takes. Returns how many went, or a negative error.
  private func attempt(_ messages: ArraySlice<clinux_message>, from arena: [UInt8]) -> Int32 {
    statistics.sendCalls &+= 1
    // Every segment lies within the arena, since the outbox that owns the arena made it; nothing is
    // kept after the call.
    return unsafe arena.withUnsafeBufferPointer { bytes in
      unsafe plan.segments.withUnsafeBufferPointer { segments in
        unsafe messages.withUnsafeBufferPointer { messages in
          unsafe clinux_send(
            descriptor.number, isIPv6, bytes.baseAddress, segments.baseAddress,
            messages.baseAddress, messages.count)
        }
      }
    }
  }

  private func waitForRoom(until longest: Duration) -> Duration {
    let start = MonotonicClock.now()
    _ = clinux_wait_writable(descriptor.number, longest.nanoseconds)
    // Where the kernel says there is room but a device queue is full, this costs a step all the same.
    return max(MonotonicClock.now() - start, .microseconds(200))
  }

  private func count(_ message: clinux_message) {
    statistics.sentMessages &+= 1
    statistics.sentDatagrams &+= UInt64(message.segment_count)
    statistics.sentBytes &+= UInt64(message.byte_count)
  }

  /// Sends a message that the kernel refused in another way, if there is one.
  private func retry(_ refused: clinux_message, after error: Int32, from arena: [UInt8]) {
    var message = refused
    var error = error
    if reportsFailures {
      // What an earlier datagram brought back is told here, once.
      let result = attempt([message], from: arena)
      if result > 0 { return count(message) }
      error = 0 &- result
    }
    if message.source.family != 0 {
      // The address may have left the machine. Whichever the routing table chooses is better.
      sources.remove(IPAddress(message.source))
      message.source.family = 0
      let result = attempt([message], from: arena)
      if result > 0 { return count(message) }
      error = 0 &- result
    }
    let isRunRefused = [EINVAL, EIO, EMSGSIZE, EOPNOTSUPP].contains(error)
    guard message.segment_count > 1, isRunRefused else { return drop(message, error) }
    statistics.splitMessages &+= 1
    // The device cannot checksum segments: no other run will do better. Other errors concern only
    // this destination, as where its route takes only short packets.
    if error == EIO || error == EOPNOTSUPP { usesSegmentation = false }
    split(message, from: arena)
  }

  /// Sends the datagrams of a run one by one.
  private func split(_ message: clinux_message, from arena: [UInt8]) {
    var index = message.first_segment
    while index >= 0, Int(index) < plan.segments.count {
      let segment = plan.segments[Int(index)]
      let single = clinux_message(
        remote: message.remote, source: message.source, first_segment: index, last_segment: index,
        byte_count: segment.length, segment_count: 1, segment_size: message.segment_size,
        is_closed: true)
      let result = attempt([single], from: arena)
      if result > 0 { count(single) } else { drop(single, 0 &- result) }
      index = segment.next
    }
  }

  private func drop(_ message: clinux_message, _ error: Int32) {
    if error == EAGAIN || error == ENOBUFS {
      statistics.congestedDatagrams &+= UInt64(message.segment_count)
    } else {
      statistics.refusedDatagrams &+= UInt64(message.segment_count)
    }
  }
}
