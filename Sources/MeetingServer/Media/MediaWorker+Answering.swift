import DTLS
import ICE
import Net
import Peer
import SDP
import SFU
import Wire

/// How offers are answered, and peers made of them.
extension MediaWorker {
  static func parse(_ offer: String) throws(MediaError) -> SessionDescription {
    do {
      return try SessionDescription(parsing: offer)
    } catch {
      throw .badOffer(error.description)
    }
  }

  func makePlan(
    _ description: SessionDescription, _ offer: MediaOffer, _ id: PeerID,
    _ codecs: [MediaVideoCodec], previous: NegotiatedSession?
  ) -> OfferPlan {
    var used = Set(forwarder.slots(of: id).flatMap { [$0.ssrc, $0.retransmissionSSRC ?? 0] })
    return OfferPlan(
      description, sources: offer.sources, codecs: codecs, previous: previous
    ) {
      while true {
        let ssrc = forwarder.unusedSSRC(for: id)
        if used.insert(ssrc).inserted { return ssrc }
      }
    }
  }

  func answer(
    _ offer: SessionDescription, _ plan: [SectionPlan], _ policy: MediaPolicy,
    _ credentials: ICECredentials, reached: ReachedAddress?, sessionID: UInt64,
    previous: NegotiatedSession?
  ) throws(MediaError) -> (SessionDescription, NegotiatedSession) {
    let local = LocalTransport(
      iceUfrag: credentials.usernameFragment, icePwd: credentials.password,
      fingerprints: [Fingerprint(context.identity.fingerprint)],
      candidates: (candidates + streamCandidates + candidates(reached: reached))
        .map(\.description))
    let builder = AnswerBuilder(local: local, policy: policy, sessionID: sessionID)
    do {
      return try builder.answer(to: offer, plan: plan, after: previous)
    } catch {
      throw .badOffer(error.description)
    }
  }

  func makeRemote(
    _ credentials: ICECredentials, _ transport: NegotiatedTransport
  ) throws(MediaError) -> RemotePeer {
    guard !transport.certificateFingerprints.isEmpty else {
      throw .badOffer("no certificate fingerprint of a known kind")
    }
    var configuration = ICEAgent.Configuration()
    // An offer must not have a public server send to its own machine.
    configuration.acceptsLoopback = candidates.contains { $0.address.ip.isLoopback }
    // Whoever sends is missed at once, so that another way is found before anybody waits for it.
    configuration.mediaSilence = .seconds(1)
    var ice = ICEAgent(
      role: transport.isICELite ? .controlling : .controlled, credentials: credentials,
      configuration: configuration)
    for candidate in candidates {
      _ = ice.addLocalCandidate(candidate, base: base(of: candidate))
    }
    for candidate in streamCandidates { _ = ice.addLocalCandidate(candidate) }
    do {
      return try RemotePeer(ice: ice, security: .dtls(context, transport))
    } catch {
      throw .badOffer("no handshake can be prepared: \(error)")
    }
  }

  /// An advertised address that is not this machine's leaves by whatever route there is.
  private func base(of candidate: ICECandidate) -> TransportAddress {
    socket.localAddress.ip.isUnspecified ? candidate.address : socket.localAddress
  }

  static func transportSequenceID(_ negotiated: NegotiatedSession) -> UInt8 {
    for section in negotiated.sections where section.weReceive {
      if let agreed = section.headerExtension(HeaderExtension.transportWideCC), agreed.weReceive {
        return agreed.id
      }
    }
    return 0
  }

  static func credentials(
    of transport: NegotiatedTransport
  ) throws(MediaError) -> ICECredentials {
    guard
      let credentials = ICECredentials(
        usernameFragment: transport.iceUfrag, password: transport.icePwd)
    else { throw .badOffer("ICE credentials of a length or with characters RFC 8839 forbids") }
    return credentials
  }
}

extension RemotePeer {
  func take(_ transport: NegotiatedTransport) throws(MediaError) {
    setRemote(
      try MediaWorker.credentials(of: transport),
      candidates: transport.candidates.compactMap { ICECandidate(parsing: $0) },
      isComplete: transport.hasEndOfCandidates)
  }
}
