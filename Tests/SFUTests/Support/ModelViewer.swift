import RTP
import Testing
import Wire

@testable import SFU

/// A viewer who knows which of the sender's packets each of its numbers stands for.
struct ModelViewer {
  /// What was seen, over several runs.
  struct Summary {
    var pictures = 0
    var switches = 0
    var highest = (spatial: 0, temporal: 0)

    mutating func add(_ other: Summary) {
      pictures += other.pictures
      switches += other.switches
      highest.spatial = max(highest.spatial, other.highest.spatial)
      highest.temporal = max(highest.temporal, other.highest.temporal)
    }
  }

  struct Packet {
    var index: Int64
    var verdict: LayerVerdict
    var packet: ModelPacket
    var stream: Int
    /// The frame's number by its descriptor, and those of the frames it rests on.
    var described: (number: Int64, references: [Int64])?
  }

  let kind: ModelSender.Kind
  var switches = 0
  var wantedSince = 0
  private(set) var newestPicture = 0
  private(set) var packets: [Packet] = []
  private var fillers: [Int64] = []
  private var unwrapper = SequenceUnwrapper()
  private var reader = DependencyDescriptorReader()
  private var frames: [Int: ModelPacket] = [:]
  /// Frames of which the sender's path lost or delayed something, and those cut where a stream was left.
  private var harmed: Set<Int> = []
  private var lostCount = 0
  private var lateRefusedCount = 0
  private var firstPictureOf: [Int: Int] = [:]

  init(kind: ModelSender.Kind) { self.kind = kind }

  mutating func sent(_ packet: ModelPacket) { frames[packet.frame] = packet }

  mutating func lose(_ packet: ModelPacket) {
    harmed.insert(packet.frame)
    lostCount += 1
  }

  mutating func delay(_ packet: ModelPacket) { harmed.insert(packet.frame) }

  mutating func refuse(_ packet: ModelPacket, _ pending: IncomingStream.Pending) {
    if pending.isLate { lateRefusedCount += 1 }
  }

  mutating func receive(
    _ verdict: LayerVerdict, _ packet: ModelPacket, stream: Int, wanted: LayerTarget?,
    descriptor: [UInt8]
  ) {
    let index = unwrapper.unwrap(verdict.sequenceNumber)
    guard !verdict.isFiller else {
      fillers.append(index)
      return
    }
    let isNew = packet.picture > newestPicture
    newestPicture = max(newestPicture, packet.picture)
    var seen = Packet(index: index, verdict: verdict, packet: packet, stream: stream)
    if !descriptor.isEmpty {
      do throws(RTPError) {
        let read = try reader.read(descriptor.span)
        seen.described = (
          read.frameIndex, read.frame.frameDifferences.map { read.frameIndex - Int64($0) }
        )
      } catch {
        Issue.record("a descriptor that cannot be read: \(error)")
      }
    }
    packets.append(seen)
    guard isNew, harmed.isEmpty, let wanted else { return }
    // Until the smaller picture begins the larger one goes on with its lowest layer.
    let spatial = kind == .vp8 ? stream : packet.spatial
    #expect(packet.temporal <= Int(wanted.temporal) || spatial < wanted.spatial)
    #expect(spatial <= Int(wanted.spatial) || packet.temporal == 0)
    #expect(!wanted.keyFramesOnly || packet.isKey)
  }

  /// Looks at everything that came.
  func judge(isLossy: Bool) -> Summary {
    let ordered = packets.sorted { $0.index < $1.index }
    expectNumbers(ordered, isLossy: isLossy)
    let whole = wholeFrames(ordered)
    expectDecodable(ordered, whole)
    expectPictures(ordered, whole, isLossy: isLossy)
    return Summary(
      pictures: Set(ordered.map(\.packet.picture)).count, switches: switches,
      highest: (
        ordered.map { kind == .vp8 ? $0.stream : $0.packet.spatial }.max() ?? 0,
        ordered.map(\.packet.temporal).max() ?? 0
      ))
  }

