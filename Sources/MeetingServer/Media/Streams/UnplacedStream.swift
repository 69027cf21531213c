import HTTPServer
import Wire

/// What becomes of a connection whose ends have no address.
final class UnplacedStream: StreamReceiver {
  func received(_ bytes: [UInt8], on stream: ByteStream) { stream.close() }
  func ended(_ stream: ByteStream) {}
}

extension TransportAddress {
  init?(_ endpoint: ByteStream.Endpoint) {
    guard let ip = IPAddress(endpoint.address) else { return nil }
    self.init(ip: ip, port: endpoint.port)
  }
}
