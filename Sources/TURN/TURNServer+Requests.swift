import STUN
public import Wire

extension TURNServer {
  /// Takes a datagram of a client, or one whole message of its stream.
  public func receive(
    _ datagram: Span<UInt8>, on path: Path, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) {
    if ChannelData.isChannelData(datagram) {
      return relayChannelData(datagram, of: path, now, outbox)
    }
    guard let message = try? STUNMessage(parsing: datagram), message.fingerprintCheck != .invalid
    else {
      statistics.malformedDatagrams &+= 1
      return
    }
    switch message.messageClass {
    case .request: receiveRequest(message, on: path, now, outbox, &events)
    case .indication where message.method == .send:
      relaySend(message, of: path, now, outbox, &events)
    // Binding indications keep bindings of translators alive, nothing else.
    case .indication where message.method == .binding: break
    case .indication, .success, .error: statistics.malformedDatagrams &+= 1
    }
  }

  private func receiveRequest(
    _ message: borrowing STUNMessage, on path: Path, _ now: Instant, _ outbox: Outbox,
    _ events: inout [Event]
  ) {
    let request = Request(message, on: path)
    if request.method == .binding { return answerBinding(message, request, now, outbox) }
    guard
      Self.methods.contains(request.method)
        || configuration.relaysTCP && Self.connectionMethods.contains(request.method)
    else {
      statistics.malformedDatagrams &+= 1
      return
    }
    guard let identity = authenticate(message, request, now, outbox) else { return }
    let unknown = message.unknownRequiredAttributes(isKnown: isKnown)
    guard unknown.isEmpty else {
      return refuse(request, .unknownAttribute, identity.key, unknown, outbox)
    }
    do throws(Refusal) {
      switch request.method {
      case .allocate: try allocate(message, request, identity, now, outbox, &events)
      case .refresh: try refresh(message, request, identity, now, outbox, &events)
      case .createPermission: try createPermission(message, request, identity, now, outbox)
      case .channelBind: try bindChannel(message, request, identity, now, outbox)
      case .connect: try connect(message, request, identity, now, &events)
      default: try bindConnection(message, request, identity, now, outbox, &events)
      }
    } catch {
      refuse(request, error.code, identity.key, [], outbox)
    }
  }

  /// A request that is not carried out.
  struct Refusal: Error {
    let code: STUNErrorCode

    init(_ code: STUNErrorCode) { self.code = code }
    /// An attribute that cannot be read.
    init(_: STUNError) { code = .badRequest }
  }

  private static let methods: [STUNMethod] = [
    .allocate, .refresh, .createPermission, .channelBind,
  ]
  private static let connectionMethods: [STUNMethod] = [.connect, .connectionBind]

  /// Tells anybody the own address, not too often over UDP: an answer goes to where the request says it is
  /// from, and is longer than that by the address alone (RFC 8489 §16).
  private func answerBinding(
    _ message: borrowing STUNMessage, _ request: Request, _ now: Instant, _ outbox: Outbox
  ) {
    guard configuration.answersBinding else {
      statistics.malformedDatagrams &+= 1
      return
    }
    guard request.path.transport != .udp || bindingLimiter.admit(request.path.remote.ip, at: now)
    else {
      statistics.unansweredBindings &+= 1
      return
    }
    statistics.bindings &+= 1
    let unknown = message.unknownRequiredAttributes(isKnown: isKnown)
    guard unknown.isEmpty else { return refuse(request, .unknownAttribute, nil, unknown, outbox) }
    accept(request, nil, outbox) { output in
      output.appendSTUN(.xorMappedAddress, xor: request.path.remote, request.id)
    }
  }
}
