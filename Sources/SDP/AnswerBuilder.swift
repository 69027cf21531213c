/// Answers offers (RFC 3264, RFC 8829 §5.3): a pure function of the offer and of what this side wants.
///
/// Everything accepted shares one transport: BUNDLE (RFC 9143) is required where an offer has more than
/// one m-section, and `rtcp-mux` everywhere. What cannot be had is rejected section by section; only an
/// offer that cannot be answered at all throws.
public struct AnswerBuilder: Hashable, Sendable {
  /// This side of the transport.
  public var local: LocalTransport
  /// The codecs and header extensions taken.
  public var policy: MediaPolicy
  /// Names the session in `o=`; random, and the same for every answer to one peer.
  public var sessionID: UInt64

  /// Answers as `local`.
  public init(local: LocalTransport, policy: MediaPolicy = MediaPolicy(), sessionID: UInt64) {
    self.local = local
    self.policy = policy
    // RFC 8829 §5.2.1: the number fits in 63 bits.
    self.sessionID = sessionID & 0x7FFF_FFFF_FFFF_FFFF
  }

  /// Answers `offer`.
  ///
  /// - Parameters:
  ///   - offer: What the peer offers.
  ///   - plan: What this side wants of each m-section, by index; sections beyond its end are accepted, and
  ///     nothing is sent in them. The first section of the group is made inactive where the plan rejects it
  ///     and others are accepted: it holds the transport (RFC 9143 §7.3.3), and Chromium refuses an answer
  ///     that takes it away.
  ///   - previous: What was agreed before, where this is a later offer of the same peer.
  /// - Returns: The answer, and what it agrees to.
  /// - Throws: ``SDPError`` where nothing says how to reach or to check the peer, its DTLS role cannot be
  ///   answered, or its m-sections do not continue the earlier ones.
  public func answer(
    to offer: SessionDescription, plan: [SectionPlan] = [], after previous: NegotiatedSession? = nil
  ) throws(SDPError) -> (answer: SessionDescription, negotiated: NegotiatedSession) {
    if let previous { try previous.checkContinuation(in: offer) }
    let lookup = BundleLookup(offer)
    let defaults = SessionDefaults(offer)
    var extensionURIs: [UInt8: String] = [:]
    func reply(_ index: Int, _ plan: SectionPlan) -> Reply {
      self.reply(
        to: offer.mediaSections[index], index: index, defaults: defaults, plan: plan,
        isBundled: lookup.contains(index), extensionURIs: &extensionURIs)
    }
    var replies = offer.mediaSections.indices.map { index in
      reply(index, index < plan.count ? plan[index] : SectionPlan())
    }
    if let first = lookup.order.first, replies[first].negotiated.rejection == .byPlan,
      replies.contains(where: { !$0.negotiated.isRejected })
    {
      replies[first] = reply(first, SectionPlan(receives: false, takesSimulcast: false))
    }
    let accepted = lookup.sorted(replies.indices.filter { !replies[$0].negotiated.isRejected })
    var negotiated = NegotiatedSession(
      sessionID: previous?.sessionID ?? sessionID,
      sessionVersion: previous.map { $0.sessionVersion &+ 1 } ?? 1,
      sections: replies.map(\.negotiated))
    if let tagged = accepted.first {
      negotiated.transport = try lookup.transport(tagged: tagged) { offered throws(SDPError) in
        try role(for: offered, section: tagged, previous: previous?.transport)
      }
    }
    let answer = write(
      replies, to: offer, accepted: accepted, hasBundle: offer.bundle != nil,
      negotiated: negotiated)
    return (answer, negotiated)
  }

  /// RFC 8842 §5.3; where an association stands its roles are kept (§5.5). Without `a=setup` the offerer
  /// is active (RFC 4145 §4).
  private func role(
    for offered: SetupRole?, section: Int, previous: NegotiatedTransport?
  ) throws(SDPError) -> SetupRole {
    switch offered ?? .active {
    case .active: .passive
    case .passive: .active
    case .actpass: previous?.localSetup ?? (local.setup == .active ? .active : .passive)
    case .holdconn: throw SDPError(.badSetupRole, section: section)
    }
  }

