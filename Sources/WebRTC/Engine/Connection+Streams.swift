import ICE
import Net
import Peer
import Session
import TURN
import Wire

extension Connection {
  /// Connections that a peer may have opened to us, or candidates of it made us open.
  private static let streamLimit = 32

  /// Sends on the TCP or TLS connection of the path; the first datagram opens it.
  func sendOnStream(_ datagram: [UInt8], by path: Path) {
    if let stream = streams[path] ?? open(path) { stream.send(datagram.span) }
  }

  private func open(_ path: Path) -> PeerStream? {
    guard streams.count < Self.streamLimit, !brokenPaths.contains(path) else { return nil }
    do {
      // A server may have sent us on to an address that the configuration does not know.
      let server = session.turnServer(on: path)
      let connection = try connect(path, host: server.flatMap { ICEServerURL($0.url)?.host })
      let stream = PeerStream(
        path: path, connection: connection,
        framing: server == nil ? .peer(StreamFraming()) : .server(STUNStreamFraming()))
      adopt(stream)
      return stream
    } catch {
      brokenPaths.insert(path)
      return nil
    }
  }

  private func connect(_ path: Path, host: String?) throws -> any StreamConnection {
    // An active candidate has port 9 (RFC 6544 §4.5): the system chooses the real one.
    let local =
      path.local.ip.isUnspecified ? nil : TransportAddress(ip: path.local.ip, port: 0)
    guard path.transport == .tls else { return try TCPConnection(to: path.remote, from: local) }
    let context = try TLSContext(trusting: configuration.turnTrust.netTrust)
    return try TLSConnection(
      to: path.remote, host: host ?? path.remote.ip.description, context: context, from: local)
  }

  /// Has the loop report on a stream from now on.
  func adopt(_ stream: PeerStream) {
    streams[stream.path] = stream
    let descriptor = ObjectIdentifier(stream.connection.descriptor)
    hub.assumeIsolated { [key] in $0.owners[descriptor] = key }
    do {
      try stream.connection.attach(to: hub)
    } catch {
      brokenPaths.insert(stream.path)
    }
  }

  /// Takes over a connection that the other side opened, with the check that told so.
  func adopt(_ stranger: Hub.Stranger, first: [UInt8], at now: Instant, into outbox: Outbox) {
    let connection = stranger.connection
    let path = Path(
      transport: .tcp, local: connection.localAddress, remote: connection.remoteAddress)
    guard streams.count < Self.streamLimit, streams[path] == nil else {
      return connection.close()
    }
    let stream = PeerStream(
      path: path, connection: connection, framing: .peer(stranger.framing))
    streams[path] = stream
    let descriptor = ObjectIdentifier(connection.descriptor)
    hub.assumeIsolated { [key] in $0.owners[descriptor] = key }
    for datagram in [first] + stream.takeWaiting() {
      receive(datagram, on: path, at: now, into: outbox)
    }
  }

  private func receive(_ bytes: [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    var datagram = bytes
    var span = datagram.mutableSpan
    session.receive(&span, on: path, at: now, into: outbox)
  }

  func handle(_ readiness: Readiness, of stream: PeerStream, at now: Instant, into outbox: Outbox) {
    let isSound = stream.take(readiness) { bytes in
      receive(bytes, on: stream.path, at: now, into: outbox)
    }
    // A peer that sends no more will not answer checks either.
    let isUsable = isSound && [.connecting, .open].contains(stream.connection.phase)
    if !isUsable { drop(stream, at: now, into: outbox) }
  }

  private func drop(_ stream: PeerStream, at now: Instant, into outbox: Outbox) {
    release(stream)
    streams[stream.path] = nil
    session.pathFailed(stream.path, at: now, into: outbox)
  }

  private func release(_ stream: PeerStream) {
    let descriptor = ObjectIdentifier(stream.connection.descriptor)
    hub.assumeIsolated { $0.owners[descriptor] = nil }
    stream.connection.close()
  }

  /// Paths whose connection could not even be begun are given up.
  func reportBrokenPaths(at now: Instant, into outbox: Outbox) {
    for path in brokenPaths { session.pathFailed(path, at: now, into: outbox) }
    brokenPaths.removeAll()
  }

  /// What was said last may still be on its way out.
  func releaseStreams() {
    for stream in streams.values {
      stream.connection.finish()
      release(stream)
    }
    streams.removeAll()
  }
}
