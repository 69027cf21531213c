import SDP

extension OfferAnswer {
  /// Transceivers that a session may have.
  static var maximumTransceivers: Int { 250 }

  mutating func newTransceiver(
    _ kind: TrackKind, direction: Direction, track: OutgoingTrack?, encodings: [SendEncoding] = []
  ) -> Transceiver {
    var layers = encodings.isEmpty ? [SendEncoding()] : encodings
    for index in layers.indices { giveSources(to: &layers[index]) }
    return Transceiver(
      id: newTransceiverID(), kind: kind, direction: direction,
      sender: .init(
        trackID: track?.id, streamIDs: Self.unique(track?.streamIDs ?? []), encodings: layers,
        msidTrackID: track?.id ?? newToken()),
      receiver: .init(trackID: newToken()))
  }

  mutating func giveSources(to encoding: inout SendEncoding) {
    encoding.ssrc = newSource()
    encoding.rtxSSRC = newSource()
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  private func checkRoom() throws(SessionError) {
    guard transceivers.count < Self.maximumTransceivers else { throw .limitReached("transceivers") }
  }

  /// W3C WebRTC §5.1, `addTransceiver`.
  mutating func addTransceiver(
    _ kind: TrackKind, direction: Direction, track: OutgoingTrack?, encodings: [SendEncoding]
  ) throws(SessionError) -> TransceiverID {
    try checkRoom()
    try Self.check(encodings, kind)
    var layers = encodings
    if layers.count == 1 { layers[0].rid = "" }
    let made = newTransceiver(kind, direction: direction, track: track, encodings: layers)
    transceivers.append(made)
    updateNegotiationNeeded()
    return made.id
  }

  private static func check(
    _ encodings: [SendEncoding], _ kind: TrackKind
  ) throws(SessionError) {
    guard encodings.count > 1 else { return }
    guard encodings.count <= 8 else { throw .limitReached("encodings") }
    guard kind == .video else { throw .invalidArgument("sound has one encoding") }
    let names = Set(encodings.map(\.rid))
    let areWritable = names.allSatisfy { name in
      (1...16).contains(name.utf8.count)
        && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) }
    }
    guard names.count == encodings.count, areWritable else {
      throw .invalidArgument("each encoding needs a rid of its own, of letters and digits")
    }
    for encoding in encodings {
      if let factor = encoding.scaleResolutionDownBy, !(factor >= 1) {
        throw .invalidArgument("scaleResolutionDownBy is 1 at least")
      }
    }
  }

  /// W3C WebRTC §5.1, `addTrack`.
  mutating func addTrack(
    _ track: OutgoingTrack, _ kind: TrackKind
  ) throws(SessionError) -> TransceiverID {
    guard !transceivers.contains(where: { $0.sender.trackID == track.id && !$0.isStopping }) else {
      throw .invalidArgument("the track is sent already")
    }
    let free = transceivers.firstIndex {
      $0.kind == kind && $0.sender.trackID == nil && !$0.sender.hasBeenUsed && !$0.isStopping
    }
    guard let free else {
      try checkRoom()
      var made = newTransceiver(kind, direction: .sendrecv, track: track)
      made.isMadeByAddTrack = true
      transceivers.append(made)
      updateNegotiationNeeded()
      return made.id
    }
    transceivers[free].sender.trackID = track.id
    transceivers[free].sender.streamIDs = Self.unique(track.streamIDs)
    transceivers[free].direction = Direction(
      sends: true, receives: transceivers[free].direction.receives)
    transceivers[free].isMadeByRemote = false
    updateNegotiationNeeded()
    return transceivers[free].id
  }

  private func place(of id: TransceiverID) throws(SessionError) -> Int {
    guard let index = index(of: id) else { throw .invalidArgument("no such transceiver") }
    return index
  }

  /// W3C WebRTC §5.1, `removeTrack`.
  mutating func removeTrack(of id: TransceiverID) throws(SessionError) {
    let index = try place(of: id)
    guard transceivers[index].sender.trackID != nil, !transceivers[index].isStopping else { return }
    transceivers[index].sender.trackID = nil
    transceivers[index].direction = Direction(
      sends: false, receives: transceivers[index].direction.receives)
    updateNegotiationNeeded()
  }

  /// W3C WebRTC §5.2, `replaceTrack`: no new exchange.
  mutating func replaceTrack(of id: TransceiverID, with trackID: String?) throws(SessionError) {
    let index = try place(of: id)
    guard !transceivers[index].isStopping else { throw .invalidState(state, "replaceTrack") }
    transceivers[index].sender.trackID = trackID
    transceivers[index].isMadeByRemote = false
  }

  /// W3C WebRTC §5.2, `setStreams`.
  mutating func setStreams(of id: TransceiverID, to streamIDs: [String]) throws(SessionError) {
    let index = try place(of: id)
    transceivers[index].sender.streamIDs = Self.unique(streamIDs)
    updateNegotiationNeeded()
  }

  /// W3C WebRTC §5.4, `direction`.
  mutating func setDirection(
    _ direction: Direction, of id: TransceiverID
  ) throws(SessionError) {
    let index = try place(of: id)
    guard !transceivers[index].isStopping else { throw .invalidState(state, "setDirection") }
    guard transceivers[index].direction != direction else { return }
    transceivers[index].direction = direction
    updateNegotiationNeeded()
  }

  /// W3C WebRTC §5.4, `setCodecPreferences`; an empty list takes the session's.
  mutating func setCodecPreferences(
    _ codecs: [CodecPreference], of id: TransceiverID
  ) throws(SessionError) {
    let index = try place(of: id)
    let known = terms.policy.codecs(for: transceivers[index].kind.section)
    guard codecs.allSatisfy(known.contains) else {
      throw .invalidArgument("a codec is not one of the session's")
    }
    var seen: Set<CodecPreference> = []
    let wanted = codecs.filter { seen.insert($0).inserted }
    transceivers[index].codecPreferences = wanted.isEmpty ? nil : wanted
  }

  /// W3C WebRTC §5.2, `setParameters`: only what needs no new exchange.
  mutating func setEncodings(
    _ encodings: [SendEncoding], of id: TransceiverID
  ) throws(SessionError) {
    let index = try place(of: id)
    let old = transceivers[index].sender.encodings
    guard encodings.map(\.rid) == old.map(\.rid) else {
      throw .invalidArgument("the layers are not those of the sender")
    }
    for (place, encoding) in encodings.enumerated() {
      var changed = encoding
      changed.ssrc = old[place].ssrc
      changed.rtxSSRC = old[place].rtxSSRC
      transceivers[index].sender.encodings[place] = changed
    }
  }

  /// W3C WebRTC §5.4, `stop`: at once where no m-section speaks of it, after the next exchange otherwise.
  mutating func stop(_ id: TransceiverID) throws(SessionError) {
    let index = try place(of: id)
    guard !transceivers[index].isStopping else { return }
    transceivers[index].isStopping = true
    silenceReceiver(at: index)
    if transceivers[index].mid == nil {
      stopForGood(at: index)
      transceivers.remove(at: index)
    }
    updateNegotiationNeeded()
  }

  /// W3C WebRTC §4.4.3, `restartIce`.
  mutating func restartICE() {
    let used = [currentLocal, pendingLocal].compactMap { $0?.iceUfrag }
    ufragsToReplace.formUnion(used)
    updateNegotiationNeeded()
  }

  /// What is agreed for each transceiver at present.
  var negotiatedTransceivers: [NegotiatedTransceiver] {
    transceivers.compactMap { one in
      guard let section = one.agreed, !one.isStopped else { return nil }
      return NegotiatedTransceiver(
        id: one.id, section: section, encodings: one.sender.encodings, cname: terms.cname)
    }
  }
}
