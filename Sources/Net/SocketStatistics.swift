/// What a socket did since it was opened. Counters wrap around.
public struct SocketStatistics: Equatable, Sendable {
  /// Datagrams received.
  public var receivedDatagrams: UInt64 = 0
  /// Bytes in them.
  public var receivedBytes: UInt64 = 0
  /// Datagrams longer than a slot, dropped.
  public var truncatedDatagrams: UInt64 = 0
  /// Calls to receive.
  public var receiveCalls: UInt64 = 0
  /// Calls to receive that failed other than by finding nothing.
  public var receiveErrors: UInt64 = 0
  /// Datagrams the kernel took.
  public var sentDatagrams: UInt64 = 0
  /// Bytes in them.
  public var sentBytes: UInt64 = 0
  /// Messages the kernel took: a run of datagrams handed over as one counts once.
  public var sentMessages: UInt64 = 0
  /// Calls to send.
  public var sendCalls: UInt64 = 0
  /// Datagrams dropped because the kernel had no room, after a short wait.
  public var congestedDatagrams: UInt64 = 0
  /// Datagrams the kernel refused, for instance because there is no route.
  public var refusedDatagrams: UInt64 = 0
  /// Runs the kernel refused as one, sent as single datagrams instead.
  public var splitMessages: UInt64 = 0
  /// Datagrams in an outbox that were not this socket's to send, such as those for a TCP path.
  public var foreignDatagrams: UInt64 = 0

  /// Nothing done.
  public init() {}
}
