public import Wire

/// What an association has done so far, and how it stands.
public struct SCTPMetrics: Sendable, Equatable {
  /// Bytes that may be in flight (RFC 9260 §7.2.1).
  public var congestionWindow = 0
  /// Payload bytes in flight.
  public var bytesInFlight = 0
  /// The round-trip time, smoothed; `nil` before the first measurement.
  public var smoothedRoundTripTime: Duration?
  /// How long an acknowledgement is waited for.
  public var retransmissionTimeout = Duration.zero
  /// Bytes the other side has room for, less what is in flight.
  public var peerReceiveWindow = 0
  /// Chunks sent more than once.
  public var retransmittedChunks: UInt64 = 0
  /// Packets sent.
  public var sentPackets: UInt64 = 0
  /// Bytes of packets sent.
  public var sentBytes: UInt64 = 0
  /// Packets handed in.
  public var receivedPackets: UInt64 = 0
  /// Bytes of packets handed in.
  public var receivedBytes: UInt64 = 0
  /// Packets handed in that were not of this association: damaged, or with a wrong tag or port.
  public var droppedPackets: UInt64 = 0
  /// Chunks that were malformed, unknown, not expected or found no room.
  public var droppedChunks: UInt64 = 0
  /// Chunks of data that had arrived before.
  public var duplicateChunks: UInt64 = 0
  /// Acknowledgements sent.
  public var sentAcknowledgements: UInt64 = 0
  /// ERROR chunks the other side sent.
  public var reportedErrors: UInt64 = 0
  /// Bytes of received data that wait to be complete or in order, with what keeping them costs.
  public var heldReceiveBytes = 0
  /// Whether data goes as I-DATA (RFC 8260).
  public var usesInterleaving = false
  /// Whether packets to the other side go without checksum (RFC 9653).
  public var usesZeroChecksum = false
  /// Whether the other side resets streams (RFC 6525).
  public var canResetStreams = false
  /// Whether messages can be given up (RFC 3758).
  public var usesPartialReliability = false
}

extension SCTPAssociation {
  /// What has happened so far, and how things stand.
  public var metrics: SCTPMetrics {
    var metrics = SCTPMetrics()
    metrics.sentPackets = counters.sentPackets
    metrics.sentBytes = counters.sentBytes
    metrics.receivedPackets = counters.receivedPackets
    metrics.receivedBytes = counters.receivedBytes
    metrics.droppedPackets = counters.droppedPackets
    metrics.droppedChunks = counters.droppedChunks
    metrics.duplicateChunks = counters.duplicateChunks
    metrics.sentAcknowledgements = counters.sentAcknowledgements
    metrics.reportedErrors = counters.reportedErrors
    metrics.heldReceiveBytes = receiving?.heldBytes ?? 0
    metrics.usesInterleaving = receiving?.isInterleaved ?? false
    metrics.usesZeroChecksum =
      options.sendsZeroChecksum && peerCapabilities.contains(.zeroChecksum)
    metrics.canResetStreams = peerCapabilities.contains(.reconfiguration)
    metrics.usesPartialReliability = peerCapabilities.contains(.forwardTSN)
    metrics.congestionWindow = sending.congestion.window
    metrics.bytesInFlight = sending.outstanding.inFlightByteCount
    metrics.smoothedRoundTripTime = sending.timeout.smoothed
    metrics.retransmissionTimeout = sending.timeout.duration
    metrics.peerReceiveWindow = sending.peerWindow
    metrics.retransmittedChunks = UInt64(clamping: sending.metrics.retransmissionCount)
    return metrics
  }
}
