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
      for slot in stream.source.slots where slot.viewer.isConnected {
        forward(stream, to: slot, &bytes, at: now, into: outbox)
      }
      stream.pending.removeAll(keepingCapacity: true)
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

  private func forward(
    _ stream: IncomingStream, to slot: Slot, _ bytes: inout MutableSpan<UInt8>, at now: Instant,
    into outbox: Outbox
  ) {
    for packet in stream.pending {
      if slot.current !== stream || !slot.rewriter.isRunning {
        guard slot.mayBegin(with: stream, isKeyFrameStart: packet.isKeyFrameStart) else { continue }
        begin(stream, with: packet, in: slot, at: now)
      }
      send(packet, in: slot, &bytes, at: now, into: outbox)
    }
  }

  private func begin(
    _ stream: IncomingStream, with packet: IncomingStream.Pending, in slot: Slot, at now: Instant
  ) {
    slot.current = stream
    slot.rewriter.begin(
      index: packet.index, timestamp: packet.header.timestamp, at: now,
      clockRate: stream.source.track.clockRate)
    if let numbers = packet.numbers {
      slot.pictures.begin(
        picture: numbers.picture.value, baseLayer: numbers.baseLayer?.value ?? 0)
    }
    slot.nextReport = now
    nextScan = min(nextScan ?? now, now)
    if slot.target === stream { slot.target = nil } else { slot.retarget(at: now) }
  }

  private func send(
    _ packet: IncomingStream.Pending, in slot: Slot, _ bytes: inout MutableSpan<UInt8>,
    at now: Instant, into outbox: Outbox
  ) {
    guard let payloadType = slot.payloadType(for: packet.codec),
      let position = slot.rewriter.position(
        index: packet.index, timestamp: packet.header.timestamp, at: now)
    else { return }
    if let numbers = packet.numbers {
      slot.pictures.rewrite(numbers, in: &bytes, payloadStart: packet.payload.lowerBound)
    }
    let outgoing = RTPHeader(
      payloadType: payloadType, sequenceNumber: position.sequenceNumber,
      timestamp: position.timestamp, ssrc: slot.plan.ssrc, marker: packet.header.marker,
      hasPadding: packet.paddingCount > 0)
    fillExtensions(packet, slot.plan.extensions)
    let sent = slot.viewer.remote.sendRTP(
      outgoing, extensions: extensions, payload: bytes.span.extracting(packet.payload),
      paddingCount: packet.paddingCount, into: outbox)
    guard sent else { return }
    forwardedCount &+= 1
    slot.packetCount &+= 1
    slot.octetCount &+= UInt32(truncatingIfNeeded: packet.payload.count)
  }

  /// The header extensions that travel on, under the viewer's ids.
  private func fillExtensions(_ packet: IncomingStream.Pending, _ ids: HeaderExtensionIDs) {
    extensions.removeAll()
    if let level = packet.audioLevel, ids.audioLevel != 0 {
      extensions.append(id: ids.audioLevel, value: UInt64(level), byteCount: 1)
    }
    if let orientation = packet.videoOrientation, ids.videoOrientation != 0 {
      extensions.append(id: ids.videoOrientation, value: UInt64(orientation), byteCount: 1)
    }
  }
}

extension PictureRewriter {
  /// Puts this output's numbers where the sender's are.
  mutating func rewrite(
    _ numbers: FrameInspection.PictureNumbers, in bytes: inout MutableSpan<UInt8>, payloadStart: Int
  ) {
    numbers.picture.write(picture(numbers.picture.value), in: &bytes, payloadStart: payloadStart)
    if let base = numbers.baseLayer {
      base.write(baseLayer(base.value), in: &bytes, payloadStart: payloadStart)
    }
  }
}
