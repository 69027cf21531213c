import RTCTesting
import RTP
import Wire

/// The 1970 of the virtual clock: the 14th of November 2023.
let virtualEpoch = Duration.seconds(1_700_000_000)
let videoType: UInt8 = 96
let repairType: UInt8 = 97

func outgoingOptions(hasRetransmission: Bool = true) -> OutgoingStream.Options {
  var options = OutgoingStream.Options(ssrc: 0x1111, clockRate: 90_000)
  options.mid = "v"
  options.extensions.mid = 1
  options.extensions.transportSequence = 5
  if hasRetransmission {
    options.rtxSSRC = 0x2222
    options.rtxPayloadTypes = [videoType: repairType]
  }
  return options
}

func receivedOptions() -> ReceivedStream.Options {
  var options = ReceivedStream.Options(ssrc: 0x1111, clockRate: 90_000)
  options.rtxPayloadTypes = [repairType: videoType]
  options.asksForRepair = true
  options.keyFrameRequest = .pictureLoss
  return options
}

/// What a sender puts on the wire, without SRTP.
func datagram(
  _ header: RTPHeader, _ extensions: RTPHeaderExtensionList, _ payload: [UInt8]
) -> [UInt8] {
  [UInt8](capacity: 2000) {
    header.write(extensions: extensions, into: &$0)
    $0.append(copying: payload.span)
  }
}

/// Sends a packet of 60 bytes every `interval` and answers what it is asked.
final class SendingNode: VirtualNode {
  var stream: OutgoingStream
  var transport = TransportSequencer()
  private var schedule: ReportSchedule
  private let path: Path
  private let interval: Duration
  private var next = Instant.zero
  private(set) var sentCount = 0
  private(set) var keyFrameRequests: [Instant] = []
  var isSending = true

  init(_ options: OutgoingStream.Options, path: Path, interval: Duration, seed: UInt64) {
    var random = RandomSource.seeded(seed)
    stream = OutgoingStream(options: options, timestampOffset: 4_294_960_000, random: &random)
    schedule = ReportSchedule(random: random)
    self.path = path
    self.interval = interval
  }

  var deadline: Instant? { [isSending ? next : nil, schedule.deadline].compactMap(\.self).min() }

  func advance(to now: Instant, into outbox: Outbox) {
    schedule.start(at: now)
    if isSending, next <= now {
      let packet = OutgoingPacket(
        payloadType: videoType, timestamp: UInt32(truncatingIfNeeded: sentCount &* 3000),
        payload: payload(sentCount))
      var extensions = RTPHeaderExtensionList()
      let header = stream.makeHeader(
        for: packet, at: now, transport: &transport, extensions: &extensions)
      outbox.append(datagram(header, extensions, packet.payload).span, on: path)
      sentCount += 1
      next = now + interval
    }
    guard schedule.take(at: now) else { return }
    let reports = [stream.senderReport(at: now, epoch: virtualEpoch)].compactMap(\.self)
    for compound in ReportCompound.split(
      senderReports: reports, blocks: [], receiver: 1, cname: "sender")
    {
      outbox.append(on: path, capacity: 1200) { _ = compound.write(into: &$0) }
    }
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    var reader = RTCPReader(datagram.span)
    while let part = reader.next() {
      switch part {
      case .receiverReport(let report):
        for block in report.blocks { stream.receive(block, at: now, epoch: virtualEpoch) }
      case .genericNACK(let request): stream.receive(request, at: now)
      case .pictureLossIndication:
        if stream.receivePictureLoss(at: now) { keyFrameRequests.append(now) }
      default: break
      }
    }
    var extensions = RTPHeaderExtensionList()
    var payload: [UInt8] = []
    while let header = stream.makeRepair(
      at: now, transport: &transport, extensions: &extensions, payload: &payload)
    {
      outbox.append(RTPTests.datagram(header, extensions, payload).span, on: path)
    }
  }

  /// The number of the packet, and bytes that follow from it.
  private func payload(_ number: Int) -> [UInt8] { payloadBytes(number) }
}

func payloadBytes(_ number: Int) -> [UInt8] {
  (0..<60).map { UInt8(truncatingIfNeeded: $0 < 4 ? number >> ($0 * 8) : number &+ $0) }
}

/// Takes what comes, asks for what is missing and reports.
final class ReceivingNode: VirtualNode {
  var stream: ReceivedStream
  private var schedule = ReportSchedule(random: .seeded(99))
  private let path: Path
  private(set) var packets: [ReceivedPacket] = []

  init(_ options: ReceivedStream.Options, path: Path) {
    stream = ReceivedStream(options: options)
    self.path = path
  }

  var deadline: Instant? { [stream.deadline, schedule.deadline].compactMap(\.self).min() }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    schedule.start(at: now)
    let bytes = datagram.span
    if bytes.count > 1, (192...223).contains(bytes[1]) {
      var reader = RTCPReader(bytes)
      while let part = reader.next() {
        switch part {
        case .senderReport(let report): stream.receive(report, at: now)
        case .sourceDescription(let names): for chunk in names.chunks { stream.receive(chunk) }
        default: break
        }
      }
      return
    }
    guard let packet = try? RTPPacket(parsing: bytes) else { return }
    let received =
      packet.header.ssrc == 0x2222
      ? stream.receiveRepair(packet.header, in: bytes, payload: packet.payloadRange, at: now)
      : stream.receive(packet.header, in: bytes, payload: packet.payloadRange, at: now)
    if let received { packets.append(received) }
    advance(to: now, into: outbox)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    for request in stream.requests(from: 1, at: now) {
      outbox.append(on: path, capacity: 1200) { _ = request.write(into: &$0) }
    }
    guard schedule.take(at: now) else { return }
    let blocks = [stream.reportBlock(at: now)].compactMap(\.self)
    for compound in ReportCompound.split(
      senderReports: [], blocks: blocks, receiver: 1, cname: "receiver")
    {
      outbox.append(on: path, capacity: 1200) { _ = compound.write(into: &$0) }
    }
  }
}

/// A sender and a receiver with a link between them.
final class StreamLink {
  let network: VirtualNetwork
  let sender: SendingNode
  let receiver: ReceivingNode

  init(
    seed: UInt64, conditions: LinkConditions, hasRetransmission: Bool = true,
    interval: Duration = .milliseconds(5)
  ) {
    network = VirtualNetwork(seed: seed)
    let left = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5000)
    let right = TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 5000)
    sender = SendingNode(
      outgoingOptions(hasRetransmission: hasRetransmission), path: Path(local: left, remote: right),
      interval: interval, seed: seed)
    receiver = ReceivingNode(receivedOptions(), path: Path(local: right, remote: left))
    let host = network.addHost(left.ip, conditions: conditions)
    network.attach(sender, to: host, at: left)
    network.attach(receiver, to: network.addHost(right.ip), at: right)
  }
}
