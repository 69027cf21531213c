import RTP
import Wire

@testable import BWE
@testable import RTCTesting

/// Flows over links in virtual time.
struct Bench {
  private enum Event {
    case packet(flow: Int, MediaFlow.Packet, hop: Int)
    case feedback(flow: Int, TransportFeedback, byteCount: Int, hop: Int)
    case bulk(flow: Int, number: Int, sentAt: Instant, hop: Int)
    case bulkAcknowledgement(flow: Int, number: Int)
    case change(link: Int, LinkConditions)
  }

  private static let tick = Duration.milliseconds(1)

  var links: [Link]
  var flows: [MediaFlow] = []
  var bulk: [BulkFlow] = []
  private var events = EventHeap<Event>()
  private(set) var now = Instant.zero

  init(_ conditions: [LinkConditions], seed: UInt64 = 1) {
    links = conditions.enumerated().map { Link($1, seed: seed &* 100 &+ UInt64($0)) }
  }

  /// A link whose queue holds so many milliseconds.
  static func link(
    _ bitsPerSecond: Int64?, delay: Int64 = 50, queue: Int64 = 300,
    loss: LinkConditions.Loss = .none, jitter: Int64 = 0
  ) -> LinkConditions {
    LinkConditions(
      delay: .milliseconds(delay), jitter: .milliseconds(jitter), loss: loss,
      bitsPerSecond: bitsPerSecond,
      queueByteLimit: bitsPerSecond.map { Int($0 * queue / 8000) } ?? 64_000)
  }

  mutating func add(_ shape: MediaFlow.Shape) {
    flows.append(MediaFlow(shape, seed: UInt64(flows.count + 7)))
  }

  mutating func change(_ link: Int, at seconds: Double, to conditions: LinkConditions) {
    events.add(
      .change(link: link, conditions), at: .zero + Duration(clampedSeconds: seconds))
  }

  mutating func run(until seconds: Double) {
    let end = Instant.zero + Duration(clampedSeconds: seconds)
    while now < end {
      now = now + Self.tick
      while let (time, event) = events.next(until: now) { handle(event, at: time) }
      for index in flows.indices { advance(index) }
      for index in bulk.indices {
        for number in bulk[index].advance(to: now) {
          bulk[index].measurement.sentCount += 1
          forward(.bulk(flow: index, number: number, sentAt: now, hop: 0), at: now)
        }
      }
    }
  }

  private mutating func advance(_ index: Int) {
    for packet in flows[index].advance(to: now) {
      forward(.packet(flow: index, packet, hop: 0), at: now)
    }
    while let feedback = flows[index].recorder.nextFeedback(at: now) {
      let size = [UInt8](capacity: 2048) { feedback.write(into: &$0) }.count + 42
      forward(.feedback(flow: index, feedback, byteCount: size, hop: 0), at: now)
    }
    let bin = Int(now.nanoseconds / Measurement.bin.nanoseconds)
    while flows[index].measurement.target.count <= bin {
      flows[index].measurement.target.append(flows[index].estimator.targetBitrate)
    }
  }

  /// Sends over the link that the event is at.
  private mutating func forward(_ event: Event, at time: Instant) {
    let (link, size): (Int, Int)
    var extra = Duration.zero
    let next: Event
    switch event {
    case .packet(let flow, let packet, let hop):
      (link, size) = (flows[flow].shape.path[hop], packet.byteCount)
      if hop == 0 { extra = .milliseconds(flows[flow].shape.delay) }
      next = .packet(flow: flow, packet, hop: hop + 1)
    case .feedback(let flow, let feedback, let byteCount, let hop):
      (link, size) = (flows[flow].shape.feedbackPath[hop], byteCount)
      if hop == 0 { extra = .milliseconds(flows[flow].shape.delay) }
      next = .feedback(flow: flow, feedback, byteCount: byteCount, hop: hop + 1)
    case .bulk(let flow, let number, let sentAt, let hop):
      (link, size) = (bulk[flow].path[hop], BulkFlow.packetSize)
      next = .bulk(flow: flow, number: number, sentAt: sentAt, hop: hop + 1)
    default: return
    }
    switch links[link].send(size, .udp, at: time) {
    case .dropped:
      if case .packet(let flow, _, _) = event { flows[flow].measurement.lostCount += 1 }
      if case .bulk(let flow, _, _, _) = event { bulk[flow].measurement.lostCount += 1 }
    case .arrivals(let arrivals):
      for arrival in arrivals { events.add(next, at: arrival.time + extra) }
    }
  }

  private mutating func handle(_ event: Event, at time: Instant) {
    switch event {
    case .change(let link, let conditions): links[link].conditions = conditions
    case .packet(let flow, let packet, let hop):
      let shape = flows[flow].shape
      guard hop == shape.path.count else { return forward(event, at: time) }
      let base = shape.path.reduce(Duration.milliseconds(shape.delay)) {
        $0 + links[$1].conditions.delay
      }
      flows[flow].measurement.arrived(
        packet.byteCount, waited: time - packet.sentAt - base, at: time)
      flows[flow].recorder.record(packet.number, ssrc: 1, at: time)
    case .feedback(let flow, let feedback, _, let hop):
      guard hop == flows[flow].shape.feedbackPath.count else { return forward(event, at: time) }
      flows[flow].receive(feedback, at: time)
    case .bulk(let flow, let number, _, let hop):
      guard hop == bulk[flow].path.count else { return forward(event, at: time) }
      bulk[flow].measurement.arrived(BulkFlow.packetSize, waited: .zero, at: time)
      events.add(
        .bulkAcknowledgement(flow: flow, number: number),
        at: time + .milliseconds(50 + bulk[flow].delay))
    case .bulkAcknowledgement(let flow, let number):
      bulk[flow].acknowledged(number, at: time)
    }
  }
}
