import Cryptography
import Net
import Wire

/// One sender, a relay and many viewers, each with a thread and a socket on loopback; viewers have addresses of
/// their own.
struct OnSockets {
  var viewerCount: Int
  var profile = SRTPProtectionProfile.aeadAES128GCM
  var gathering: Relay.Gathering
  var seconds = 2

  /// Processor time of the relay's thread, the kernel's part in it included, and how long packets take.
  func measure(_ name: String) async throws -> [Measurement] {
    let loops = try ["pacer", "relay", "viewers"].map(EventLoop.init(name:))
    defer { for loop in loops { loop.stop() } }
    let ticks = seconds * 200
    let viewers = try Viewers(
      on: loops[2], count: viewerCount, capacity: ticks * 3 * viewerCount)
    await viewers.start()
    let pacer = try Pacer(on: loops[0])
    let relay = try Relay(
      on: loops[1], sender: pacer.address, viewers: viewers.addresses,
      profile: profile, gathering: gathering)
    let warmUp = await relay.makePackets(ticks: 100, startsWithKeyFrame: true)
    let packets = await relay.makePackets(ticks: ticks, startsWithKeyFrame: false)
    let path = Path(local: pacer.address, remote: relay.address)
    try await relay.start()
    let warmUpTimes = await pacer.send(warmUp, by: path)
    let before = await relay.cost()
    let times = await pacer.send(packets, by: path)
    try await Task.sleep(for: .milliseconds(200))
    let after = await relay.cost()
    return figures(
      name, before, after, sentAt: warmUpTimes + times, warmUpTimes.count, await viewers.all())
  }

  private func figures(
    _ name: String, _ before: Relay.Cost, _ after: Relay.Cost, sentAt: [Instant], _ first: Int,
    _ arrivals: [Viewers.Arrival]
  ) -> [Measurement] {
    let forwarded = Double(after.forwarded - before.forwarded)
    let measured = arrivals.filter { (first..<sentAt.count).contains($0.index) }
    let latencies = measured.map { Double(($0.time - sentAt[$0.index]).nanoseconds) / 1e6 }.sorted()
    func part(_ value: Double) -> [Double] {
      latencies.isEmpty
        ? [] : [latencies[min(latencies.count - 1, Int(Double(latencies.count) * value))]]
    }
    let time = Double((after.time - before.time).nanoseconds) / 1000
    let runs = forwarded / Double(after.messages - before.messages)
    let lost = Double((sentAt.count - first) * viewerCount - measured.count)
    return [
      Measurement(name, [time / forwarded], unit: "CPU-µs/packet"),
      Measurement(
        name + ", allocations", [Double(after.allocations - before.allocations) / forwarded],
        unit: "/packet"),
      Measurement(name + ", packets in a run", [runs], unit: "packets"),
      Measurement(name + ", latency p50", part(0.5), unit: "ms"),
      Measurement(name + ", latency p99", part(0.99), unit: "ms"),
      Measurement(name + ", lost", [lost], unit: "packets"),
    ]
  }
}
