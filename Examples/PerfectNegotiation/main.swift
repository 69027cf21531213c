import WebRTC

/// The W3C's pattern for two sides that may both begin at any moment (WebRTC §10.7): one of them is polite, and gives way
/// when two offers meet. Everything else is the same code on both sides.
actor Negotiator {
  nonisolated let connection: PeerConnection
  /// What the other side sends.
  nonisolated let tracks: AsyncStream<RTPTransceiver>
  private let trackFeed: AsyncStream<RTPTransceiver>.Continuation
  private let isPolite: Bool
  private let outgoing: AsyncStream<Signal>.Continuation

  /// What travels between the two sides.
  enum Signal: Sendable {
    case description(SessionDescriptionText)
    case candidate(CandidateInit?)
  }

  private enum Input: Sendable {
    case event(PeerConnection.Event)
    case signal(Signal)
  }

  private var ignoresOffer = false

  init(isPolite: Bool, outgoing: AsyncStream<Signal>.Continuation) async throws {
    self.isPolite = isPolite
    self.outgoing = outgoing
    (tracks, trackFeed) = AsyncStream.makeStream()
    connection = try await PeerConnection()
  }

  /// Acts on our own events and on the other side's signals, one after the other.
  func run(_ signals: AsyncStream<Signal>) async throws {
    let (inputs, feed) = AsyncStream<Input>.makeStream()
    let events = connection.events
    Task {
      for await event in events { feed.yield(.event(event)) }
      feed.finish()
    }
    Task { for await signal in signals { feed.yield(.signal(signal)) } }
    for await input in inputs {
      switch input {
      case .event(let event): try await handle(event)
      case .signal(.description(let description)): try await take(description)
      case .signal(.candidate(let candidate)): try await take(candidate)
      }
    }
  }

  private func handle(_ event: PeerConnection.Event) async throws {
    switch event {
    case .negotiationNeeded:
      if await connection.signalingState == .stable { try await describe() }
    case .iceCandidate(let candidate): outgoing.yield(.candidate(candidate))
    case .track(let transceiver): trackFeed.yield(transceiver)
    default: break
    }
  }

  private func take(_ description: SessionDescriptionText) async throws {
    let isStable = await connection.signalingState == .stable
    ignoresOffer = description.kind == .offer && !isStable && !isPolite
    if ignoresOffer { return }
    // An offer that meets ours takes ours back by itself.
    try await connection.setRemoteDescription(description)
    if description.kind == .offer { try await describe() }
  }

  private func take(_ candidate: CandidateInit?) async throws {
    do {
      try await connection.addICECandidate(candidate)
    } catch {
      // A candidate of the offer that we ignore is of no use.
      if !ignoresOffer { throw error }
    }
  }

  /// Without an argument, `setLocalDescription` makes whatever fits the state: an offer or the answer.
  private func describe() async throws {
    if let made = try await connection.setLocalDescription() { outgoing.yield(.description(made)) }
  }
}

/// Returns the first thing a stream has.
func first<Element>(of stream: AsyncStream<Element>) async -> Element? {
  for await element in stream { return element }
  return nil
}

func demonstrate() async throws {
  let (toImpolite, politeOut) = AsyncStream<Negotiator.Signal>.makeStream()
  let (toPolite, impoliteOut) = AsyncStream<Negotiator.Signal>.makeStream()
  let polite = try await Negotiator(isPolite: true, outgoing: politeOut)
  let impolite = try await Negotiator(isPolite: false, outgoing: impoliteOut)
  let politeTask = Task { try await polite.run(toPolite) }
  let impoliteTask = Task { try await impolite.run(toImpolite) }

  // Both begin at once: the offers meet.
  let one = try await polite.connection.createDataChannel("from the polite side")
  let other = try await impolite.connection.createDataChannel("from the impolite side")
  try await one.opened()
  try await other.opened()
  print("both channels are open after a collision")

  // And again, with media on both sides.
  _ = try await polite.connection.addTrack(.video, OutgoingTrack(id: "a"))
  _ = try await impolite.connection.addTrack(.audio, OutgoingTrack(id: "b"))
  _ = await first(of: polite.tracks)
  _ = await first(of: impolite.tracks)
  print("both tracks are agreed on after another")

  await polite.connection.close()
  await impolite.connection.close()
  // What was still under way finds the connections closed.
  for result in [await politeTask.result, await impoliteTask.result] {
    if case .failure(let error) = result, error as? RTCError != .closed { throw error }
  }
}

try await demonstrate()
