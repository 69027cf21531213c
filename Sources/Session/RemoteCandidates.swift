import ICE
import SDP

/// Candidates of the other side that came by signalling, until the agent can take them, and for the text of the
/// remote description. All of it is bounded.
struct RemoteCandidates {
  /// One candidate line.
  struct Entry {
    var line: String
    var iceUfrag: String?
    var mid: String?
    var place: Int?
    /// Whether the agent has it, or it waits for its name.
    var isTaken = false
  }

  /// As many as a description may hold of one m-section.
  static let limit = 64

  private(set) var entries: [Entry] = []
  /// Calls that came before there was any remote description.
  private(set) var early: [CandidateInit] = []
  /// Generations of which no more will come.
  private(set) var completed: Set<String> = []
  /// Names being looked up, and the lines that wait for them.
  private(set) var names: [String: [String]] = [:]

  mutating func queue(_ candidate: CandidateInit) -> Bool {
    guard early.count < Self.limit else { return false }
    early.append(candidate)
    return true
  }

  mutating func takeEarly() -> [CandidateInit] {
    defer { early = [] }
    return early
  }

  mutating func add(_ entry: Entry) -> Bool {
    guard entries.count(where: { $0.iceUfrag == entry.iceUfrag }) < Self.limit else { return false }
    entries.append(entry)
    return true
  }

  mutating func complete(_ iceUfrag: String) { completed.insert(iceUfrag) }

  /// Lines of a generation that the agent does not have yet.
  mutating func takeLines(of iceUfrag: String) -> [String] {
    var lines: [String] = []
    for index in entries.indices where !entries[index].isTaken {
      guard entries[index].iceUfrag == iceUfrag else { continue }
      entries[index].isTaken = true
      lines.append(entries[index].line)
    }
    return lines
  }

  /// Notes that a line waits for a name; true where nobody asks for the name yet.
  mutating func wait(for name: String, _ line: String) -> Bool {
    guard names.count < Self.limit || names[name] != nil else { return false }
    let isNew = names[name] == nil
    if !names[name, default: []].contains(line), names[name, default: []].count < Self.limit {
      names[name, default: []].append(line)
    }
    return isNew
  }

  mutating func takeLines(waitingFor name: String) -> [String] {
    names.removeValue(forKey: name) ?? []
  }

  /// Forgets generations that no description speaks of any longer.
  mutating func keep(_ ufrags: Set<String>) {
    entries.removeAll { $0.iceUfrag.map { !ufrags.contains($0) } ?? false }
    completed.formIntersection(ufrags)
  }

  /// Adds the lines of its generation to a remote description.
  func write(into sdp: inout SessionDescription) {
    for index in sdp.mediaSections.indices {
      let section = sdp.mediaSections[index]
      let ufrag = section.iceUfrag ?? sdp.iceUfrag
      guard let ufrag else { continue }
      for entry in entries where entry.iceUfrag == ufrag {
        let isHere = entry.mid.map { $0 == section.mid } ?? (entry.place == index)
        guard isHere, !section.candidates.contains(entry.line) else { continue }
        sdp.mediaSections[index].attributes.append(Attribute("candidate", entry.line))
      }
    }
    // The first section of a generation speaks for all.
    for ufrag in completed {
      let sections = sdp.mediaSections.indices.filter {
        (sdp.mediaSections[$0].iceUfrag ?? sdp.iceUfrag) == ufrag
      }
      guard let first = sections.first,
        !sections.contains(where: { sdp.mediaSections[$0].hasEndOfCandidates }),
        !sdp.has("end-of-candidates")
      else { continue }
      sdp.mediaSections[first].attributes.append(Attribute("end-of-candidates"))
    }
  }
}
