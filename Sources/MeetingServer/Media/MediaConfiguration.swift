public import Wire

/// Where media is received, and how the world reaches it.
public struct MediaConfiguration: Sendable {
  /// The address to bind to; nil for all interfaces.
  public var host: IPAddress?
  /// The UDP port that all workers share. 0 takes a free one.
  public var port: UInt16
  /// What clients are told to send to besides the addresses of this machine, or instead of them where `host`
  /// is set. Port 0 stands for the workers' own.
  public var advertised: [TransportAddress]
  /// How many workers, at most 4096, each with its thread and socket; rooms are spread over them.
  public var workerCount: Int
  /// The most that a packet waits for others to the same viewers, so that they leave as one run.
  public var burstDelay: Duration

  /// From its first check until a connection must have proven to be a peer's.
  public var timeToProveStream: Duration = .seconds(10)
  /// How long a connection may be without a whole datagram.
  public var streamIdleTime: Duration = .seconds(30)

  /// Who may measure what their way carries, over all workers.
  var measurements = MeasurementPlaces()

  /// What pictures may be sent in, the preferred codec first.
  public var videoCodecs: [MediaVideoCodec]

  /// One worker on all interfaces.
  public init(
    host: IPAddress? = nil, port: UInt16 = 7880, advertised: [TransportAddress] = [],
    workerCount: Int = 1, burstDelay: Duration = .milliseconds(1),
    videoCodecs: [MediaVideoCodec] = MediaVideoCodec.allCases
  ) {
    self.host = host
    self.port = port
    self.advertised = advertised
    self.workerCount = workerCount
    self.burstDelay = burstDelay
    self.videoCodecs = videoCodecs
  }
}
