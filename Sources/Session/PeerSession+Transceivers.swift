public import SDP

extension PeerSession {
  /// Adds a transceiver (W3C WebRTC §5.1). Several encodings are simulcast layers, the smallest first.
  public func addTransceiver(
    _ kind: TrackKind, direction: Direction = .sendrecv, track: OutgoingTrack? = nil,
    sendEncodings: [SendEncoding] = []
  ) throws(SessionError) -> TransceiverID {
    try checkOpen("addTransceiver")
    return try change { exchange throws(SessionError) in
      try exchange.addTransceiver(
        kind, direction: direction, track: track, encodings: sendEncodings)
    }
  }

  /// Sends a track, in a transceiver that never sent before if there is one (W3C WebRTC §5.1).
  public func addTrack(
    _ track: OutgoingTrack, _ kind: TrackKind
  ) throws(SessionError) -> TransceiverID {
    try checkOpen("addTrack")
    return try change { exchange throws(SessionError) in try exchange.addTrack(track, kind) }
  }

  /// Ends sending; the transceiver stays (W3C WebRTC §5.1).
  public func removeTrack(of id: TransceiverID) throws(SessionError) {
    try checkOpen("removeTrack")
    try change { exchange throws(SessionError) in try exchange.removeTrack(of: id) }
  }

  /// Sends another track in place of the present one, without an exchange; nil sends none.
  public func replaceTrack(of id: TransceiverID, with trackID: String?) throws(SessionError) {
    try checkOpen("replaceTrack")
    try change { exchange throws(SessionError) in
      try exchange.replaceTrack(of: id, with: trackID)
    }
  }

  /// Puts the track into other streams.
  public func setStreams(of id: TransceiverID, to streamIDs: [String]) throws(SessionError) {
    try checkOpen("setStreams")
    try change { exchange throws(SessionError) in try exchange.setStreams(of: id, to: streamIDs) }
  }

  /// Says who is to send; the next exchange makes it so.
  public func setDirection(_ direction: Direction, of id: TransceiverID) throws(SessionError) {
    try checkOpen("setDirection")
    try change { exchange throws(SessionError) in try exchange.setDirection(direction, of: id) }
  }

  /// Says which of the session's codecs the next exchange may agree on, the best first; none for all.
  public func setCodecPreferences(
    _ codecs: [CodecPreference], of id: TransceiverID
  ) throws(SessionError) {
    try checkOpen("setCodecPreferences")
    try change { exchange throws(SessionError) in
      try exchange.setCodecPreferences(codecs, of: id)
    }
  }

  /// Changes what needs no exchange: activity, bit rates, sizes. The layers must be those of the sender.
  public func setEncodings(
    _ encodings: [SendEncoding], of id: TransceiverID
  ) throws(SessionError) {
    try checkOpen("setParameters")
    try change { exchange throws(SessionError) in try exchange.setEncodings(encodings, of: id) }
    media?.apply(exchange.negotiatedTransceivers)
  }

  /// Ends a transceiver for good; the next exchange tells the other side.
  public func stop(_ id: TransceiverID) throws(SessionError) {
    try checkOpen("stop")
    try change { exchange throws(SessionError) in try exchange.stop(id) }
  }

  /// The transceiver of that name, unless it is over.
  public func transceiver(_ id: TransceiverID) -> Transceiver? {
    exchange.index(of: id).map { exchange.transceivers[$0] }
  }
}
