import ICE
import SDP
import Wire

/// Offer and answer of one session (RFC 8829 §3.2, §5): descriptions in, descriptions and agreements out.
///
/// It is a value: a call works on a copy that takes the place of the original when nothing was thrown, and a
/// rollback brings back what was kept when the exchange began.
struct OfferAnswer: Sendable {
  /// What does not change while the session lives.
  struct Terms: Sendable {
    var policy: MediaPolicy
    var fingerprints: [Fingerprint]
    var takesSimulcast: Bool
    var iceOptions: [String]
    var cname: String
    var sessionID: UInt64
  }

  /// One m-section of the last description, by its place.
  struct Line: Hashable, Sendable {
    enum Owner: Hashable, Sendable {
      case transceiver(TransceiverID)
      case data
      case nobody
    }

    var mid: String
    var kind: MediaSection.Kind
    var owner: Owner
    /// Whether both sides have agreed that it is rejected: then another may take its place.
    var isRecyclable = false
  }

  /// A description that is set.
  struct Description: Hashable, Sendable {
    var kind: SessionDescriptionText.Kind
    var sdp: SessionDescription
    /// The generation of ICE it speaks of; nil where every section is rejected, and for remote ones.
    var iceUfrag: String?
  }

  /// An offer that was created and may be set, or was set and may be answered.
  struct CreatedOffer: Sendable {
    var text: String
    var builder: OfferBuilder
    var lines: [Line]
    /// The m-sections it was made after.
    var base: [Line]
    var credentials: ICECredentials
  }

  /// An answer that was created and may be set.
  struct CreatedAnswer: Sendable {
    var text: String
    var sdp: SessionDescription
    var negotiated: NegotiatedSession
    var credentials: ICECredentials
  }

  /// What a rollback brings back.
  struct Stable: Sendable {
    var lines: [Line]
    var transceivers: [Transceiver]
  }

  /// What both sides agree on at present, be it provisional.
  struct Agreement: Sendable {
    var session: NegotiatedSession
    /// Our credentials under it.
    var credentials: ICECredentials
  }

  let terms: Terms
  var random: RandomSource
  var state = SignalingState.stable
  var transceivers: [Transceiver] = []
  var lines: [Line] = []
  var numbers = NumberTable()
  var wantsData = false
  var isNegotiationNeeded = false

  var currentLocal: Description?
  var pendingLocal: Description?
  var currentRemote: Description?
  var pendingRemote: Description?
  /// The agreement of the last complete exchange.
  var current: Agreement?
  /// That of a provisional answer.
  var provisional: Agreement?
  var createdOffer: CreatedOffer?
  var createdAnswer: CreatedAnswer?
  /// The offer of ours that waits for its answer.
  var openOffer: CreatedOffer?
  var stable: Stable?

  /// Our credentials of this generation.
  var credentials: ICECredentials
  /// Those of the next, once it was thought of.
  var nextCredentials: ICECredentials?
  /// The generations that a restart is to end (W3C WebRTC §4.4.1.2).
  var ufragsToReplace: Set<String> = []
  /// Whether we made the first offer: then we choose the path (RFC 8445 §6.1.1).
  var isControlling: Bool?

  private var nextTransceiver: UInt32 = 0
  private var nextMid: UInt32 = 0
  private var version: UInt64 = 0
  /// Our candidates of one generation as far as they are known, for descriptions to come.
  var gathered: (iceUfrag: String, lines: [String], isComplete: Bool)?
  /// What the owner should know.
  var events: [SessionEvent] = []

  init(terms: Terms, random: RandomSource) {
    self.terms = terms
    self.random = random
    credentials = ICECredentials.random(using: &self.random)
  }

  /// The agreement in force.
  var agreement: Agreement? { provisional ?? current }

  mutating func nextVersion() -> UInt64 {
    version &+= 1
    return version
  }

  /// A tag that no m-section has had (RFC 8829 §5.2.1 wants them short).
  mutating func newMid(besides taken: [Line]) -> String {
    while true {
      let mid = "\(nextMid)"
      nextMid &+= 1
      if !taken.contains(where: { $0.mid == mid }), !lines.contains(where: { $0.mid == mid }) {
        return mid
      }
    }
  }

  mutating func newTransceiverID() -> TransceiverID {
    defer { nextTransceiver &+= 1 }
    return TransceiverID(nextTransceiver)
  }

  mutating func newToken() -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    let bytes = (0..<16).map { _ in alphabet[Int(random.next() >> 32) % alphabet.count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func newSource() -> UInt32 {
    while true {
      let ssrc = UInt32(truncatingIfNeeded: random.next() >> 16)
      let isTaken = transceivers.contains {
        $0.sender.encodings.contains { $0.ssrc == ssrc || $0.rtxSSRC == ssrc }
      }
      if ssrc > 0xFF, !isTaken { return ssrc }
    }
  }

  func index(of id: TransceiverID) -> Int? { transceivers.firstIndex { $0.id == id } }

  func transceiver(ofLineAt place: Int) -> Int? {
    guard lines.indices.contains(place), case .transceiver(let id) = lines[place].owner else {
      return nil
    }
    return index(of: id)
  }

  /// This side of the transport under `credentials`, answering as DTLS client (RFC 8842 §5.3).
  func transport(_ credentials: ICECredentials) -> LocalTransport {
    var local = LocalTransport(
      iceUfrag: credentials.usernameFragment, icePwd: credentials.password,
      fingerprints: terms.fingerprints, setup: .active, iceOptions: terms.iceOptions,
      hasEndOfCandidates: false)
    if let gathered, gathered.iceUfrag == credentials.usernameFragment {
      local.candidates = gathered.lines
      local.hasEndOfCandidates = gathered.isComplete
    }
    return local
  }

  /// What was set last on our side, and on the other.
  var local: Description? { pendingLocal ?? currentLocal }
  var remote: Description? { pendingRemote ?? currentRemote }

  mutating func set(_ new: SignalingState) {
    guard state != new else { return }
    state = new
    events.append(.signalingStateChanged(new))
  }
}
