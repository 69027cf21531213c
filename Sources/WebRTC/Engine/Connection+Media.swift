import Media
import Session
import Wire

extension Connection {
  /// The public face of a transceiver, made when it is first spoken of.
  func face(of id: TransceiverID) -> RTPTransceiver? {
    if let known = transceivers[id] { return known }
    guard let transceiver = session.transceiver(id) else { return nil }
    let made = RTPTransceiver(id: id, kind: transceiver.kind, handle: handle)
    transceivers[id] = made
    return made
  }

  func handle(_ event: MediaEvent) {
    switch event {
    case .packet(let id, let rid, let packet):
      transceivers[id]?.receiver.take(RTPReceiver.Packet(rid: rid, received: packet))
    case .frame(let id, let rid, let codec, let frame):
      transceivers[id]?.receiver.take(RTPReceiver.Frame(rid: rid, codec: codec, received: frame))
    case .keyFrameRequested(let id, let rid): transceivers[id]?.sender.requestKeyFrame(rid)
    case .unmuted(let id): transceivers[id]?.receiver.note(.unmuted)
    case .muted(let id): transceivers[id]?.receiver.note(.muted)
    case .transportFeedback: break
    }
  }
}
