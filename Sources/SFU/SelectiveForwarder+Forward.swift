import Peer
import RTP
public import Wire

extension SelectiveForwarder {
  /// The most bytes a packet is padded with to match its neighbours.
  private static let paddingLimit = 24

  /// Sends on everything that waits. `bytes` are those the datagrams were received in; picture numbers
  /// are rewritten there before each encryption.
  public func forward(_ bytes: inout MutableSpan<UInt8>, at now: Instant, into outbox: Outbox) {
    for stream in waiting {
      padRuns(of: stream)
      if stream.source.slots.contains(where: { $0.remembersSent }) {
        remember(stream, bytes.span, at: now)
      }
      // Taken out of the stream, so that nothing is looked up and checked again for each viewer.
      var pending: [IncomingStream.Pending] = []
      swap(&pending, &stream.pending)
      for slot in stream.source.slots where slot.viewer.isConnected {
        for place in pending.indices {
          forward(pending[place], of: stream, to: slot, &bytes, at: now, into: outbox)
        }
      }
      pending.removeAll(keepingCapacity: true)
      swap(&pending, &stream.pending)
    }
    waiting.removeAll(keepingCapacity: true)
  }

  /// Makes neighbours one length where that costs a few bytes only: segmentation offload needs runs of equal
  /// datagrams, and senders cut a frame into nearly equal packets.
  private func padRuns(of stream: IncomingStream) {
    guard stream.pending.count > 1, stream.source.id.role.kind == .video else { return }
    var start = 0
    while start < stream.pending.count {
      var smallest = stream.pending[start].payload.count
      var largest = smallest
      var end = start + 1
      while end < stream.pending.count {
        let count = stream.pending[end].payload.count
        guard max(largest, count) - min(smallest, count) <= Self.paddingLimit else { break }
        smallest = min(smallest, count)
        largest = max(largest, count)
        end += 1
      }
      for index in start..<end {
        stream.pending[index].paddingCount = UInt8(
          truncatingIfNeeded: largest - stream.pending[index].payload.count)
      }
      start = end
    }
  }

  /// Sends one packet on to one viewer, if it is to get it.
  func forward(
    _ packet: borrowing IncomingStream.Pending, of stream: IncomingStream, to slot: Slot,
    _ bytes: inout MutableSpan<UInt8>, at now: Instant, into outbox: Outbox
  ) {
    if slot.current !== stream {
      guard slot.mayBegin(with: stream, packet, at: now) else { return }
      wake(now)
      if slot.plan.kind == .video {
        slot.begin(stream, with: packet, at: now)
      } else if !catchUp(with: stream, before: packet, in: slot, at: now, outbox) {
        slot.begin(stream, with: packet, at: now)
      }
      if slot.viewer.voices.limit != nil { slot.viewer.hush(at: now) }
    }
    if slot.pairsFrames, packet.codec.name == .opus, packet.layer.isMedia {
      return sendInPairs(packet, of: stream, in: slot, at: now, into: outbox)
    }
    guard let verdict = slot.layers.take(packet, of: stream, at: now) else { return }
    send(packet, verdict, of: stream, in: slot, &bytes, at: now, into: outbox)
  }
}
