import ICE
import SDP

extension OfferAnswer {
  /// RFC 8829 §5.3.
  mutating func createAnswer() throws(SessionError) -> CreatedAnswer {
    guard state == .haveRemoteOffer || state == .haveLocalProvisionalAnswer, let pendingRemote
    else { throw .invalidState(state, "createAnswer") }
    let created = try answer(to: pendingRemote.sdp)
    createdAnswer = created
    return created
  }

  /// The answer as things are now.
  mutating func answer(to offer: SessionDescription) throws(SessionError) -> CreatedAnswer {
    let isRestart = current?.session.isICERestarted(by: offer) ?? false
    let used = isRestart ? replacement() : credentials
    let builder = AnswerBuilder(
      local: transport(used), policy: terms.policy, sessionID: terms.sessionID)
    var previous = current?.session
    let version = nextVersion()
    previous?.sessionVersion = version &- 1
    let plans = offer.mediaSections.indices.map { plan(at: $0, of: offer) }
    do throws(SDPError) {
      var (sdp, negotiated) = try builder.answer(to: offer, plan: plans, after: previous)
      if previous == nil {
        sdp.origin.sessionVersion = "\(version)"
        negotiated.sessionVersion = version
      }
      return CreatedAnswer(
        text: sdp.description, sdp: sdp, negotiated: negotiated, credentials: used)
    } catch {
      throw .description(error)
    }
  }

  private func plan(at place: Int, of offer: SessionDescription) -> SectionPlan {
    let section = offer.mediaSections[place]
    if section.kind == .application {
      let isFirst = offer.mediaSections.firstIndex(where: \.isData) == place
      return isFirst ? SectionPlan() : .rejected
    }
    guard let owner = transceiver(ofLineAt: place) else { return .rejected }
    let one = transceivers[owner]
    guard !one.isStopping, !one.isStopped else { return .rejected }
    return SectionPlan(
      receives: one.direction.receives,
      track: one.direction.sends ? localTrack(of: one) : nil,
      codecs: one.codecPreferences ?? inOrder(of: section),
      takesSimulcast: terms.takesSimulcast, sendsSimulcast: one.sender.encodings.count > 1)
  }

  /// Our codecs as the other side prefers them (RFC 8829 §5.3.1).
  private func inOrder(of section: MediaSection) -> [CodecPreference] {
    let offered = section.codecs
    let places = terms.policy.codecs(for: section.kind).enumerated().map { rank, codec in
      let match = codec.match(in: offered)
      let place = offered.firstIndex { $0.payloadType == match?.payloadType }
      return (codec: codec, place: place ?? offered.count + rank)
    }
    return places.sorted { $0.place < $1.place }.map(\.codec)
  }
}
