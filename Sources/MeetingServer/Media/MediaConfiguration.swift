public import Wire

/// Where media is received, and how the world reaches it.
public struct MediaConfiguration: Sendable {
  /// The address to bind to; nil for all interfaces.
  public var host: IPAddress?
  /// The UDP port of the first worker; each further one takes the next. 0 takes free ports.
  public var port: UInt16
  /// What clients are told to send to besides the addresses of this machine, or instead of them where `host`
  /// is set. Port 0 stands for the worker's own; another is that of the first worker, and further ones count
  /// up from it.
  public var advertised: [TransportAddress]
  /// How many workers, each with its thread and socket; rooms are spread over them.
  public var workerCount: Int
  /// The most that a packet waits for others to the same viewers, so that they leave as one run.
  public var burstDelay: Duration

  /// One worker on all interfaces.
  public init(
    host: IPAddress? = nil, port: UInt16 = 7880, advertised: [TransportAddress] = [],
    workerCount: Int = 1, burstDelay: Duration = .milliseconds(1)
  ) {
    self.host = host
    self.port = port
    self.advertised = advertised
    self.workerCount = workerCount
    self.burstDelay = burstDelay
  }
}
