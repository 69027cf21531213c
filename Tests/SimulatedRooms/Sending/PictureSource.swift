import RTP
import Wire

/// A camera with its layers, or a screen with one: shares a bitrate among them as browsers do, smallest first.
struct PictureSource {
  /// What it films.
  enum Subject {
    /// Something that moves all the time.
    case person
    /// Something that stands still, and another page now and then.
    case slides
  }

  static let person: [PictureLayer.Shape] = [
    .init(rid: "q", width: 320, height: 180, minimum: 30_000, maximum: 150_000),
    .init(rid: "h", width: 640, height: 360, minimum: 150_000, maximum: 500_000),
    .init(rid: "f", width: 1280, height: 720, minimum: 600_000, maximum: 1_700_000),
  ]
  static let slides: [PictureLayer.Shape] = [
    .init(rid: "", width: 1920, height: 1080, minimum: 100_000, maximum: 2_500_000)
  ]
  /// From one page to the next.
  static let pageTime = Duration.seconds(15)
  /// Bytes of a page.
  static let pageByteCount = 90_000
  private static let ownKeyFrameInterval = Duration.milliseconds(300)

  let subject: Subject
  private(set) var layers: [PictureLayer]
  /// What somebody wants of it, by layer.
  private var isWanted: [Bool]
  private var nextFrame: Instant
  private var nextPage: Instant
  private var start: Instant
  private var random: RandomSource
  private var lastKeyFrame: Instant?
  private(set) var switchCount = 0

  init(
    _ subject: Subject, sender: UInt16, temporalLayers: UInt8 = 3, at start: Instant,
    random: RandomSource
  ) {
    self.subject = subject
    self.random = random
    self.start = start
    nextFrame = start
    nextPage = start + Self.pageTime
    let shapes = subject == .person ? Self.person : Self.slides
    layers = []
    for shape in shapes {
      layers.append(
        PictureLayer(
          shape, sender: sender, temporalLayerCount: subject == .person ? temporalLayers : 1,
          random: &self.random))
    }
    isWanted = layers.map { _ in true }
  }

  /// From one frame to the next.
  var interval: Duration { subject == .person ? .milliseconds(33) : .milliseconds(100) }

  /// The bitrate it could use.
  var desired: Int {
    zip(layers, isWanted).reduce(0) { $0 + ($1.1 ? $1.0.shape.maximum : 0) }
  }

  /// Somebody watches it, or nobody does.
  mutating func setWanted(_ wanted: [Bool]) {
    for place in isWanted.indices {
      let isOn = place < wanted.count ? wanted[place] : wanted.last ?? true
      if isOn != isWanted[place] { switchCount += 1 }
      isWanted[place] = isOn
    }
  }

  /// The browser's answer to a picture loss: the encoder makes a key frame of every layer.
  mutating func requestKeyFrame(at now: Instant) {
    if let lastKeyFrame, now - lastKeyFrame < Self.ownKeyFrameInterval { return }
    lastKeyFrame = now
    for place in layers.indices where layers[place].bitrate > 0 {
      layers[place].wantsKeyFrame = true
    }
  }

  /// Shares `bitrate` among the layers. Gives what is left.
  mutating func share(_ bitrate: Int) -> Int {
    var left = bitrate
    for place in layers.indices {
      let shape = layers[place].shape
      // A running layer stays a little longer than a new one would be begun.
      let least = layers[place].bitrate > 0 ? shape.minimum * 9 / 10 : shape.minimum * 11 / 10
      let mayRun = isWanted[place] && (left >= least || place == 0 && left >= 20_000)
      let given = mayRun ? min(left, shape.maximum) : 0
      layers[place].setBitrate(given)
      left -= given
    }
    return left
  }

  /// The packets of every frame that is due, with the place of their layer.
  mutating func advance(to now: Instant) -> [(layer: Int, packet: OutgoingPacket)] {
    var result: [(layer: Int, packet: OutgoingPacket)] = []
    while nextFrame <= now {
      let timestamp = UInt32(
        truncatingIfNeeded: nextFrame.nanoseconds / 1000 * 9 / 100)
      for place in layers.indices {
        let size = subject == .slides ? slideSize(at: nextFrame, place) : nil
        for packet in layers[place].encode(
          interval: interval, timestamp: timestamp, size: size, random: &random)
        {
          result.append((place, packet))
        }
      }
      nextFrame = nextFrame + interval
    }
    return result
  }

  private mutating func slideSize(at time: Instant, _ place: Int) -> Int {
    if time >= nextPage {
      nextPage = nextPage + Self.pageTime
      return Self.pageByteCount
    }
    return layers[place].wantsKeyFrame ? Self.pageByteCount : 400 + Int(random.next() % 400)
  }
}
