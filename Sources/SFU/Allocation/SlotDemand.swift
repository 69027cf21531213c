/// How much a picture matters to its viewer; smaller is served first.
enum PictureClass: UInt8, Comparable, Sendable {
  /// A shared screen: what everybody came to read.
  case screen
  /// What the viewer chose to see before others.
  case pinned
  /// Who speaks.
  case speaker
  /// Everybody else.
  case other

  static func < (left: PictureClass, right: PictureClass) -> Bool {
    left.rawValue < right.rawValue
  }

  /// Whether it becomes recognisable before the last of the others is seen moving.
  var isFavoured: Bool { self != .other }

  /// How much more a better picture of it is worth than one of the others.
  var weight: Double {
    switch self {
    case .screen: 8
    case .pinned: 4
    case .speaker: 2.5
    case .other: 1
    }
  }
}

/// What one video slot of a viewer could make of bits.
struct SlotDemand: Sendable {
  /// How much it matters; among equals the earlier demand is served first.
  var priority: PictureClass
  /// Height in device pixels at which it is shown.
  var height: Int
  /// What its source sends or would send if asked to, ascending by bitrate.
  var options: [LayerOption]
  /// Bits of one key frame of the smallest layer.
  var keyFrameBits: Int
  /// What was allotted last; nil for nothing.
  var granted: LayerTarget?

  init(
    priority: PictureClass, height: Int, options: [LayerOption], keyFrameBits: Int = 60_000,
    granted: LayerTarget? = nil
  ) {
    self.priority = priority
    self.height = height
    self.options = options
    self.keyFrameBits = keyFrameBits
    self.granted = granted
  }
}
