/// The replay windows of a session's sources, bounded whatever the other side sends.
///
/// The sources used last have a window. One that had to make room leaves its largest index behind,
/// so that its rollover counter goes on and nothing old is accepted should it return. After
/// `totalLimit` sources there is no room for another.
struct SourceTable: Sendable {
  /// What is known of a source.
  struct Source {
    /// Where its window lies; nil if it has none.
    let position: Int?
    /// The largest index used; nil if it is new.
    let newest: UInt64?
  }

  let activeLimit: Int
  let totalLimit: Int
  /// A source with a window.
  private struct Entry {
    /// As in `names`: for the source that was used last nothing else is looked at.
    let ssrc: UInt32
    var lastUse: UInt64
    var window: ReplayWindow
  }

  private var entries: [Entry] = []
  /// The SSRCs of `entries`, close together: packets of many sources come and go in turns.
  private var names: [UInt32] = []
  private var useCount: UInt64 = 0
  private var retired: [UInt32: UInt64] = [:]
  /// Where the last source was found: packets come in runs.
  private var hint = 0

  init(activeLimit: Int, totalLimit: Int = 1024) {
    self.activeLimit = activeLimit
    self.totalLimit = totalLimit
  }

  /// How many sources have a window.
  var activeCount: Int { entries.count }
  /// How many sources are known.
  var totalCount: Int { entries.count + retired.count }

  /// Looks `ssrc` up; nil if it is new and there is no room. Changes nothing.
  func source(_ ssrc: UInt32) -> Source? {
    if hint < entries.count, entries[hint].ssrc == ssrc {
      return Source(position: hint, newest: entries[hint].window.newest)
    }
    if let position = names.firstIndex(of: ssrc) {
      return Source(position: position, newest: entries[position].window.newest)
    }
    if let newest = retired[ssrc] { return Source(position: nil, newest: newest) }
    return totalCount < totalLimit ? Source(position: nil, newest: nil) : nil
  }

  /// Whether `index` may still be used by `source`.
  func isFresh(_ index: UInt64, of source: Source) -> Bool {
    guard let newest = source.newest, index <= newest else { return true }
    guard let position = source.position else { return false }
    return entries[position].window.isFresh(index)
  }

  /// Marks `index` of `source`, just looked up for `ssrc`, as used. For authenticated packets only.
  mutating func insert(_ index: UInt64, of source: Source, ssrc: UInt32) {
    useCount &+= 1
    let position = source.position ?? makeRoom(for: ssrc, newest: source.newest)
    entries[position].window.insert(index)
    entries[position].lastUse = useCount
    hint = position
  }

  private mutating func makeRoom(for ssrc: UInt32, newest: UInt64?) -> Int {
    retired[ssrc] = nil
    let window = newest.map(ReplayWindow.init(allUsedUpTo:)) ?? ReplayWindow()
    let entry = Entry(ssrc: ssrc, lastUse: useCount, window: window)
    guard entries.count >= activeLimit,
      let oldest = entries.indices.min(by: { entries[$0].lastUse < entries[$1].lastUse })
    else {
      entries.append(entry)
      names.append(ssrc)
      return entries.count - 1
    }
    retired[names[oldest]] = entries[oldest].window.newest
    entries[oldest] = entry
    names[oldest] = ssrc
    return oldest
  }
}
