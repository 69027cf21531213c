import Cryptography
import Net
import Wire

/// Rooms of one sender each, a relay and viewers. Senders, relay and viewers have a thread each, and sockets on loopback.
struct OnSockets {
  var roomCount = 1
  var viewerCount: Int
  var profile = SRTPProtectionProfile.aeadAES128GCM
  var gathering: Relay.Gathering
  var seconds = 2

  /// Processor time of the relay's thread, the kernel's part in it included, and how long packets take.
  func measure(_ name: String) async throws -> [Measurement] {
    let loops = try ["pacers", "relay", "viewers"].map(EventLoop.init(name:))
    defer { for loop in loops { loop.stop() } }
    let ticks = seconds * 200
    let viewers = try Viewers(
      on: loops[2], count: viewerCount, capacity: ticks * 3 * viewerCount)
    await viewers.start()
    let pacers = try Pacers(on: loops[0], count: roomCount)
    let relay = try Relay(
      on: loops[1], senders: pacers.addresses, viewers: viewers.addresses, profile: profile,
      gathering: gathering)
    var warmUp: [[[[UInt8]]]] = []
    var packets: [[[[UInt8]]]] = []
    for sender in 0..<roomCount {
      warmUp.append(
        await relay.makePackets(of: sender, ticks: 100, startsWithKeyFrame: true))
      packets.append(
        await relay.makePackets(of: sender, ticks: ticks, startsWithKeyFrame: false))
    }
    try await relay.start()
    let warmUpTimes = await pacers.send(warmUp, to: relay.address)
    let before = await relay.cost()
    let times = await pacers.send(packets, to: relay.address)
    try await Task.sleep(for: .milliseconds(200))
    let after = await relay.cost()
    return figures(
      name, before, after, sentAt: zip(warmUpTimes, times).map { $0 + $1 }, warmUpTimes[0].count,
      await viewers.all())
  }

  private func figures(
    _ name: String, _ before: Relay.Cost, _ after: Relay.Cost, sentAt: [[Instant]], _ first: Int,
    _ arrivals: [Viewers.Arrival]
  ) -> [Measurement] {
    let forwarded = Double(after.forwarded - before.forwarded)
    let sentCount = sentAt[0].count
    let measured = arrivals.filter { (first..<sentCount).contains($0.index) }
    let latencies = measured.map { arrival in
      let sent = sentAt[arrival.viewer * roomCount / viewerCount][arrival.index]
      return Double((arrival.time - sent).nanoseconds) / 1e6
    }.sorted()
    func part(_ value: Double) -> [Double] {
      latencies.isEmpty ? [] : [latencies[Int(Double(latencies.count - 1) * value)]]
    }
    let time = Double((after.time - before.time).nanoseconds) / 1000
    let runs = forwarded / Double(after.messages - before.messages)
    let lost = Double((sentCount - first) * viewerCount - measured.count)
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
