import CAllocations
import WebRTC
import Wire

/// What connected peers keep, and whether closed ones keep nothing.
enum Keeping {
  /// Memory of a connected peer that does nothing. The callers share one UDP port, the callees have a socket each.
  static func memory(calls count: Int, certificate: RTCCertificate?) async throws -> [Measurement] {
    var options = RTCEngine.Options()
    options.sharedUDPPort = 0
    options.sharedAddress = IPAddress(127, 0, 0, 1)
    // Two peers on one port each would be the same to each other whichever call they belong to.
    let (first, second) = (try RTCEngine(options: options), try RTCEngine())
    var configuration = PeerConnection.Configuration.loopback
    configuration.certificate = certificate
    var calls = [try await Call(first, second, configuration: configuration)]
    let (heap, resident) = (heap_byte_count(), residentByteCount())
    for _ in 0..<count { calls.append(try await Call(first, second, configuration: configuration)) }
    let peers = Double(2 * count)
    let kind = certificate == nil ? "certificate of its own" : "one certificate"
    let result = [
      Measurement(
        "connected peer, \(kind), heap", (Double(heap_byte_count()) - Double(heap)) / peers, "B"),
      Measurement(
        "connected peer, \(kind), resident",
        (Double(residentByteCount()) - Double(resident)) / peers, "B"),
    ]
    for call in calls { await call.close() }
    return result
  }

  /// Calls that come and go, some at a time: what is left of them after the first, which fill the allocator's stores.
  static func churn(calls count: Int) async throws -> [Measurement] {
    let (first, second) = (try RTCEngine(), try RTCEngine())
    func rounds(_ count: Int) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for started in 0..<count {
          if started >= 16 { try await group.next() }
          group.addTask { try await Call(first, second).close() }
        }
        try await group.waitForAll()
      }
      try await Task.sleep(for: .milliseconds(500))
    }
    try await rounds(1000)
    let (heap, resident) = (heap_byte_count(), residentByteCount())
    let (descriptors, before) = (descriptorCount(), Usage.now())
    try await rounds(count)
    let after = Usage.now()
    func growth(_ now: Int, _ then: Int) -> Double { (Double(now) / Double(then) - 1) * 100 }
    let calls = Double(count)
    return [
      Measurement("opened and closed", calls, "calls"),
      Measurement(
        "an opening and closing", (after.processor - before.processor) / calls * 1000, "CPU-ms"),
      Measurement("descriptors left", Double(descriptorCount() - descriptors), ""),
      Measurement("heap before", Double(heap), "B"),
      Measurement("heap's growth", growth(Int(heap_byte_count()), Int(heap)), "%"),
      Measurement("resident memory's growth", growth(residentByteCount(), resident), "%"),
    ]
  }
}
