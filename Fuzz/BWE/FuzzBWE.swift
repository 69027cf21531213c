import BWE
import RTP
import Wire

/// Commands and RTCP for one estimator: what is sent and when, and any feedback, reports and estimates.
/// The estimate stays within its limits and nothing grows.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBWE(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var sender = Sender()
  var place = 0
  while place + 2 <= input.count {
    let argument = Int(input[place + 1])
    let command = input[place] & 3
    place += 2
    if command == 3 {
      let end = min(place + argument, input.count)
      sender.receive(Array(input[place..<end]))
      place = end
    } else {
      sender.perform(command, argument)
    }
    sender.check()
  }
  return 0
}

/// A sender whose time and packets the input decides.
struct Sender {
  private var estimator: SendSideEstimator
  private var pacer = Pacer(bitrate: 300_000)
  private var sequencer = TransportSequencer()
  private var now = Instant.zero
  private var events: [SendSideEstimator.Event] = []

  init() {
    var options = SendSideEstimator.Options()
    options.maximumBitrate = 5_000_000
    estimator = SendSideEstimator(options: options)
    estimator.start(at: now, events: &events)
  }

  mutating func perform(_ command: UInt8, _ argument: Int) {
    switch command {
    case 0:
      now = now + .milliseconds(Int64(argument))
      estimator.advance(to: now, events: &events)
    case 1:
      _ = pacer.add(argument, byteCount: argument * 6, priority: .video, at: now)
    default:
      estimator.setDesiredBitrate(
        argument == 0 ? nil : argument * 40_000, at: now, events: &events)
    }
    release()
  }

  mutating func receive(_ datagram: [UInt8]) {
    var reader = RTCPReader(datagram.span)
    while let packet = reader.next() {
      switch packet {
      case .transportFeedback(let feedback):
        estimator.receive(sequencer.receive(feedback), at: now, events: &events)
      case .receiverReport(let report):
        for block in report.blocks {
          estimator.receive(fractionLost: block.fractionLost, at: now, events: &events)
        }
      case .receiverEstimatedMaximumBitrate(let message):
        estimator.receive(estimate: message.bitrate, at: now, events: &events)
      default: break
      }
    }
    release()
  }

  private mutating func release() {
    for event in events {
      switch event {
      case .targetChanged(let bitrate): pacer.setBitrate(bitrate, padding: bitrate / 2)
      case .probe(let cluster): pacer.add(cluster)
      }
    }
    events = []
    var count = 0
    while let release = pacer.next(at: now) {
      count += 1
      precondition(count < 20_000)
      let (size, probe): (Int, Int?) =
        switch release {
        case .packet(let packet, let probe): (packet * 6, probe)
        case .padding(let byteCount, let probe): (byteCount, probe)
        }
      let number = sequencer.next(byteCount: size, ssrc: 1, at: now)
      estimator.sent(number, byteCount: size, probe: probe, at: now)
    }
  }

  func check() {
    precondition((30_000...5_000_000).contains(estimator.targetBitrate))
    precondition(estimator.lossRate >= 0 && estimator.lossRate <= 1)
    precondition(estimator.queueDelay >= .zero && estimator.roundTrip > .zero)
    precondition(pacer.count <= 4096)
  }
}
