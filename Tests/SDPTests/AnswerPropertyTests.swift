import SDP
import Testing

/// What must hold of every answer to every recorded offer, whatever the policy and the plan.
struct AnswerPropertyTests {
  static let policies: [MediaPolicy] = [
    MediaPolicy(), MediaPolicy(audio: [.opus], video: [.vp8]),
    MediaPolicy(audio: [.red, .opus], video: [.h264], usesRetransmission: false),
    MediaPolicy(
      video: [.av1, .vp9], headerExtensions: [], videoFormatParameters: ["x-google-start-bitrate=9"]
    ),
  ]

  static let plans: [@Sendable (SessionDescription) -> [SectionPlan]] = [
    { _ in [] }, { sendingPlan(for: $0) },
    { $0.mediaSections.indices.map { $0 % 2 == 0 ? .rejected : SectionPlan(receives: false) } },
    { _ in [.rejected] },
  ]

  @Test(arguments: Recording.all, 0..<4)
  func `an answer fits its offer`(recording: Recording, policy: Int) throws {
    let offer = try SessionDescription(parsing: recording.text)
    let builder = AnswerBuilder(
      local: testTransport, policy: Self.policies[policy], sessionID: .max)
    for plan in Self.plans {
      let (answer, negotiated) = try builder.answer(to: offer, plan: plan(offer))
      #expect(try SessionDescription(parsing: answer.description) == answer)
      #expect(answer.mediaSections.count == offer.mediaSections.count)
      checkBundle(answer, offer: offer, negotiated: negotiated)
      for (index, agreed) in negotiated.sections.enumerated() {
        let (offered, answered) = (offer.mediaSections[index], answer.mediaSections[index])
        #expect(answered.kind == offered.kind && answered.mid == offered.mid)
        #expect(answered.transportProtocol == offered.transportProtocol)
        #expect(agreed.index == index && agreed.mid == offered.mid)
        if agreed.isRejected {
          #expect(answered.port == 0 && !answered.isBundleOnly)
          #expect(answered.formats == Array(offered.formats.prefix(1)))
          #expect(answered.candidates.isEmpty)
        } else {
          checkAccepted(answered, offered: offered, agreed: agreed)
        }
      }
    }
  }

  private func checkBundle(
    _ answer: SessionDescription, offer: SessionDescription, negotiated: NegotiatedSession
  ) {
    let accepted = negotiated.sections.filter { !$0.isRejected }.map(\.mid)
    #expect(answer.bundle ?? [] == accepted)
    #expect((negotiated.transport == nil) == accepted.isEmpty)
    #expect(
      answer.mediaSections.filter { !$0.candidates.isEmpty }.count == (accepted.isEmpty ? 0 : 1))
    #expect(answer.allowsMixedExtensions == offer.allowsMixedExtensions)
    #expect(!answer.description.contains("~") && !answer.description.contains("actpass"))
    if let transport = negotiated.transport {
      #expect(transport.localSetup == .passive)
      #expect(!transport.fingerprints.isEmpty && !transport.iceUfrag.isEmpty)
    }
  }

  private func checkAccepted(
    _ answered: MediaSection, offered: MediaSection, agreed: NegotiatedSection
  ) {
    #expect(answered.port == 7880 && answered.connections == ["IN IP4 198.51.100.7"])
    #expect(answered.hasRTCPMux && answered.hasReducedSizeRTCP == offered.hasReducedSizeRTCP)
    #expect(answered.iceUfrag == testTransport.iceUfrag && answered.setup == .passive)
    #expect(answered.fingerprints == testTransport.fingerprints)
    #expect(answered.allowsMixedExtensions == offered.allowsMixedExtensions)
    let direction = offered.direction ?? .sendrecv
    #expect(
      answered.direction == Direction(sends: agreed.weSend, receives: agreed.weReceive))
    #expect((!agreed.weSend || direction.receives) && (!agreed.weReceive || direction.sends))
    #expect(agreed.weSend == (agreed.localTrack != nil))
    #expect(answered.ssrcs.isEmpty != agreed.weSend)
    checkCodecs(answered, offered: offered, agreed: agreed)
    for one in answered.headerExtensions {
      let same = offered.headerExtensions.first { $0.id == one.id }
      #expect(same?.uri == one.uri)
      #expect((one.direction ?? .sendrecv) == (same?.direction ?? .sendrecv).reversed)
    }
    let layers = answered.simulcast?.receive.map { $0.map(\.rid) } ?? []
    #expect(layers == agreed.rids.map { [$0] })
    #expect(answered.rids.map(\.id) == agreed.rids && answered.rids.allSatisfy { !$0.isSent })
    #expect(agreed.rids.isEmpty || agreed.weReceive)
  }

  private func checkCodecs(
    _ answered: MediaSection, offered: MediaSection, agreed: NegotiatedSection
  ) {
    #expect(!agreed.codecs.isEmpty)
    #expect(Set(answered.formats).isSubset(of: offered.formats))
    #expect(Set(answered.formats).count == answered.formats.count)
    let own = agreed.codecs.flatMap { [$0.payloadType] + ($0.rtxPayloadType.map { [$0] } ?? []) }
    #expect(answered.payloadTypes == own)
    for codec in answered.codecs {
      let same = offered.codecs.first { $0.payloadType == codec.payloadType }
      #expect(same?.name == codec.name && same?.clockRate == codec.clockRate)
      #expect(Set(codec.feedback).isSubset(of: same?.feedback ?? []))
      if codec.isNamed("rtx") {
        #expect(answered.payloadTypes.contains(codec.associatedPayloadType ?? 128))
      }
    }
  }
}
