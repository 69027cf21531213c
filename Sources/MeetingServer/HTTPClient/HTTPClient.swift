import HTTPMessages
import Net
import Wire

/// One request over HTTP or HTTPS and its response, on an event loop of its own: a few a month are no
/// reason for a library of its own.
actor HTTPClient: EventLoopHandler {
  /// What is asked, of whom.
  struct Request: Sendable {
    var target: HTTPTarget
    var method = "GET"
    var body: (type: String, text: String)?
    var fields: [(name: String, value: String)] = [("Connection", "close")]
    var trust = TLSContext.Trust.system
    /// How long all of it may take.
    var patience = Duration.seconds(30)
  }

  /// How it went.
  enum Outcome: Sendable {
    /// A response, and what the server showed of itself; nil over plain HTTP.
    case answered(HTTPAnswer, ShownCertificate?)
    /// No connection, and why.
    case unreachable(Obstacle)
    /// A connection, but a certificate that is not to be trusted, and OpenSSL's words.
    case distrusted(CertificateFault, String)
    /// A connection, but no response; in words.
    case silent(String)
  }

  /// A certificate that a server showed.
  struct ShownCertificate: Sendable, Equatable {
    /// When it expires, in seconds since 1970.
    var expiry: Int64?
    /// The SHA-256 of its DER bytes.
    var sha256: [UInt8]

    fileprivate init?(_ connection: any StreamConnection) {
      guard let secured = connection as? TLSConnection, let digest = secured.certificateDigest
      else { return nil }
      expiry = secured.certificateExpiry
      sha256 = digest
    }
  }

  /// Why there is no connection.
  enum Obstacle: Sendable, Equatable {
    case refused(SystemError)
    case timedOut(Duration)
  }

  nonisolated let loop: EventLoop
  private let connection: any StreamConnection
  private let request: Request
  private let deadline: Instant
  private var received: [UInt8] = []
  private var outcome: Outcome?
  private var waiting: CheckedContinuation<Outcome, Never>?

  private init(on loop: EventLoop, to address: TransportAddress, _ request: Request) throws {
    self.loop = loop
    self.request = request
    deadline = MonotonicClock.now() + request.patience
    let target = request.target
    let made: any StreamConnection =
      target.isSecure
      ? try TLSConnection(
        to: address, host: target.host, context: TLSContext(trusting: request.trust))
      : try TCPConnection(to: address)
    let bytes = target.request(
      request.method, body: request.body, agent: "jumpa/\(ServerVersion.text)",
      fields: request.fields)
    if !made.write(bytes.span) { outcome = .silent("the request is too long") }
    connection = made
    loop.add(self)
    try made.attach(to: self)
  }

  /// Sends a request to the server at an address.
  static func send(_ request: Request, to address: TransportAddress) async -> Outcome {
    do {
      let loop = try EventLoop(name: "https")
      defer { loop.stop() }
      return await (try HTTPClient(on: loop, to: address, request)).end()
    } catch let error as SystemError {
      return .unreachable(.refused(error))
    } catch StreamError.system(let error) {
      return .unreachable(.refused(error))
    } catch {
      return .silent("\(error)")
    }
  }

  private func end() async -> Outcome {
    let outcome =
      if let outcome { outcome } else { await withCheckedContinuation { waiting = $0 } }
    connection.close()
    return outcome
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    connection.handle(readiness) { bytes in
      guard received.count <= HTTPAnswer.byteLimit else { return }
      received.append(addingCapacity: bytes.count) { $0.append(copying: bytes) }
    }
    guard outcome == nil else { return }
    if case .failed(let error) = connection.phase, received.isEmpty {
      outcome = failure(error)
      return
    }
    do throws(HTTPAnswer.Malformed) {
      let isEnded = connection.phase == .ended || connection.phase.isOver
      let answer = try HTTPAnswer(
        received, isEnded: isEnded, hasBody: request.method != "HEAD")
      outcome = answer.map { .answered($0, ShownCertificate(connection)) }
    } catch {
      outcome = .silent("what it sends is no HTTP")
    }
  }

  private func failure(_ error: StreamError) -> Outcome {
    switch error {
    case .certificateRefused(let words):
      return .distrusted((connection as? TLSConnection)?.certificateFault ?? .other, words)
    case .securityFailed(let words): return .silent(words)
    case .system(let error):
      return isReached ? .silent("\(error)") : .unreachable(.refused(error))
    }
  }

  /// Whether somebody is there, whatever they speak.
  private var isReached: Bool {
    if let secured = connection as? TLSConnection { return secured.isReached }
    return connection.phase == .open || connection.phase == .ended
  }

  func finishTurn(at now: Instant) -> NextTurn {
    if outcome == nil, now >= deadline {
      outcome =
        isReached
        ? .silent("nothing came within \(request.patience.milliseconds / 1000) s")
        : .unreachable(.timedOut(request.patience))
    }
    guard let outcome else { return NextTurn(deadline: deadline) }
    if let waiting {
      self.waiting = nil
      waiting.resume(returning: outcome)
    }
    return NextTurn()
  }
}

extension HTTPClient {
  /// Why there was no response.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  /// Sends a request to where its target's name leads: the addresses are tried one after the other.
  static func send(
    _ request: Request, resolver: NameResolver
  ) async throws(Fault) -> HTTPAnswer {
    let target = request.target
    let addresses: [IPAddress]
    do throws(NameResolver.Failure) {
      addresses = try await resolver.resolve(target.host)
    } catch {
      throw Fault(description: "\(target.host) is not found in DNS (\(error))")
    }
    var last = "\(target.host) has no address"
    for ip in addresses.prefix(4) {
      switch await send(request, to: TransportAddress(ip: ip, port: target.port)) {
      case .answered(let answer, _): return answer
      case .unreachable(let obstacle): last = "\(obstacle)"
      case .distrusted(_, let words): last = "certificate refused: \(words)"
      case .silent(let words): last = words
      }
    }
    throw Fault(description: "\(target.authority) does not answer: \(last)")
  }
}

extension HTTPClient.Obstacle: CustomStringConvertible {
  var description: String {
    switch self {
    case .refused(let error): error.description
    case .timedOut(let patience): "no answer within \(patience.milliseconds / 1000) s"
    }
  }

  /// Whether it is on this machine: it has no way to addresses of that kind.
  var isOurs: Bool {
    guard case .refused(let error) = self else { return false }
    return error.isNetworkUnreachable || error.isAddressNotAvailable
      || error.isAddressFamilyUnsupported
  }
}
