import HTTPServer
import Relay
import Wire

/// A TURN client's connection to the web server's port.
final class RelayStream: RelayedStream, StreamReceiver {
  let local: TransportAddress
  let remote: TransportAddress
  var isSecure: Bool { stream.isSecure }
  private let stream: ByteStream
  private let server: RelayServer

  /// A connection just recognised; nil without usable addresses.
  init?(_ stream: ByteStream, to server: RelayServer) {
    guard let local = TransportAddress(stream.local), let remote = TransportAddress(stream.peer)
    else { return nil }
    self.local = local
    self.remote = remote
    self.stream = stream
    self.server = server
    server.opened(self)
  }

  func received(_ bytes: [UInt8], on stream: ByteStream) { server.received(bytes, on: self) }

  func ended(_ stream: ByteStream) { server.ended(self) }

  var queuedByteCount: Int { stream.bufferedByteCount }

  func send(_ bytes: [UInt8]) -> Bool { stream.send(bytes) }

  func setReading(_ reads: Bool) { stream.setReading(reads) }

  func close() { stream.close() }
}

extension RelayServer {
  /// TURN by connections to a web server's port. The relay ends idle ones itself.
  nonisolated var streamService: StreamService {
    StreamService(idleTimeout: nil, recognise: StreamBeginning.request) { [self] stream in
      guard let client = RelayStream(stream, to: self) else { return UnplacedStream() }
      return client
    }
  }
}