  private func write(
    _ replies: [Reply], to offer: SessionDescription, accepted: [Int], hasBundle: Bool,
    negotiated: NegotiatedSession
  ) -> SessionDescription {
    var answer = SessionDescription(
      origin: .init(
        sessionID: "\(negotiated.sessionID)", sessionVersion: "\(negotiated.sessionVersion)"))
    if hasBundle, !accepted.isEmpty {
      let mids = accepted.map { negotiated.sections[$0].mid }
      answer.add("group", "BUNDLE " + mids.joined(separator: " "))
    }
    if offer.allowsMixedExtensions { answer.add("extmap-allow-mixed") }
    if local.isICELite { answer.add("ice-lite") }
    let address = local.defaultAddress
    for (index, reply) in replies.enumerated() {
      var section = reply.section
      if let transport = negotiated.transport {
        section.attributes.insert(
          contentsOf: local.attributes(setup: transport.localSetup)
            + (index == accepted.first ? local.candidateAttributes : []),
          at: reply.transportPlace)
      }
      if !reply.negotiated.isRejected {
        section.port = address.port
        section.connections = [address.connection]
      }
      answer.mediaSections.append(section)
    }
    return answer
  }
}

extension NegotiatedSession {
  /// RFC 8829 §5.2.2: m-sections are only ever added, and keep tag and kind unless rejected before.
  func checkContinuation(in offer: SessionDescription) throws(SDPError) {
    guard offer.mediaSections.count >= sections.count else { throw SDPError(.sectionMismatch) }
    for (old, new) in zip(sections, offer.mediaSections) where !old.isRejected {
      // Where either side writes no tag the place tells.
      let isSame = new.mid == nil || old.mid.utf8.first == 0x28 || new.mid == old.mid
      guard new.kind == old.kind, isSame else {
        throw SDPError(.sectionMismatch, section: old.index)
      }
    }
  }
}

extension LocalTransport {
  /// Credentials and certificate. RFC 9143 §7.1.3 wants them in the first section of the group alone, but
  /// Firefox ESR 153 loses its content process over a bundled section without a fingerprint, aiortc
  /// refuses a section without the others even if it is rejected, and every browser writes them in each.
  func attributes(setup: SetupRole) -> [Attribute] {
    var lines = [Attribute("ice-ufrag", iceUfrag), Attribute("ice-pwd", icePwd)]
    if !iceOptions.isEmpty {
      lines.append(Attribute("ice-options", iceOptions.joined(separator: " ")))
    }
    lines += fingerprints.map { Attribute("fingerprint", $0.text) }
    lines.append(Attribute("setup", setup.rawValue))
    return lines
  }

  /// The candidates: in the first section of the group alone.
  var candidateAttributes: [Attribute] {
    var lines = candidates.map { Attribute("candidate", Self.bare($0)) }
    if hasEndOfCandidates { lines.append(Attribute("end-of-candidates")) }
    return lines
  }

  private static func bare(_ candidate: String) -> String {
    let prefix = "candidate:"
    return candidate.hasPrefix(prefix) ? String(candidate.dropFirst(prefix.count)) : candidate
  }

  /// The default destination (RFC 8839 §4.2.1.2): the first UDP candidate, or nothing in particular.
  var defaultAddress: (port: UInt16, connection: String) {
    for candidate in candidates {
      let words = Self.bare(candidate).pieces(separatedBy: .space)
      guard words.count >= 6, words[1] == "1", words[2].equalsIgnoringCase("udp"),
        let port = UInt16(digits: words[5]), port > 0
      else { continue }
      if words[4].consists(of: { $0.isDigit || $0 == 0x2E }) { return (port, "IN IP4 \(words[4])") }
      if words[4].utf8.contains(.colon) { return (port, "IN IP6 \(words[4])") }
    }
    return (9, "IN IP4 0.0.0.0")
  }
}
