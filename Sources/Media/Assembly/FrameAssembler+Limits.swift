import Wire

extension FrameAssembler {
  func isLate(_ index: Int64) -> Bool {
    if let cursor, index < cursor { return true }
    guard let newest = unwrapper.newest else { return false }
    return newest - index >= Int64(options.maximumPacketCount)
  }

  /// Whether late packets prove that the sender counts anew: two in a row that are far behind, or many that are not,
  /// as after an outage of nearly a whole circle of numbers.
  mutating func restarts(_ number: UInt16, index: Int64) -> Bool {
    let distance = (unwrapper.newest ?? index) - index
    lateRun = restartNumber == number ? lateRun + 1 : 1
    restartNumber = number &+ 1
    guard lateRun >= (distance >= Int64(options.maximumPacketCount) ? 2 : 64) else { return false }
    counts.droppedFrames += window.removeAll(before: .max)
    window = PacketWindow()
    unwrapper = SequenceUnwrapper()
    cursor = nil
    isAligned = false
    before = nil
    restartNumber = nil
    noteLoss()
    return true
  }

  mutating func makeRoom(for index: Int64) {
    while window.span(with: index) > Int64(options.maximumPacketCount) {
      abandonFrame()
    }
    guard window.isEmpty, let cursor, index - cursor >= Int64(options.maximumPacketCount) else {
      return
    }
    // An outage longer than what could be held: where the next frame starts is open.
    self.cursor = nil
    isAligned = false
    before = nil
    noteLoss()
  }
}
