/// A part of a description that adds candidates or restarts ICE (RFC 8840 §9, RFC 8839 §5.4): the body of
/// `application/trickle-ice-sdpfrag`.
public struct TrickleFragment: Hashable, Sendable {
  /// What is said of one m-section.
  public struct Section: Hashable, Sendable {
    /// Its tag; nil where none is written.
    public var mid: String?
    /// Values of `a=candidate`, without the name.
    public var candidates: [String]
    /// Whether no candidate of this generation will follow.
    public var hasEndOfCandidates: Bool
    /// The user name fragment of the generation, if written here.
    public var iceUfrag: String?
    /// The password of the generation, if written here.
    public var icePwd: String?

    /// What is said of the m-section with the tag `mid`.
    public init(mid: String?, candidates: [String] = [], hasEndOfCandidates: Bool = false) {
      self.mid = mid
      self.candidates = candidates
      self.hasEndOfCandidates = hasEndOfCandidates
    }
  }

  /// The user name fragment for all sections that name none.
  public var iceUfrag: String?
  /// The password for all sections that name none.
  public var icePwd: String?
  /// The sections in order.
  public var sections: [Section]
  /// Whether no candidate will follow in any section.
  public var hasEndOfCandidates: Bool

  /// A fragment of the generation that the credentials name.
  public init(iceUfrag: String?, icePwd: String?, sections: [Section]) {
    self.iceUfrag = iceUfrag
    self.icePwd = icePwd
    self.sections = sections
    hasEndOfCandidates = false
  }

  /// Reads a fragment within the limits of descriptions.
  public init(
    parsing text: String, limits: SessionDescription.Limits = .init()
  ) throws(SDPError) {
    // What a description needs besides is put before it: then one grammar and one set of limits holds for both.
    let head = "v=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n"
    guard text.utf8.count <= limits.bytes else { throw SDPError(.tooMany(.bytes)) }
    let whole = try SessionDescription(parsing: head + text, limits: limits)
    self.init(iceUfrag: whole.iceUfrag, icePwd: whole.icePwd, sections: [])
    hasEndOfCandidates = whole.has("end-of-candidates")
    sections = whole.mediaSections.map { section in
      var read = Section(
        mid: section.mid, candidates: section.candidates,
        hasEndOfCandidates: section.hasEndOfCandidates)
      read.iceUfrag = section.iceUfrag
      read.icePwd = section.icePwd
      return read
    }
  }
}

extension TrickleFragment: CustomStringConvertible {
  /// The fragment as text; each section has the least `m=` line that RFC 8840 §9 allows.
  public var description: String {
    var lines: [String] = []
    if let iceUfrag { lines.append("a=ice-ufrag:\(iceUfrag)") }
    if let icePwd { lines.append("a=ice-pwd:\(icePwd)") }
    if hasEndOfCandidates { lines.append("a=end-of-candidates") }
    for section in sections {
      lines.append("m=audio 9 RTP/AVP 0")
      if let mid = section.mid { lines.append("a=mid:\(mid)") }
      if let ufrag = section.iceUfrag { lines.append("a=ice-ufrag:\(ufrag)") }
      if let pwd = section.icePwd { lines.append("a=ice-pwd:\(pwd)") }
      lines += section.candidates.map { "a=candidate:\($0)" }
      if section.hasEndOfCandidates { lines.append("a=end-of-candidates") }
    }
    return lines.map { $0 + "\r\n" }.joined()
  }
}

extension SessionDescription {
  /// Writes the candidates known so far into the section that holds the transport: the first of the BUNDLE
  /// group. What stood there before is replaced (RFC 8829 §4.1.11).
  public mutating func setCandidates(_ candidates: [String], isComplete: Bool) {
    guard let index = BundleLookup(self).order.first(where: { !mediaSections[$0].isRejected })
    else { return }
    mediaSections[index].attributes.removeAll {
      $0.name == "candidate" || $0.name == "end-of-candidates"
    }
    var local = LocalTransport(iceUfrag: "", icePwd: "", fingerprints: [])
    local.candidates = candidates
    local.hasEndOfCandidates = isComplete
    let place = mediaSections[index].attributes.firstIndex { $0.name == "setup" }
    mediaSections[index].attributes.insert(
      contentsOf: local.candidateAttributes,
      at: place.map { $0 + 1 } ?? mediaSections[index].attributes.count)
    mediaSections[index].port = local.defaultAddress.port
    mediaSections[index].connections = [local.defaultAddress.connection]
  }
}
