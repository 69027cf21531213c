import Testing

@testable import WebRTC

/// Two connections whose signalling is a loop in this process.
final class Call: Sendable {
  let caller: PeerConnection
  let callee: PeerConnection
  let calleeChannels: AsyncStream<DataChannel>
  let calleeTracks: AsyncStream<RTPTransceiver>

  init(
    caller: PeerConnection.Configuration = .loopback,
    callee: PeerConnection.Configuration = .loopback, engine: RTCEngine? = nil
  ) async throws {
    let first = try await PeerConnection(configuration: caller, engine: engine)
    let second = try await PeerConnection(configuration: callee, engine: engine)
    self.caller = first
    self.callee = second
    let (channels, channelFeed) = AsyncStream<DataChannel>.makeStream()
    let (tracks, trackFeed) = AsyncStream<RTPTransceiver>.makeStream()
    calleeChannels = channels
    calleeTracks = tracks
    Task {
      for await event in first.events {
        if case .iceCandidate(let candidate) = event {
          try? await second.addICECandidate(candidate)
        }
      }
    }
    Task {
      for await event in second.events {
        switch event {
        case .iceCandidate(let candidate): try? await first.addICECandidate(candidate)
        case .dataChannel(let channel): channelFeed.yield(channel)
        case .track(let transceiver): trackFeed.yield(transceiver)
        default: break
        }
      }
      channelFeed.finish()
      trackFeed.finish()
    }
  }

  /// One offer and its answer.
  func negotiate() async throws {
    let offer = try #require(try await caller.setLocalDescription())
    try await callee.setRemoteDescription(offer)
    let answer = try #require(try await callee.setLocalDescription())
    try await caller.setRemoteDescription(answer)
  }

  func close() async {
    await caller.close()
    await callee.close()
  }
}

extension PeerConnection.Configuration {
  /// Nothing leaves the machine.
  static var loopback: Self {
    var configuration = Self()
    configuration.interfaces = ["lo"]
    configuration.usesLoopback = true
    return configuration
  }
}
