internal import Wire

extension SendingSide {
  /// Starts anew after the other side lost its state (RFC 9260 §5.2.4.1): what was sent is forgotten,
  /// what waits goes out again from its first byte. The owner calls `start` when the association is up.
  mutating func restart(initialTSN: UInt32) {
    if let oldest = outstanding.oldest {
      for sequence in oldest..<outstanding.next {
        let place = outstanding.ring[sequence].message
        let message = queue.messages[place]
        guard message.outstandingCount > 0 else { continue }
        queue.messages[place].outstandingCount = 0
        if message.remainingByteCount == 0 || message.isAbandoned { queue.messages.remove(place) }
      }
    }
    queue.restart()
    outstanding = OutstandingData(initialTSN: initialTSN)
    forwarding = Forwarding(cumulative: Int64(initialTSN) - 1)
    congestion = CongestionController(
      options.congestionControl, packetSize: options.maximumPacketSize)
    detection = LossDetection()
    rate = DeliveryRate()
    pacer.reset()
    probe.cancel()
    undo = nil
    acknowledgementHorizon = .max
    outstandingByteCount = 0
    errorCount = 0
    recoveryStart = nextPacket
    isRecovering = false
    isStarted = false
    retransmissionDeadline = nil
    reorderingDeadline = nil
    pacingDeadline = nil
  }
}
