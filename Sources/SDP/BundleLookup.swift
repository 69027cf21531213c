/// Where a description says what about its one transport: in the m-section, in the first of the BUNDLE
/// group, or for the whole session.
struct BundleLookup {
  let description: SessionDescription
  /// Section indices in the order of the BUNDLE group; without one, the first that is not rejected.
  let order: [Int]
  private let places: [Int: Int]

  init(_ description: SessionDescription) {
    self.description = description
    let sections = description.mediaSections
    if let bundle = description.bundle {
      var indices: [String: Int] = [:]
      for (index, section) in sections.enumerated() {
        if let mid = section.mid { indices[mid] = index }
      }
      var seen: Set<Int> = []
      order = bundle.compactMap { indices[$0] }.filter { seen.insert($0).inserted }
    } else {
      order = sections.firstIndex { !$0.isRejected && $0.isDTLS }.map { [$0] } ?? []
    }
    places = Dictionary(
      order.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether the section can share the transport.
  func contains(_ index: Int) -> Bool { places[index] != nil }

  /// `indices` in the order of the group.
  func sorted(_ indices: [Int]) -> [Int] {
    indices.sorted { places[$0, default: 0] < places[$1, default: 0] }
  }

  /// The first value that `body` finds in `preferred`, then in the group's sections, then in the session.
  private func find<Value>(
    preferring preferred: Int?, _ body: (any AttributeCarrier) -> Value?
  ) -> Value? {
    for index in [preferred].compactMap(\.self) + order {
      if let value = body(description.mediaSections[index]) { return value }
    }
    return body(description)
  }

  /// The ICE credentials.
  func credentials(preferring index: Int?) -> (ufrag: String, pwd: String)? {
    guard let ufrag = find(preferring: index, \.iceUfrag),
      let pwd = find(preferring: index, \.icePwd)
    else { return nil }
    return (ufrag, pwd)
  }

  /// Everything about the peer's side of the transport whose first section is `tagged`.
  func transport(tagged: Int, localSetup: (SetupRole?) throws(SDPError) -> SetupRole)
    throws(SDPError) -> NegotiatedTransport
  {
    guard let credentials = credentials(preferring: tagged) else {
      throw SDPError(.noICECredentials, section: tagged)
    }
    let fingerprints = find(preferring: tagged) {
      let found = $0.fingerprints
      return found.isEmpty ? nil : found
    }
    guard let fingerprints else { throw SDPError(.noFingerprint, section: tagged) }
    let section = description.mediaSections[tagged]
    return NegotiatedTransport(
      iceUfrag: credentials.ufrag, icePwd: credentials.pwd,
      iceOptions: section.iceOptions + description.iceOptions, isICELite: description.isICELite,
      fingerprints: Array(fingerprints.prefix(8)),
      tlsID: find(preferring: tagged) { $0.value(of: "tls-id") },
      localSetup: try localSetup(find(preferring: tagged, \.setup)),
      candidates: section.candidates,
      hasEndOfCandidates: section.hasEndOfCandidates || description.has("end-of-candidates"))
  }
}

extension MediaSection {
  /// Media or data channels protected by DTLS (RFC 5764, RFC 8841).
  var isDTLS: Bool {
    switch transportProtocol {
    case "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP",
      "RTP/SAVPF", "RTP/SAVP", "UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP":
      true
    default: false
    }
  }
}
