import SDP

/// Any bytes as an offer: what is read prints to what is read again, and the answer can be read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSDP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start else { return 0 }
  // The fuzzer's buffer, valid for this call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  readAsFragment(String(decoding: bytes, as: UTF8.self))
  guard let offer = try? SessionDescription(parsing: bytes.span) else { return 0 }
  let read = try? SessionDescription(parsing: offer.description)
  precondition(read == offer, "an offer must survive printing")
  answer(offer)
  readAsAnswer(offer)
  return 0
}

private let transport = LocalTransport(
  iceUfrag: "fuzz", icePwd: "fuzzfuzzfuzzfuzzfuzzfuzz",
  fingerprints: [
    Fingerprint(hashFunction: "sha-256", digest: [UInt8](repeating: 7, count: 32))
  ],
  candidates: ["1 1 udp 1 192.0.2.1 9 typ host"])

private func answer(_ offer: SessionDescription) {
  let builder = AnswerBuilder(local: transport, sessionID: 1)
  let plan = offer.mediaSections.indices.map { index in
    SectionPlan(
      track: LocalTrack(
        ssrc: UInt32(index), rtxSSRC: 9, cname: "c", streamID: "s", trackID: "t"))
  }
  guard let (answer, negotiated) = try? builder.answer(to: offer, plan: plan) else { return }
  let read = try? SessionDescription(parsing: answer.description)
  precondition(read == answer, "an answer must survive printing")
  precondition(answer.mediaSections.count == offer.mediaSections.count)
  precondition(!negotiated.isICERestarted(by: offer))
  let again = try? builder.answer(to: offer, after: negotiated)
  precondition(again != nil, "the same offer must continue itself")
}

private func readAsFragment(_ text: String) {
  guard let fragment = try? TrickleFragment(parsing: text) else { return }
  let read = try? TrickleFragment(parsing: fragment.description)
  precondition(read == fragment, "a fragment must survive printing")
}

private func readAsAnswer(_ answer: SessionDescription) {
  let sections = answer.mediaSections.enumerated().map { index, section in
    OfferBuilder.Section(
      mid: section.mid ?? "\(index)", kind: section.kind, direction: .sendrecv)
  }
  let offerer = OfferBuilder(local: transport, sections: sections, sessionID: 1)
  _ = try? offerer.negotiate(answer: answer)
}
