public import Net

/// What a server listens on and what it allows.
public struct Configuration: Sendable {
  /// Numeric address to listen on; `0.0.0.0` is every IPv4 interface, `::` every interface.
  public var host: String
  /// Port to listen on; 0 lets the system choose.
  public var port: UInt16
  /// Sizes, counts and times.
  public var limits: Limits
  /// Origins allowed to open a WebSocket besides the server's own host, such as `https://meet.example`.
  public var allowedOrigins: [String]
  /// What is shown to clients that speak TLS, which may be replaced at any time; nil for plain HTTP.
  public var certificates: CertificateStore?
  /// Headers every response carries unless it sets them itself.
  public var securityHeaders: SecurityHeaders

  /// A configuration; everything has a default.
  public init(
    host: String = "127.0.0.1", port: UInt16 = 0, limits: Limits = Limits(),
    allowedOrigins: [String] = [], certificates: CertificateStore? = nil,
    securityHeaders: SecurityHeaders = SecurityHeaders()
  ) {
    self.host = host
    self.port = port
    self.limits = limits
    self.allowedOrigins = allowedOrigins
    self.certificates = certificates
    self.securityHeaders = securityHeaders
  }
}

/// Bounds on what clients may cost.
public struct Limits: Sendable {
  /// Bytes of a request line and its header fields.
  public var headBytes = 16 * 1024
  /// Bytes of a request target.
  public var targetBytes = 8 * 1024
  /// Header fields in a request.
  public var fields = 100
  /// Bytes of a request body.
  public var bodyBytes = 256 * 1024
  /// Bytes of a WebSocket message, over all its fragments.
  public var messageBytes = 256 * 1024
  /// Bytes waiting to be sent to one WebSocket client.
  public var sendQueueBytes = 1024 * 1024
  /// Bytes received from one WebSocket client and not yet taken; beyond it the socket is not read.
  public var receiveQueueBytes = 512 * 1024
  /// Connections in all.
  public var connections = 10_000
  /// Connections from one IPv4 address or one IPv6 /64.
  public var connectionsPerAddress = 256
  /// Whether that limit holds for this machine's own connections too, which may be a reverse proxy's.
  public var countsLoopback = false
  /// From the connection, or the first byte of a later request, to the end of its header.
  public var headTimeout = Duration.seconds(10)
  /// From the end of the header to the end of the body.
  public var bodyTimeout = Duration.seconds(10)
  /// Between two requests.
  public var idleTimeout = Duration.seconds(30)
  /// Without any progress in sending a response.
  public var sendTimeout = Duration.seconds(30)
  /// Silence on a WebSocket before the server sends a ping.
  public var pingInterval = Duration.seconds(20)
  /// From that ping to the end, if nothing arrives.
  public var pongTimeout = Duration.seconds(10)
  /// How long a peer may take to answer the end of a connection.
  public var closeTimeout = Duration.seconds(1)
  /// How long `stop` waits for connections to end.
  public var stopTimeout = Duration.milliseconds(600)

  /// The defaults.
  public init() {}
}
