import Session
import WebRTC

/// Two connections in this process, over sockets on loopback, and a channel between them.
struct Call {
  let caller: PeerConnection
  let callee: PeerConnection
  /// The caller's end of the channel, and the callee's.
  let near: DataChannel
  let far: DataChannel

  /// Connects two peers, each on the engine it is given.
  init(
    _ first: RTCEngine, _ second: RTCEngine, configuration: PeerConnection.Configuration = .loopback
  ) async throws {
    let caller = try await PeerConnection(configuration: configuration, engine: first)
    let callee = try await PeerConnection(configuration: configuration, engine: second)
    self.caller = caller
    self.callee = callee
    near = try await caller.createDataChannel("benchmark")
    let offer = try await caller.described()
    try await callee.setRemoteDescription(offer)
    try await caller.setRemoteDescription(try await callee.described())
    try await near.opened()
    far = try await callee.firstChannel()
  }

  func close() async {
    await caller.close()
    await callee.close()
  }
}

extension PeerConnection {
  /// Our description with all candidates.
  fileprivate func described() async throws -> SessionDescriptionText {
    try await setLocalDescription()
    return try await gatheredLocalDescription()
  }

  /// The first channel that the other side makes.
  fileprivate func firstChannel() async throws -> DataChannel {
    for await event in events {
      if case .dataChannel(let channel) = event { return channel }
    }
    throw RTCError.closed
  }
}

extension PeerConnection.Configuration {
  /// Nothing leaves the machine, and nothing but one socket of IPv4 is needed.
  static var loopback: Self {
    var configuration = Self()
    configuration.interfaces = ["lo"]
    configuration.usesLoopback = true
    configuration.usesTCP = false
    return configuration
  }
}
