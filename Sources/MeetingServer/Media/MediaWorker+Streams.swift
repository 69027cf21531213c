import ICE
import Net
import Peer
import SFU
import Wire

/// Peers that datagrams do not reach: ICE over TCP (RFC 6544), on connections to the web server's port.
extension MediaWorker {
  private var sweepInterval: Duration { min(.seconds(5), timeToProveStream, streamIdleTime) }

  /// Takes what has arrived on connections.
  func receiveStreams(at now: Instant) {
    for stream in desk.take() {
      guard let place = place(of: stream, at: now) else { continue }
      let (pieces, isEnded) = stream.take()
      for piece in pieces {
        streams[place]?.cutter.append(piece)
        guard receiveDatagrams(on: place, at: now) else {
          stream.close()
          break
        }
      }
      if isEnded { end(place, at: now) }
    }
    if let nextStreamSweep, nextStreamSweep <= now { sweepStreams(at: now) }
  }

  /// The path of a stream of ours, maybe one that is new here; nil where it is not for this worker.
  private func place(of stream: MediaStream, at now: Instant) -> Path? {
    if streams[stream.path]?.stream === stream { return stream.path }
    guard let fragment = stream.fragment,
      forwarder.isUsername(fragment) || clockPeers.isUsername(fragment)
    else {
      stream.close()
      return nil
    }
    guard stream.settle() else {
      _ = stream.take()
      return nil
    }
    // Who connects anew from the same place has left the old connection.
    if let old = streams[stream.path] {
      old.stream.close()
      end(stream.path, at: now)
    }
    streams[stream.path] = OpenStream(stream, at: now, maximumByteCount: ReceiveSlab.slotSize)
    nextStreamSweep = nextStreamSweep ?? now + sweepInterval
    return stream.path
  }

  /// False where the connection makes no sense any longer.
  private func receiveDatagrams(on path: Path, at now: Instant) -> Bool {
    while true {
      switch streams[path]?.cutter.next() {
      case .datagram(let range): receiveDatagram(range, on: path, at: now)
      case .nothing, nil: return true
      case .tooLong: return false
      }
    }
  }

  private func receiveDatagram(_ range: Range<Int>, on path: Path, at now: Instant) {
    if slab.isFull { forward(at: now) }
    guard let bytes = streams[path]?.cutter.bytes,
      let index = slab.append(bytes.span.extracting(range))
    else { return }
    streams[path]?.heardAt = now
    streamCounts.receivedDatagrams &+= 1
    if batchBegunAt == nil { batchBegunAt = now }
    hasReceived = true
    Self.take(
      &slab, slot: index, on: path, by: forwarder, or: clockPeers, or: inquiry, at: now,
      into: outbox, events: &pendingEvents)
  }

  private func end(_ path: Path, at now: Instant) {
    guard streams.removeValue(forKey: path) != nil else { return }
    forwarder.pathFailed(path, at: now, into: outbox, events: &pendingEvents)
    clockPeers.pathFailed(path, at: now, into: outbox)
  }

  /// Closes connections that proved to be nobody's, and silent ones.
  private func sweepStreams(at now: Instant) {
    for (path, open) in streams {
      let isProven = forwarder.isPeer(on: path) || clockPeers.isPeer(on: path)
      let isOver =
        now - open.heardAt > streamIdleTime || !isProven && now - open.openedAt > timeToProveStream
      if isOver { open.stream.close() }
    }
    nextStreamSweep = streams.isEmpty ? nil : now + sweepInterval
  }

  /// Sends what is for connections; the rest of the outbox is for the socket.
  func sendStreams() {
    guard !streams.isEmpty else { return }
    var touched: [Path] = []
    for datagram in outbox.datagrams where datagram.path.transport == .tcp {
      let path = datagram.path
      guard let count = streams[path]?.outgoingCount else {
        streamCounts.droppedDatagrams &+= 1
        continue
      }
      if count == 0 { touched.append(path) }
      streams[path]?.append(outbox.arena[datagram.offset..<datagram.offset + datagram.count])
    }
    for path in touched {
      guard let open = streams[path] else { continue }
      if open.stream.send(open.outgoing) {
        streamCounts.sentDatagrams &+= UInt64(open.outgoingCount)
      } else {
        streamCounts.droppedDatagrams &+= UInt64(open.outgoingCount)
      }
      streams[path]?.outgoing = []
      streams[path]?.outgoingCount = 0
    }
  }
}
