import Cryptography
import Wire

extension DTLSEngine {
  private var phase: RecordGate.Phase {
    switch state {
    case .idle, .ended: .plaintext
    case .handshaking: session?.hasPeerChangedCipher == true ? .encrypted : .plaintext
    case .unverified: .unverified
    case .connected: .established
    }
  }

  func receive(
    _ record: borrowing DTLSRecord, on path: Path, _ session: OpenSSLSession, at now: Instant,
    events: inout [Event]
  ) {
    switch gate.verdict(on: record, in: phase) {
    case .drop: return
    case .hold: gate.hold(record)
    case .plaintextAlert(let description):
      guard state != .idle else { return }
      let until = now + Self.alertGrace
      doubt = doubt ?? (.alertReceived(description), until, session.step)
    case .deliver:
      self.path = path
      if state == .idle { state = .handshaking(until: now + Self.handshakeTimeout) }
      let phaseBefore = phase
      if record.epoch == 0 {
        deliver(gate.renumber(record).span, session, at: now, events: &events)
      } else {
        deliver(record.bytes, session, at: now, events: &events)
      }
      if phase != phaseBefore { deliverHeld(session, at: now, events: &events) }
    }
  }

  /// Looks again at what came too early, now that the handshake is further.
  func deliverHeld(_ session: OpenSSLSession, at now: Instant, events: inout [Event]) {
    for bytes in gate.takeHeld() where state != .ended {
      var reader = ByteReader(bytes.span)
      guard let record = DTLSRecord(parsing: &reader) else { continue }
      switch gate.verdict(on: record, in: phase) {
      case .hold: gate.hold(record)
      case .deliver: deliver(record.bytes, session, at: now, events: &events)
      case .drop, .plaintextAlert: continue
      }
    }
  }

  private func deliver(
    _ record: Span<UInt8>, _ session: OpenSSLSession, at now: Instant, events: inout [Event]
  ) {
    switch state {
    case .idle, .ended: return
    case .handshaking:
      let progress = context.port.offering(record) { session.continueHandshake() }
      handle(progress, session, at: now, events: &events)
    case .unverified, .connected:
      guard session.acquireBuffers() else { return }
      read(record, session, events: &events)
    }
  }

  private func read(
    _ record: Span<UInt8>, _ session: OpenSSLSession, events: inout [Event]
  ) {
    switch context.port.offering(record, { session.read(capacity: record.count) }) {
    case .nothing: return
    case .data(let data):
      // Whoever sends application data has our last flight.
      repeater.stop()
      if state == .connected { events.append(.applicationData(data)) }
    case .closed:
      session.shutDown()
      end()
      events.append(.closed)
    case .failed(let error): fail(error, events: &events)
    }
  }

  // MARK: Handshake

  /// Draws the consequences of a step of the handshake.
  func handle(
    _ progress: OpenSSLSession.Progress, _ session: OpenSSLSession, at now: Instant,
    events: inout [Event]
  ) {
    switch progress {
    case .waiting: return
    case .failed(let error): fail(error, events: &events)
    case .finished:
      guard case .handshaking(let end) = state else { return }
      doubt = nil
      state = .unverified(until: end)
      if role == .client { repeater.stop() }
      if session.expectedFingerprints != nil { verify(session, events: &events) }
    }
  }

  /// Lets the keys out if the other side is who it should be.
  func verify(_ session: OpenSSLSession, events: inout [Event]) {
    guard session.isPeerVerified else { return fail(.fingerprintMismatch, events: &events) }
    do throws(DTLSError) {
      let keys = try session.exportSRTPKeys(as: role)
      session.forgetPeerCertificate()
      state = .connected
      events.append(.connected(keys))
    } catch {
      fail(error, events: &events)
    }
  }

  func fail(_ error: DTLSError, events: inout [Event]) {
    guard state != .ended else { return }
    end()
    events.append(.failed(error))
  }

  func end() {
    state = .ended
    session = nil
    doubt = nil
    deadline = nil
    repeater.stop()
    _ = gate.takeHeld()
  }

  // MARK: Sending

  /// Runs `body`, then sends what OpenSSL wrote during it.
  func perform(at now: Instant, into outbox: Outbox, _ body: (OpenSSLSession) -> Void) {
    guard let session else { return }
    let step = session.step
    context.port.removeAll()
    context.port.maximumDatagramSize = maximumDatagramSize
    body(session)
    let isNewFlight = session.step != step
    if isNewFlight { doubt = nil }
    repeatLater(isNew: isNewFlight, at: now)
    flush(into: outbox)
    if state == .connected { releaseBuffers(of: session, at: now) }
    updateDeadline(at: now)
  }

  /// Gives the record buffers back; where records come one after the other, only when there is a pause.
  private func releaseBuffers(of session: OpenSSLSession, at now: Instant) {
    defer { lastRecordAt = now }
    if let lastRecordAt, now < lastRecordAt + Self.bufferPause {
      buffersUntil = now + Self.bufferPause
    } else {
      buffersUntil = nil
      session.releaseBuffers()
    }
  }

  /// Has a flight of the handshake repeated until it is answered.
  private func repeatLater(isNew: Bool, at now: Instant) {
    let type = context.port.outgoing.first
    guard state != .ended,
      type == ContentType.handshake.rawValue || type == ContentType.changeCipherSpec.rawValue
    else { return }
    let flight = context.port.datagrams
    switch state {
    case .handshaking where isNew: repeater.start(flight, isFinal: false, at: now)
    case .handshaking: repeater.replace(flight, at: now)
    default: repeater.start(flight, isFinal: true, at: now)
    }
  }

  /// Moves what OpenSSL wrote to `outbox`.
  func flush(into outbox: Outbox) {
    context.port.forEachDatagram { transmit($0, into: outbox) }
    context.port.removeAll()
  }

  func transmit(_ datagram: Span<UInt8>, into outbox: Outbox) {
    if let path { outbox.append(datagram, on: path) }
  }
}
