public import SCTP
public import Wire

/// What the owner of a session should know, in the order in which it is to be told.
public enum SessionEvent: Sendable {
  /// An offer should be made when nothing else is under way (W3C WebRTC §4.7.3).
  case negotiationNeeded
  /// `signalingState` changed to this.
  case signalingStateChanged(SignalingState)
  /// `iceGatheringState` changed to this.
  case iceGatheringStateChanged(ICEGatheringState)
  /// `iceConnectionState` changed to this.
  case iceConnectionStateChanged(ICEConnectionState)
  /// `connectionState` changed to this.
  case connectionStateChanged(PeerConnectionState)
  /// Sockets are wanted: `addBases` is to be called with their addresses.
  case gatheringNeeded
  /// A candidate for the other side.
  case candidate(CandidateInit)
  /// There will be no more candidates of this generation; an empty candidate for the other side.
  case endOfCandidates(CandidateInit)
  /// A server was of no use, with its URL, a code and a reason (W3C WebRTC §4.8.2.1).
  case candidateError(url: String, code: Int, reason: String)
  /// A name is to be looked up in the local network; `resolved` takes the answer.
  case resolveName(String)
  /// The other side sends in this transceiver.
  case track(TransceiverID)
  /// The other side has stopped sending in this transceiver.
  case trackRemoved(TransceiverID)
  /// A transceiver is over and forgotten.
  case transceiverStopped(TransceiverID)
  /// Media came, began or ended, or is asked for.
  case media(MediaEvent)
  /// What happened to the data channels.
  case dataChannel(DataChannelSet.Event)
  /// Datagrams from this path are this session's: told where many share a socket.
  case pathValidated(Path)
  /// Datagrams from these paths are this session's no longer.
  case pathsClosed([Path])
}
