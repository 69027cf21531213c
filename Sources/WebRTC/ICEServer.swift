/// A server that helps to find a path (W3C WebRTC §4.2.2).
public struct ICEServer: Sendable, Hashable {
  /// `stun:host:port`, `turn:host:port?transport=udp|tcp` or `turns:host:port` (RFC 7064, RFC 7065).
  public var urls: [String]
  /// For TURN.
  public var username: String?
  /// For TURN.
  public var credential: String?

  /// A server under one or more addresses.
  public init(urls: [String], username: String? = nil, credential: String? = nil) {
    self.urls = urls
    self.username = username
    self.credential = credential
  }

  /// A server under one address.
  public init(_ url: String, username: String? = nil, credential: String? = nil) {
    self.init(urls: [url], username: username, credential: credential)
  }
}
