import ICE
import Net
import TURN
import Wire

/// One TCP or TLS connection of a connection's, and how datagrams are told apart on it.
final class PeerStream {
  /// RFC 4571 between peers; STUN's own lengths towards a TURN server (RFC 8489 §6.2.2).
  enum Framing {
    case peer(StreamFraming)
    case server(STUNStreamFraming)
  }

  let path: Path
  let connection: any StreamConnection
  private var framing: Framing

  init(path: Path, connection: any StreamConnection, framing: Framing) {
    self.path = path
    self.connection = connection
    self.framing = framing
  }

  /// Sends one datagram; one that finds no room is lost, as it would be over UDP.
  func send(_ datagram: Span<UInt8>) {
    switch framing {
    case .server:
      _ = connection.write(datagram)
    case .peer:
      let framed = [UInt8](capacity: datagram.count + 2) { $0.append(framed: datagram) }
      _ = connection.write(framed.span)
    }
  }

  /// Reads what has come; false where it is no frames.
  func take(_ readiness: Readiness, _ receive: ([UInt8]) -> Void) -> Bool {
    var isSound = true
    var arrived: [[UInt8]] = []
    connection.handle(readiness) { bytes in
      guard isSound else { return }
      isSound = split(bytes, &arrived)
    }
    for datagram in arrived { receive(datagram) }
    return isSound
  }

  /// What came with the bytes before and was not looked at.
  func takeWaiting() -> [[UInt8]] {
    var waiting: [[UInt8]] = []
    _ = split([UInt8]().span, &waiting)
    return waiting
  }

  private func split(_ bytes: Span<UInt8>, _ arrived: inout [[UInt8]]) -> Bool {
    switch framing {
    case .server(var splitter):
      defer { framing = .server(splitter) }
      guard let datagrams = try? splitter.receive(bytes) else { return false }
      arrived += datagrams
      return true
    case .peer(var splitter):
      defer { framing = .peer(splitter) }
      splitter.append(bytes)
      while let datagram = splitter.next() { arrived.append(datagram) }
      return true
    }
  }
}
