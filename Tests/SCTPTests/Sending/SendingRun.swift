import Wire

@testable import SCTP

/// A sending side and a model receiver on a link in virtual time.
struct SendingRun {
  enum Parcel {
    case packet([WrittenChunk])
    case acknowledgement(SelectiveAcknowledgement)
  }

  var sender: SendingSide
  var receiver: ModelReceiver
  var now = Instant.zero
  var delay = Duration.milliseconds(25)
  /// Extra delay up to so much, different for each packet: it reorders.
  var jitter = Duration.zero
  var loss = 0.0
  var acknowledgementLoss = 0.0
  var random: RandomSource
  private(set) var packetCount = 0
  private(set) var parcels: [(time: Instant, order: Int, parcel: Parcel)] = []
  private var order = 0
  private var heldUntil = Instant.zero
  var drops: ((Int, [WrittenChunk]) -> Bool)?
  /// The receiver drops data, and only says how things stand.
  var isReceiverFull = false

  init(
    options: SCTPOptions = .init(), initialTSN: UInt32 = 1000, isInterleaved: Bool = false,
    seed: UInt64 = 1
  ) {
    sender = SendingSide(options: options, initialTSN: initialTSN)
    receiver = ModelReceiver(initialTSN: initialTSN, isInterleaved: isInterleaved)
    random = .seeded(seed)
    sender.start(
      peerWindow: receiver.window, isInterleaved: isInterleaved, usesPartialReliability: true)
  }

  mutating func send(
    _ count: Int, stream: UInt16 = 0, byte: UInt8 = 7, delivery: SCTPDelivery = .init()
  ) throws {
    let message = SCTPMessage(
      stream: stream, identifier: .binary, payload: [UInt8](repeating: byte, count: count))
    try sender.add(message, delivery: delivery, at: now)
  }

  private mutating func post(_ parcel: Parcel, lossRate: Double) {
    guard Double(random.next() % 1_000_000) / 1_000_000 >= lossRate else { return }
    let extra = jitter > .zero ? Int64(random.next() % UInt64(jitter.nanoseconds)) : 0
    order += 1
    parcels.append((max(now, heldUntil) + delay + Duration(nanoseconds: extra), order, parcel))
  }

  mutating func flush() throws {
    while let packet = try sender.nextPacket(at: now) {
      packetCount += 1
      if drops?(packetCount, packet) == true { continue }
      post(.packet(packet), lossRate: loss)
    }
  }

  /// Runs until nothing is left to happen, or until `limit` has passed. Returns whether all was acknowledged.
  @discardableResult
  mutating func run(for limit: Duration = .seconds(600)) throws -> Bool {
    let end = now + limit
    try flush()
    while true {
      let next = parcels.indices.min {
        (parcels[$0].time, parcels[$0].order) < (parcels[$1].time, parcels[$1].order)
      }
      let parcelTime = next.map { parcels[$0].time }
      let due = [parcelTime, sender.deadline].compactMap { $0 }.min()
      guard let due, due <= end else { break }
      now = max(now, due)
      if let next, parcelTime == due {
        let parcel = parcels.remove(at: next).parcel
        deliver(parcel)
      } else {
        sender.advance(to: now)
      }
      try flush()
    }
    if now < end, !sender.isEmpty || !parcels.isEmpty { now = end }
    return sender.isEmpty
  }

  /// Delays all that is under way, and what is sent until then.
  mutating func hold(for duration: Duration) {
    heldUntil = now + duration
    for index in parcels.indices { parcels[index].time = parcels[index].time + duration }
  }

  private mutating func deliver(_ parcel: Parcel) {
    switch parcel {
    case .packet(let chunks):
      if !isReceiverFull { for chunk in chunks { receiver.receive(chunk) } }
      post(.acknowledgement(receiver.acknowledgement()), lossRate: acknowledgementLoss)
    case .acknowledgement(let sack):
      sender.receive(sack, at: now)
    }
  }
}
