import HTTPMessages
import Net
import Signaling
import WebRTC
import Wire

/// Tries one way to a server by a connection that may go no other, as a call's would.
struct WayTest {
  /// How it went.
  struct Result: Equatable {
    enum State: Equatable {
      /// In so many milliseconds; the address of the server's that was reached.
      case open(milliseconds: Int, address: String?)
      case closed
      /// The server does not offer it.
      case absent
      /// The relay gave us an address, but nothing reaches the server's media from there.
      case stranded
      /// It is there but says no, in words.
      case refused(String)
    }

    var way: DoctorWay
    var state: State
    /// Where the server says it is.
    var hosts: [String] = []
    var ports: [UInt16] = []

    var isOpen: Bool { if case .open = state { true } else { false } }

    /// Over what it was open; nil where that is not known, as with a relay.
    var family: IPAddress.Family? {
      guard case .open(_, let address?) = state, !way.isRelayed else { return nil }
      return IPAddress(address)?.family
    }
  }

  /// The server's `/sdp`.
  var target: HTTPTarget
  /// Where its web server was found.
  var address: TransportAddress
  var trust: TLSContext.Trust
  var iceServers: [ICEServerDescription]
  /// How long a way may take.
  var patience = Wire.Duration.seconds(8)

  /// Tries a way, over one family of addresses or whichever is open; `measure` is called with a connection that stands.
  func run(
    _ way: DoctorWay, over family: IPAddress.Family? = nil,
    measure: (PeerConnection) async -> Void = { _ in }
  ) async -> Result {
    let relays = way.relays(among: iceServers)
    if way.isRelayed, relays.isEmpty { return Result(way: way, state: .absent) }
    do throws(RTCError) {
      let connection = try await PeerConnection(configuration: configuration(way, relays, family))
      let overheard = Task { await Overheard(connection.events) }
      var result = await connect(way, family, connection, measure)
      await connection.close()
      if way.isRelayed {
        result.ports = Set(relays.flatMap(\.urls).map(DoctorWay.port)).sorted()
        result.hosts = []
      }
      let heard = await overheard.value
      if result.state == .closed, heard.hasRelay {
        result.state = .stranded
      } else if result.state == .closed, let complaint = heard.complaint {
        result.state = .refused(complaint)
      }
      return result
    } catch {
      return Result(way: way, state: .refused("\(error)"))
    }
  }

  private func configuration(
    _ way: DoctorWay, _ relays: [ICEServerDescription], _ family: IPAddress.Family?
  ) -> PeerConnection.Configuration {
    var configuration = PeerConnection.Configuration(
      iceServers: relays.map {
        ICEServer(urls: $0.urls, username: $0.username, credential: $0.credential)
      })
    if way.isRelayed { configuration.iceTransportPolicy = .relay }
    configuration.usesTCP = way == .tcp
    configuration.addressFamilies = family.map { [$0] }
    configuration.usesLoopback = address.ip.isLoopback
    configuration.resolvesLocalNames = false
    configuration.turnTrust =
      switch trust {
      case .authorities(let pem): .authorities(pem: pem)
      case .pinned(let digest): .pinned(sha256: digest)
      case .system, .authorityFile, .anybody: .system
      }
    return configuration
  }

  private func connect(
    _ way: DoctorWay, _ family: IPAddress.Family?, _ connection: PeerConnection,
    _ measure: (PeerConnection) async -> Void
  ) async -> Result {
    var result = Result(way: way, state: .closed)
    do throws(RTCError) {
      let channel = try await connection.createDataChannel("doctor")
      let begun = MonotonicClock.now()
      guard let offer = try await connection.setLocalDescription() else { return result }
      // The server is to hear of no other way to us.
      let text = DoctorCandidates(offer.sdp, of: nil).sdp
      let answer: DoctorCandidates
      switch await exchange(text) {
      case .success(let sdp):
        // What the relay reaches is its own affair.
        answer = DoctorCandidates(
          sdp, of: way == .tcp ? "tcp" : "udp", in: way.isRelayed ? nil : family)
      case .failure(let refusal):
        result.state = .refused(refusal.words)
        return result
      }
      result.hosts = answer.addresses.map(\.ip)
      result.ports = Set(answer.addresses.map(\.port)).sorted()
      guard !answer.addresses.isEmpty else {
        result.state = .absent
        return result
      }
      try await connection.setRemoteDescription(
        SessionDescriptionText(kind: .answer, sdp: answer.sdp))
      try await within(patience, of: connection) { () async throws(RTCError) in
        try await channel.opened()
      }
      let took = MonotonicClock.now() - begun
      result.state = .open(
        milliseconds: Int(clamping: took.milliseconds), address: await reached(connection))
      await measure(connection)
    } catch {}
    return result
  }

  /// Ends a connection on which something takes too long.
  private func within(
    _ patience: Wire.Duration, of connection: PeerConnection,
    _ body: () async throws(RTCError) -> Void
  ) async throws(RTCError) {
    let timer = Task {
      try await Task.sleep(nanoseconds: UInt64(clamping: patience.nanoseconds))
      await connection.close()
    }
    defer { timer.cancel() }
    try await body()
  }

  private struct Refusal: Error {
    var words: String
  }

  private func exchange(_ offer: String) async -> Swift.Result<String, Refusal> {
    let request = HTTPClient.Request(
      target: target, method: "POST", body: ("application/sdp", offer), trust: trust)
    switch await HTTPClient.send(request, to: address) {
    case .answered(let answer, _):
      let text = String(decoding: answer.body, as: UTF8.self)
      return answer.status == 200
        ? .success(text) : .failure(Refusal(words: "/sdp answers with \(answer.status)"))
    case .unreachable(let obstacle): return .failure(Refusal(words: "\(obstacle)"))
    case .distrusted(_, let words), .silent(let words): return .failure(Refusal(words: words))
    }
  }

  /// Where the pair in use leads.
  private func reached(_ connection: PeerConnection) async -> String? {
    let statistics = await connection.getStats()
    for entry in statistics.entries(of: .transport) {
      guard case .transport(let transport) = entry.content,
        let pairName = transport.selectedCandidatePairId,
        case .candidatePair(let pair)? = statistics[pairName]?.content,
        case .remoteCandidate(let candidate)? = statistics[pair.remoteCandidateId]?.content
      else { continue }
      return candidate.address
    }
    return nil
  }
}

/// What a connection tells while it is tried, until it is closed.
private struct Overheard {
  /// Whether a relay gave an address.
  var hasRelay = false
  /// What a relay said that is more than silence (701, W3C WebRTC §4.8.2).
  var complaint: String?

  init(_ events: AsyncStream<PeerConnection.Event>) async {
    for await event in events {
      switch event {
      case .iceCandidateError(_, let code, let reason) where code != 701:
        complaint = "\(code) \(reason)"
      case .iceCandidate(let candidate?) where candidate.candidate.contains(" typ relay"):
        hasRelay = true
      default: break
      }
    }
  }
}
