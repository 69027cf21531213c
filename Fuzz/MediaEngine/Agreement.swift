import DTLS
import SDP
import Session
import Wire

/// What two sessions agreed on, once for all runs: sound both ways, pictures both ways with layers from Alice.
enum Agreement {
  /// What Bob, who is under attack, has; then with nothing sent, with nothing received, and with pictures stopped.
  static let variants: [[NegotiatedTransceiver]] = {
    let directions: [(Direction, Direction)] = [
      (.sendrecv, .sendrecv), (.sendonly, .recvonly), (.recvonly, .sendonly),
    ]
    return directions.map { agree(alice: $0.0, bob: $0.1) }.map { $0 ?? [] }
      + [Array((agree(alice: .sendrecv, bob: .sendrecv) ?? []).prefix(1))]
  }()

  private static func agree(alice: Direction, bob: Direction) -> [NegotiatedTransceiver]? {
    guard let identity = try? DTLSIdentity.generate(),
      let context = try? DTLSContext(identity: identity)
    else { return nil }
    var configuration = SessionConfiguration()
    configuration.receivesSimulcast = true
    let sessions = (0..<2).map {
      PeerSession(configuration: configuration, context: context, random: .seeded($0))
    }
    let outbox = Outbox()
    do {
      _ = try sessions[0].addTransceiver(
        .audio, direction: alice, track: OutgoingTrack(id: "voice"))
      _ = try sessions[0].addTransceiver(
        .video, direction: alice, track: OutgoingTrack(id: "camera"),
        sendEncodings: [SendEncoding(rid: "q"), SendEncoding(rid: "f")])
      try sessions[0].setLocalDescription(nil, at: .zero, into: outbox)
      guard let offer = sessions[0].localDescription else { return nil }
      try sessions[1].setRemoteDescription(offer, at: .zero, into: outbox)
      for transceiver in sessions[1].transceivers {
        try sessions[1].setDirection(bob, of: transceiver.id)
      }
      try sessions[1].setLocalDescription(nil, at: .zero, into: outbox)
    } catch {
      return nil
    }
    return sessions[1].agreedMedia
  }
}
