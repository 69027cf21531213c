import Wire

@testable import SCTP

/// Senders that always have something to send, through one bottleneck with a queue that drops at its tail.
struct BottleneckRun {
  struct Flow {
    var sender: SendingSide
    var receiver = ModelReceiver(initialTSN: 1)
    var start: Instant
    var hasStarted = false

    var deliveredByteCount: Int { receiver.messages.count * BottleneckRun.messageByteCount }
  }

  static let messageByteCount = 1132

  var flows: [Flow]
  var loss = 0.0
  private let bytesPerSecond: Double
  private let delay: Duration
  private let queueLimit: Double
  private var random = RandomSource.seeded(5)
  private var now = Instant.zero
  private var freeAt = Instant.zero
  private var forward: [(time: Instant, flow: Int, chunks: [WrittenChunk])] = []
  private var forwardHead = 0
  private var backward: [(time: Instant, flow: Int, sack: SelectiveAcknowledgement)] = []
  private var backwardHead = 0
  private(set) var dropCount = 0
  private var waits: [Duration] = []

  /// The queue holds `queue` products of rate and round trip.
  init(
    _ controls: [SCTPOptions.CongestionControl], bitsPerSecond: Double, roundTrip: Duration,
    queue: Double, apart: Duration = .zero
  ) {
    bytesPerSecond = bitsPerSecond / 8
    delay = roundTrip / 2
    queueLimit = bytesPerSecond * roundTrip.seconds * queue
    flows = controls.enumerated().map { index, control in
      var options = SCTPOptions()
      options.congestionControl = control
      return Flow(
        sender: SendingSide(options: options, initialTSN: 1),
        start: .zero + apart * Int64(index))
    }
  }

  /// Lets time pass; returns what each flow delivered in it, as a share of what the bottleneck can.
  mutating func run(for duration: Duration) throws -> [Double] {
    let before = flows.map(\.deliveredByteCount)
    waits.removeAll()
    let end = now + duration
    while let next = nextTime, next <= end {
      now = max(now, next)
      try step()
    }
    now = end
    return zip(before, flows.map(\.deliveredByteCount)).map {
      Double($1 - $0) / (bytesPerSecond * duration.seconds)
    }
  }

  /// How long packets waited in the queue on average, since the last `run` began.
  var meanWait: Duration {
    waits.reduce(.zero, +) / Int64(max(waits.count, 1))
  }

  private var nextTime: Instant? {
    var times = flows.map { $0.hasStarted ? $0.sender.deadline : $0.start }
    times.append(forwardHead < forward.count ? forward[forwardHead].time : nil)
    times.append(backwardHead < backward.count ? backward[backwardHead].time : nil)
    return times.compactMap { $0 }.min()
  }

  private mutating func step() throws {
    while forwardHead < forward.count, forward[forwardHead].time <= now {
      let (_, flow, chunks) = forward[forwardHead]
      forwardHead += 1
      for chunk in chunks { flows[flow].receiver.receive(chunk) }
      backward.append((now + delay, flow, flows[flow].receiver.acknowledgement()))
    }
    while backwardHead < backward.count, backward[backwardHead].time <= now {
      let (_, flow, sack) = backward[backwardHead]
      backwardHead += 1
      flows[flow].sender.receive(sack, at: now)
    }
    for flow in flows.indices {
      if !flows[flow].hasStarted, flows[flow].start <= now {
        flows[flow].hasStarted = true
        flows[flow].sender.start(
          peerWindow: 8 << 20, isInterleaved: false, usesPartialReliability: true)
      }
      if let due = flows[flow].sender.deadline, due <= now { flows[flow].sender.advance(to: now) }
      guard flows[flow].hasStarted else { continue }
      try fill(flow)
      while let packet = try flows[flow].sender.nextPacket(at: now) { send(packet, flow) }
    }
  }

  private mutating func fill(_ flow: Int) throws {
    let message = SCTPMessage(
      stream: 0, identifier: .binary, payload: [UInt8](repeating: 1, count: Self.messageByteCount))
    while flows[flow].sender.queue.byteCount < 100_000 {
      try flows[flow].sender.add(message, delivery: .init(), at: now)
    }
  }

  private mutating func send(_ chunks: [WrittenChunk], _ flow: Int) {
    if loss > 0, Double(random.next() % 1_000_000) / 1_000_000 < loss { return }
    let wait = max(freeAt - now, .zero)
    let size = Double(Self.messageByteCount + 28)
    guard wait.seconds * bytesPerSecond + size <= queueLimit else {
      dropCount += 1
      return
    }
    waits.append(wait)
    freeAt = max(freeAt, now) + Duration(nanoseconds: Int64(size / bytesPerSecond * 1e9))
    forward.append((freeAt + delay, flow, chunks))
  }
}
