import Wire

@testable import SFU

extension LayerOption {
  /// Three sizes with three frame rates each, as a camera sends them.
  static let camera = simulcast([(180, 150_000), (360, 500_000), (720, 1_700_000)])
  /// One size, as many screens are sent.
  static let screen = simulcast([(1080, 1_500_000)])

  static func simulcast(_ layers: [(height: Int, bitrate: Int)]) -> [LayerOption] {
    layers.enumerated().flatMap { place, layer in
      [(0.5, 7.5), (0.7, 15.0), (1, 30.0)].enumerated().map { temporal, part in
        LayerOption(
          target: LayerTarget(spatial: UInt8(place), temporal: UInt8(temporal)),
          bitrate: Int(Double(layer.bitrate) * part.0), height: layer.height, frameRate: part.1)
      }
    }
  }
}

extension SlotDemand {
  /// A screen, a speaker and others, each in a tile of 360 lines, the speaker's and screen's being larger.
  static func meeting(others: Int, hasScreen: Bool = false) -> [SlotDemand] {
    let speaker = SlotDemand(priority: .speaker, height: 720, options: LayerOption.camera)
    let rest = (0..<others).map { _ in
      SlotDemand(priority: .other, height: 360, options: LayerOption.camera)
    }
    let screen = SlotDemand(
      priority: .screen, height: 1080, options: LayerOption.screen, keyFrameBits: 600_000)
    return (hasScreen ? [screen] : []) + [speaker] + rest
  }

  /// Anything that may come about, and some that may not.
  static func random(using random: inout RandomSource) -> SlotDemand {
    var options: [LayerOption] = []
    var bitrate = Int.random(in: 1...200_000, using: &random)
    let heights = [0, 90, 180, 270, 360, 540, 720, 1080, 2160]
    for spatial in 0..<UInt8.random(in: 0...3, using: &random) {
      for temporal in 0...UInt8.random(in: 0...3, using: &random) {
        options.append(
          LayerOption(
            target: LayerTarget(spatial: spatial, temporal: temporal), bitrate: bitrate,
            height: heights[Int.random(in: 0..<9, using: &random)],
            frameRate: .random(in: 0...60, using: &random)))
        bitrate += Int.random(in: 0...600_000, using: &random)
      }
    }
    return SlotDemand(
      priority: PictureClass(rawValue: .random(in: 0...3, using: &random)) ?? .other,
      height: .random(in: 0...2200, using: &random), options: options,
      keyFrameBits: .random(in: 0...800_000, using: &random),
      granted: options.randomElement(using: &random)?.target)
  }
}
