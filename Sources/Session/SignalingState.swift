/// How far an offer and its answer are (W3C WebRTC §4.3.1, JSEP RFC 8829 §3.2).
public enum SignalingState: String, Sendable, Hashable {
  /// No exchange is under way.
  case stable
  /// We have made an offer.
  case haveLocalOffer = "have-local-offer"
  /// The other side has made an offer.
  case haveRemoteOffer = "have-remote-offer"
  /// We have answered provisionally.
  case haveLocalProvisionalAnswer = "have-local-pranswer"
  /// The other side has answered provisionally.
  case haveRemoteProvisionalAnswer = "have-remote-pranswer"
  /// It is over.
  case closed
}
