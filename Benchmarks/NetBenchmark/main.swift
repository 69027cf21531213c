import Net
import Synchronization
import Wire

let drainLoop = try EventLoop(name: "drain")
let drain = try Drain(on: drainLoop, count: 32)
var sending = Sending(drain: drain)
var results: [Measurement] = []

results += try sending.measure(
  "send one datagram a call, 32 destinations", run: 1, segmentation: false, isSingle: true)
results += try sending.measure("sendmmsg of 32", run: 1, segmentation: false)
results += try sending.measure("+ 8 a viewer, no segmentation", run: 8, segmentation: false)
for run in [2, 4, 8, 16, 32] {
  results += try sending.measure("+ UDP_SEGMENT of \(run)", run: run)
}
results += try sending.measure("+ UDP_SEGMENT of 8, interleaved", run: 8, order: .byPacket)
results.append(
  Measurement(
    "sent datagrams that did not arrive",
    [Double(sending.sent - drain.received.load(ordering: .relaxed))], unit: "datagrams"))
drainLoop.stop()

for burst in [1, 4, 32, 128] { results += try measureReceiving(burst: burst) }
results += try await Task.detached { try await measureLoop() }.value

print("[\n  " + results.map(\.json).joined(separator: ",\n  ") + "\n]")