  /// No number twice, no gap but for what the sender's path lost, time never back.
  private func expectNumbers(_ ordered: [Packet], isLossy: Bool) {
    let numbers = ordered.map(\.index) + fillers
    #expect(Set(numbers).count == numbers.count)
    if let first = numbers.min(), let last = numbers.max() {
      let missing = Int(last - first) + 1 - numbers.count
      #expect(missing <= lostCount + lateRefusedCount)
      if !isLossy { #expect(missing == 0 && fillers.isEmpty) }
    }
    for (before, after) in zip(ordered, ordered.dropFirst()) {
      #expect(!before.verdict.timestamp.isNewer(than: after.verdict.timestamp))
      let isSame = before.packet.picture == after.packet.picture
      #expect(isSame == (before.verdict.timestamp == after.verdict.timestamp))
    }
  }

  /// Frames all packets of which came.
  private func wholeFrames(_ ordered: [Packet]) -> Set<Int> {
    var counts: [Int: Int] = [:]
    for one in ordered { counts[one.packet.frame, default: 0] += 1 }
    return Set(counts.filter { frames[$0.key]?.partCount == $0.value }.keys)
  }

  /// What came whole rests on frames that came whole, but for those that the path harmed.
  private func expectDecodable(_ ordered: [Packet], _ whole: Set<Int>) {
    var excused = harmed
    for frame in frames.keys.sorted() {
      if frames[frame]?.references.contains(where: { excused.contains($0) }) == true {
        excused.insert(frame)
      }
    }
    var numbers: [Int: Int64] = [:]
    for one in ordered {
      if let described = one.described { numbers[one.packet.frame] = described.number }
    }
    for one in ordered where whole.contains(one.packet.frame) && !excused.contains(one.packet.frame)
    {
      #expect(one.packet.references.allSatisfy { whole.contains($0) })
      guard let described = one.described, one.packet.part == 0 else { continue }
      #expect(Set(one.packet.references.compactMap { numbers[$0] }) == Set(described.references))
    }
  }

  /// Pictures end once, and their numbers go on as the codec has it.
  private func expectPictures(_ ordered: [Packet], _ whole: Set<Int>, isLossy: Bool) {
    var pictures: [[Packet]] = []
    for one in ordered {
      if pictures.last?.last?.packet.picture == one.packet.picture {
        pictures[pictures.count - 1].append(one)
      } else {
        pictures.append([one])
      }
    }
    for picture in pictures {
      if !isLossy { #expect(picture.dropLast().allSatisfy { !$0.verdict.marker }) }
      #expect(Set(picture.map(\.verdict.pictureID)).count == 1)
      let isHarmed = picture.contains { harmed.contains($0.packet.frame) }
      guard !isHarmed, picture.allSatisfy({ whole.contains($0.packet.frame) }) else { continue }
      if !isLossy { #expect(picture.last?.verdict.marker == true) }
    }
    guard !isLossy else { return }
    for (before, after) in zip(pictures, pictures.dropFirst()) {
      expectSuccession(before, after)
    }
  }

  private func expectSuccession(_ before: [Packet], _ after: [Packet]) {
    guard let last = before.last, let next = after.first else { return }
    switch kind {
    case .vp8:
      let step = (next.verdict.pictureID ?? 0) &- (last.verdict.pictureID ?? 0)
      #expect(step & 0x7fff == 1)
      let base = (next.verdict.baseLayerIndex ?? 0) &- (last.verdict.baseLayerIndex ?? 0)
      #expect(base == (next.packet.temporal == 0 ? 1 : 0))
    case .vp9, .vp9Group:
      let step = (next.verdict.pictureID ?? 0) &- (last.verdict.pictureID ?? 0)
      #expect((1...200).contains(step & 0x7fff))
    case .described, .describedSpatial:
      #expect(next.described?.number == (last.described?.number ?? 0) + 1)
    }
  }
}
