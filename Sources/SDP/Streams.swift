/// `a=ssrc` lines of one source (RFC 5576 §4.1), joined.
public struct SSRCDescription: Hashable, Sendable {
  /// The source.
  public var ssrc: UInt32
  /// Its canonical name.
  public var cname: String?
  /// `stream track`, if written here.
  public var msid: String?
}

/// `a=ssrc-group` (RFC 5576 §4.2).
public struct SSRCGroup: Hashable, Sendable {
  /// `FID`: media and its retransmission; `SIM`: layers of one picture.
  public var semantics: String
  /// The sources in order.
  public var ssrcs: [UInt32]
}

/// `a=msid` (RFC 8830 §2).
public struct MSID: Hashable, Sendable {
  /// The media stream; `-` says none.
  public var stream: String
  /// The track; nil if not written.
  public var track: String?

  /// A stream and a track in it.
  public init(stream: String, track: String? = nil) {
    self.stream = stream
    self.track = track
  }
}

/// `a=rid` (RFC 8851 §10): a stream that may be one of several, with restrictions.
public struct RID: Hashable, Sendable {
  /// Letters, digits, `-` and `_`.
  public var id: String
  /// Whether the writer sends it; it receives it otherwise.
  public var isSent: Bool
  /// Everything after the direction, such as `pt=97;max-width=1280`; empty if nothing.
  public var restrictions: String

  /// A restriction identifier.
  public init(id: String, isSent: Bool, restrictions: String = "") {
    self.id = id
    self.isSent = isSent
    self.restrictions = restrictions
  }

  /// Reads `q send pt=96`; nil if it is not of that form.
  init?(_ value: String) {
    let words = value.pieces(separatedBy: .space, maxSplits: 2)
    guard words.count >= 2, RID.isIdentifier(words[0]), words[1] == "send" || words[1] == "recv"
    else { return nil }
    id = String(words[0])
    isSent = words[1] == "send"
    restrictions = words.count > 2 ? String(words[2]) : ""
  }

  /// The value of `a=rid`.
  var text: String {
    "\(id) \(isSent ? "send" : "recv")" + (restrictions.isEmpty ? "" : " \(restrictions)")
  }

  static func isIdentifier(_ text: Substring) -> Bool {
    text.utf8.count <= 255
      && text.consists { $0.isDigit || $0.isLetter || $0 == 0x2D || $0 == 0x5F }
  }
}

/// `a=simulcast` (RFC 8853 §5.1).
public struct Simulcast: Hashable, Sendable {
  /// One way of sending a stream.
  public struct Alternative: Hashable, Sendable {
    /// Its RID.
    public var rid: String
    /// Whether it starts paused: written `~rid`.
    public var isPaused: Bool

    /// An alternative.
    public init(rid: String, isPaused: Bool = false) {
      self.rid = rid
      self.isPaused = isPaused
    }
  }

  /// The streams the writer sends, in order, each with its alternatives, the preferred one first.
  public var send: [[Alternative]]
  /// The streams the writer receives.
  public var receive: [[Alternative]]

  /// Reads `send q;h,~x;f recv …`; nil if it is not of that form or says a direction twice.
  public init?(_ value: String) {
    let words = value.pieces(separatedBy: .space)
    guard words.count == 2 || words.count == 4 else { return nil }
    send = []
    receive = []
    for start in stride(from: 0, to: words.count, by: 2) {
      guard let streams = Self.streams(words[start + 1]) else { return nil }
      switch words[start] {
      case "send" where send.isEmpty: send = streams
      case "recv" where receive.isEmpty: receive = streams
      default: return nil
      }
    }
  }

  private static func streams(_ text: Substring) -> [[Alternative]]? {
    var streams: [[Alternative]] = []
    for stream in text.pieces(separatedBy: .semicolon) {
      var alternatives: [Alternative] = []
      for name in stream.pieces(separatedBy: .comma) {
        let isPaused = name.utf8.first == 0x7E
        let rid = isPaused ? name.dropFirst() : name
        guard RID.isIdentifier(rid) else { return nil }
        alternatives.append(Alternative(rid: String(rid), isPaused: isPaused))
      }
      guard !alternatives.isEmpty else { return nil }
      streams.append(alternatives)
    }
    return streams.isEmpty ? nil : streams
  }
}

extension MediaSection {
  /// The sources of `a=ssrc`, in order of first mention.
  public var ssrcs: [SSRCDescription] {
    var result: [SSRCDescription] = []
    var places: [UInt32: Int] = [:]
    for attribute in attributes where attribute.name == "ssrc" {
      guard let value = attribute.value, let (head, tail) = (value + " ")[...].cut(at: .space),
        let ssrc = UInt32(digits: head)
      else { continue }
      let place = places[ssrc] ?? result.count
      if place == result.count {
        places[ssrc] = place
        result.append(SSRCDescription(ssrc: ssrc))
      }
      guard let (name, text) = tail.trimmed.cut(at: .colon) else { continue }
      if name == "cname" { result[place].cname = String(text) }
      if name == "msid" { result[place].msid = String(text) }
    }
    return result
  }

  /// `a=ssrc-group` lines.
  public var ssrcGroups: [SSRCGroup] {
    values(of: "ssrc-group").compactMap { value in
      let words = value.pieces(separatedBy: .space)
      let ssrcs = words.dropFirst().compactMap { UInt32(digits: $0) }
      guard let semantics = words.first, !ssrcs.isEmpty, ssrcs.count == words.count - 1 else {
        return nil
      }
      return SSRCGroup(semantics: String(semantics), ssrcs: ssrcs)
    }
  }

  /// `a=msid` lines.
  public var msids: [MSID] {
    values(of: "msid").compactMap { value in
      let words = value.pieces(separatedBy: .space)
      guard let stream = words.first else { return nil }
      return MSID(stream: String(stream), track: words.count > 1 ? String(words[1]) : nil)
    }
  }

  /// `a=rid` lines that can be read; of two with one identifier the first.
  public var rids: [RID] {
    var seen: Set<String> = []
    return values(of: "rid").compactMap { RID($0) }.filter { seen.insert($0.id).inserted }
  }

  /// The first `a=simulcast` line, if it can be read.
  public var simulcast: Simulcast? { value(of: "simulcast").flatMap { Simulcast($0) } }
}
