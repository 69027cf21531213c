public import Wire

/// A client's byte stream that somebody else reads, such as a connection on the web server's port.
///
/// Its reader tells a `RelayServer` of it by `opened`, `received` and `ended`; the relay answers by `send`.
public protocol RelayedStream: AnyObject, Sendable {
  /// Our end.
  var local: TransportAddress { get }
  /// The client's end.
  var remote: TransportAddress { get }
  /// Whether it is inside TLS.
  var isSecure: Bool { get }
  /// Bytes handed to `send` that have not left yet. Any thread may call it.
  var queuedByteCount: Int { get }
  /// Sends all of `bytes`; false, and nothing taken, where the queue is full or the stream is over. Any thread may call it.
  func send(_ bytes: [UInt8]) -> Bool
  /// Stops or resumes reading, so that the client has to wait; what was read before may still be handed in. Any thread
  /// may call it.
  func setReading(_ reads: Bool)
  /// Ends the stream once what was sent before has left. Any thread may call it.
  func close()
}
