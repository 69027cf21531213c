import RTP
import Wire

@testable import BWE

/// A sender with an ideal encoder, estimator and pacer, and its receiver.
struct MediaFlow {
  /// What a flow is like.
  struct Shape {
    /// Links crossed by packets and, on the way back, by feedback.
    var path = [0]
    var feedbackPath = [1]
    /// One way, beyond what the links take, in milliseconds.
    var delay: Int64 = 0
    var start = 0.0
    var end = Double.infinity
    /// When nothing is encoded, in seconds.
    var pause: ClosedRange<Double>?
    var encoderLimit = 50_000_000
    var startBitrate = 300_000
    /// The allocator's wish.
    var desired: Int?
    /// What is sent instead of what an encoder makes of the target.
    var application: Application?
  }

  /// Packets of an application that does not ask what may be sent: small ones at equal distances, pictures, and the
  /// bursts of key frames.
  struct Application {
    var smallByteCount = 200
    /// Bits per second of small packets.
    var smallBitrate = 0
    var pictureByteCount = 0
    /// Pictures are sent where the target is at least so many bits per second.
    var pictureLimit = 0
    var picturePeriod = Duration.milliseconds(100)
    /// The size of a burst is drawn from these.
    var burstByteCount = 0...0
    var burstPeriod = Duration.seconds(2)
    /// What the pacer sends at once after a pause.
    var pacerBurst = Duration.milliseconds(40)
  }

  struct Packet {
    let number: UInt16
    let byteCount: Int
    let sentAt: Instant
  }

  static let overhead = 28
  static let framePeriod = Duration(nanoseconds: 33_333_333)

  let shape: Shape
  var estimator: SendSideEstimator
  var pacer: Pacer
  var sequencer = TransportSequencer()
  var recorder = TransportFeedbackRecorder(senderSSRC: 1)
  var measurement = Measurement()
  var nextFrame: Instant
  var random: RandomSource
  var hasStarted = false
  private var nextSmall: Instant
  private var nextPicture: Instant
  private var nextBurst: Instant

  init(_ shape: Shape, seed: UInt64) {
    self.shape = shape
    var options = SendSideEstimator.Options()
    options.startBitrate = shape.startBitrate
    estimator = SendSideEstimator(options: options)
    pacer =
      shape.application.map { Pacer(bitrate: shape.startBitrate, burst: $0.pacerBurst) }
      ?? Pacer(bitrate: shape.startBitrate)
    nextFrame = .zero + Duration(clampedSeconds: shape.start)
    nextSmall = nextFrame
    nextPicture = nextFrame
    nextBurst = nextFrame
    random = .seeded(seed)
  }

  func isActive(at now: Instant) -> Bool {
    let time = (now - .zero).seconds
    return time >= shape.start && time < shape.end
  }

  func isPaused(at now: Instant) -> Bool { shape.pause?.contains((now - .zero).seconds) ?? false }

  /// Takes the estimator's events.
  mutating func handle(_ events: [SendSideEstimator.Event]) {
    for event in events {
      switch event {
      case .targetChanged(let bitrate): pacer.setBitrate(bitrate)
      case .probe(let cluster): pacer.add(cluster)
      }
    }
  }

  /// Encodes what is due, and gives the packets that leave at `now`.
  mutating func advance(to now: Instant) -> [Packet] {
    guard isActive(at: now) else { return [] }
    var events: [SendSideEstimator.Event] = []
    if !hasStarted {
      hasStarted = true
      estimator.setDesiredBitrate(shape.desired, at: now, events: &events)
      estimator.start(at: now, events: &events)
    }
    if let deadline = estimator.deadline, deadline <= now {
      estimator.advance(to: now, events: &events)
    }
    handle(events)
    if let application = shape.application {
      apply(application, at: now)
      return release(at: now)
    }
    while nextFrame <= now {
      if !isPaused(at: now) { encode(at: now) }
      nextFrame = nextFrame + Self.framePeriod
    }
    return release(at: now)
  }

  private mutating func encode(at now: Instant) {
    let rate = min(estimator.targetBitrate, shape.encoderLimit)
    let variation = 0.9 + 0.2 * Double(random.next() % 1000) / 1000
    addVideo(Int(Double(rate) / 8 * Self.framePeriod.seconds * variation), at: now)
  }

  private mutating func addVideo(_ byteCount: Int, at now: Instant) {
    var left = byteCount
    while left > 0 {
      let size = min(max(left, 60), 1200)
      _ = pacer.add(size, byteCount: size, priority: .video, at: now)
      left -= size
    }
  }

  private mutating func apply(_ application: Application, at now: Instant) {
    while application.smallBitrate > 0, nextSmall <= now {
      let size = application.smallByteCount
      _ = pacer.add(size, byteCount: size, priority: .audio, at: now)
      nextSmall =
        nextSmall + Duration(clampedSeconds: Double(size * 8) / Double(application.smallBitrate))
    }
    while nextPicture <= now {
      let variation = 0.8 + 0.4 * Double(random.next() % 1000) / 1000
      if estimator.targetBitrate >= application.pictureLimit {
        addVideo(Int(Double(application.pictureByteCount) * variation), at: now)
      }
      nextPicture = nextPicture + application.picturePeriod
    }
    while nextBurst <= now {
      let sizes = application.burstByteCount
      addVideo(sizes.lowerBound + Int(random.next() % UInt64(sizes.count)), at: now)
      let variation = Duration.milliseconds(Int64(random.next() % 100))
      nextBurst = nextBurst + application.burstPeriod + variation
    }
  }

  private mutating func release(at now: Instant) -> [Packet] {
    var packets: [Packet] = []
    while let release = pacer.next(at: now) {
      let (size, probe) =
        switch release {
        case .packet(let size, let probe): (size, probe)
        case .padding(let size, let probe): (size, probe)
        }
      let counted = max(size - Self.overhead, 1)
      let number = sequencer.next(byteCount: counted, ssrc: 1, at: now)
      estimator.sent(number, byteCount: counted, probe: probe, at: now)
      packets.append(Packet(number: number, byteCount: size, sentAt: now))
      measurement.sentCount += 1
    }
    return packets
  }

  mutating func receive(_ feedback: TransportFeedback, at now: Instant) {
    var events: [SendSideEstimator.Event] = []
    estimator.receive(sequencer.receive(feedback), at: now, events: &events)
    handle(events)
  }
}
