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
  private var ssrcs: [UInt32] = []
  private var windows: [ReplayWindow] = []
  private var lastUses: [UInt64] = []
  private var useCount: UInt64 = 0
  private var retired: [UInt32: UInt64] = [:]
  /// Where the last source was found: packets come in runs.
  private var hint = 0

  init(activeLimit: Int, totalLimit: Int = 1024) {
    self.activeLimit = activeLimit
    self.totalLimit = totalLimit
  }

  /// How many sources have a window.
  var activeCount: Int { ssrcs.count }
  /// How many sources are known.
  var totalCount: Int { ssrcs.count + retired.count }

  /// Looks `ssrc` up; nil if it is new and there is no room. Changes nothing.
  func source(_ ssrc: UInt32) -> Source? {
    if hint < ssrcs.count, ssrcs[hint] == ssrc {
      return Source(position: hint, newest: windows[hint].newest)
    }
    if let position = ssrcs.firstIndex(of: ssrc) {
      return Source(position: position, newest: windows[position].newest)
    }
    if let newest = retired[ssrc] { return Source(position: nil, newest: newest) }
    return totalCount < totalLimit ? Source(position: nil, newest: nil) : nil
  }

  /// Whether `index` may still be used by `source`.
  func isFresh(_ index: UInt64, of source: Source) -> Bool {
    guard let position = source.position else {
      return index > source.newest ?? 0 || source.newest == nil
    }
    return windows[position].isFresh(index)
  }

  /// Marks `index` of `source`, just looked up for `ssrc`, as used. For authenticated packets only.
  mutating func insert(_ index: UInt64, of source: Source, ssrc: UInt32) {
    useCount &+= 1
    let position = source.position ?? makeRoom(for: ssrc, newest: source.newest)
    windows[position].insert(index)
    lastUses[position] = useCount
    hint = position
  }

  private mutating func makeRoom(for ssrc: UInt32, newest: UInt64?) -> Int {
    retired[ssrc] = nil
    let window = newest.map(ReplayWindow.init(allUsedUpTo:)) ?? ReplayWindow()
    guard ssrcs.count >= activeLimit, let oldest = lastUses.indices.min(by: isUsedEarlier) else {
      ssrcs.append(ssrc)
      windows.append(window)
      lastUses.append(useCount)
      return ssrcs.count - 1
    }
    retired[ssrcs[oldest]] = windows[oldest].newest
    ssrcs[oldest] = ssrc
    windows[oldest] = window
    return oldest
  }

  private func isUsedEarlier(_ left: Int, _ right: Int) -> Bool { lastUses[left] < lastUses[right] }
}
