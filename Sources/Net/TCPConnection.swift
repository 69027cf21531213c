import CLinux
import Glibc
public import Wire

/// A TCP connection that never waits, for one owner on one thread.
public final class TCPConnection: StreamConnection {
  /// How a connection is set up.
  public struct Options: Sendable {
    /// Bytes that may wait to be sent; `write` refuses more.
    public var maximumQueuedBytes = 1 << 20
    /// Sends small pieces at once (`TCP_NODELAY`): media and handshakes do not wait to be joined.
    public var sendsAtOnce = true
    /// Lets a connection go out from a port on which somebody listens, as simultaneous-open candidates
    /// do (RFC 6544 §4.1).
    public var sharesPort = false

    /// The defaults.
    public init() {}
  }

  /// The most that one `handle` reads, so that others get their turn.
  private static let readLimit = 256 << 10
  private static let scratchSizes = (least: 2 << 10, most: 16 << 10)

  /// What the loop reports readiness of.
  public let descriptor: Descriptor
  /// Our end; port 0 until the system has chosen one.
  public private(set) var localAddress: TransportAddress
  /// The other end.
  public let remoteAddress: TransportAddress
  /// How far the connection is.
  public private(set) var phase: StreamPhase
  /// Bytes taken by `write` that the system has not taken yet.
  public var queuedByteCount: Int { queue.count - sent }
  /// While set, nothing is read, so that the other side has to wait.
  public var isReadingPaused = false {
    didSet { if isReadingPaused != oldValue { updateWatch() } }
  }
  /// Bytes that `write` takes at the moment.
  public var room: Int { max(0, options.maximumQueuedBytes - queuedByteCount) }

  private let options: Options
  private let isIPv6: Bool
  /// What waits to be sent begins at `sent`.
  private var queue: [UInt8] = []
  private var sent = 0
  private var finishes = false
  private var hasEnded = false
  /// What is read at once: little, until more comes at once, for most connections are idle.
  private var scratch: [UInt8] = []
  private weak var handler: (any EventLoopHandler)?
  private var watched: Readiness = []

  /// Begins to connect to `remote`, from `local` where that is given; port 0 takes a free one.
  public init(
    to remote: TransportAddress, from local: TransportAddress? = nil, options: Options = Options()
  ) throws(SystemError) {
    isIPv6 = remote.ip.family == .v6
    self.options = options
    remoteAddress = remote
    let opened = try checked("open a TCP socket", clinux_tcp_socket(isIPv6))
    descriptor = Descriptor(owning: opened)
    localAddress = local ?? TransportAddress(ip: isIPv6 ? .unspecifiedV6 : .unspecifiedV4, port: 0)
    phase = .connecting
    if options.sharesPort { try Self.sharePort(opened) }
    if let local {
      var address = clinux_address(local)
      try checked("bind TCP \(local)", unsafe clinux_bind(opened, isIPv6, &address))
    }
    setUp()
    var address = clinux_address(remote)
    let result = try checked(
      "connect to \(remote)", unsafe clinux_connect(opened, isIPv6, &address))
    if result == 1 { open() } else { readLocalAddress() }
  }

  /// A connection that somebody made to us.
  init(accepted descriptor: Descriptor, from remote: TransportAddress, options: Options) {
    self.descriptor = descriptor
    self.options = options
    remoteAddress = remote
    isIPv6 = remote.ip.family == .v6
    localAddress = TransportAddress(ip: remote.ip, port: 0)
    phase = .open
    setUp()
    readLocalAddress()
  }

  static func sharePort(_ number: Int32) throws(SystemError) {
    try checked("share the port", clinux_set_option(number, SOL_SOCKET, SO_REUSEADDR, 1))
    try checked("share the port", clinux_set_option(number, SOL_SOCKET, SO_REUSEPORT, 1))
  }

  private func setUp() {
    guard options.sendsAtOnce else { return }
    _ = clinux_set_option(descriptor.number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  private func readLocalAddress() {
    var address = clinux_address()
    // The address is written within the call.
    guard unsafe clinux_local_address(descriptor.number, &address) >= 0 else { return }
    localAddress = TransportAddress(ip: IPAddress(address), port: address.port)
  }

  // MARK: The loop

  /// Has the handler's loop watch the connection, until it is over.
  public func attach(to handler: any EventLoopHandler) throws(SystemError) {
    self.handler = handler
    watched = []
    let wanted = interests
    guard !wanted.isEmpty else { return }
    try handler.loop.watch(descriptor, for: wanted, handler: handler)
    watched = wanted
  }

  /// Goes on after `readiness` was reported, and gives what arrived to `receive`.
  public func handle(_ readiness: Readiness, _ receive: (Span<UInt8>) -> Void) {
    if phase == .connecting { completeConnecting() }
    if readiness.contains(.readable) || readiness.contains(.closed), !isReadingPaused {
      read(receive)
    }
    if phase == .open || phase == .ended { flush() }
    updateWatch()
  }

  /// What there is to wait for. With nothing the descriptor is not watched at all: the system reports a
  /// broken connection again and again, whatever is asked for.
  private var interests: Readiness {
    switch phase {
    case .connecting: return .writable
    case .failed, .closed: return []
    case .open, .ended:
      var wanted: Readiness = []
      if !isReadingPaused, !hasEnded { wanted.insert(.readable) }
      if queuedByteCount > 0 { wanted.insert(.writable) }
      return wanted
    }
  }

  private func updateWatch() {
    let wanted = interests
    guard wanted != watched, let handler else { return }
    watched = wanted
    guard !wanted.isEmpty else { return handler.loop.unwatch(descriptor) }
    do throws(SystemError) {
      try handler.loop.watch(descriptor, for: wanted, handler: handler)
    } catch {
      fail(error)
    }
  }

  // MARK: Connecting

  private func completeConnecting() {
    var code: Int32 = 0
    // The number is written within the call.
    _ = unsafe clinux_get_option(descriptor.number, SOL_SOCKET, SO_ERROR, &code)
    if code == 0 {
      open()
    } else {
      fail(SystemError("connect to \(remoteAddress)", code: code))
    }
  }

  private func open() {
    phase = .open
    readLocalAddress()
  }

  // MARK: Reading

  private func read(_ receive: (Span<UInt8>) -> Void) {
    // Taken out meanwhile, for `receive` may call us.
    var buffer: [UInt8] = []
    swap(&buffer, &scratch)
    defer { swap(&buffer, &scratch) }
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: Self.scratchSizes.least) }
    var total = 0
    while phase == .open, !isReadingPaused, total < Self.readLimit {
      // The kernel writes at most the buffer's length and keeps nothing.
      let result = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
        unsafe clinux_read(descriptor.number, bytes.baseAddress, bytes.count)
      }
      switch result {
      case 1...:
        let count = Int(result)
        total += count
        receive(buffer.span.extracting(first: count))
        if count < buffer.count { return }
        if count < Self.scratchSizes.most {
          buffer = [UInt8](repeating: 0, count: Self.scratchSizes.most)
        }
      case 0:
        hasEnded = true
        phase = .ended
      case Int64(-EAGAIN): return
      default: fail(SystemError("read from \(remoteAddress)", code: Int32(clamping: -result)))
      }
    }
  }

  // MARK: Writing

  /// Sends all of `bytes`, now or later. False, and nothing taken, where there is no room.
  public func write(_ bytes: Span<UInt8>) -> Bool {
    guard !phase.isOver, !finishes, bytes.count <= room else { return false }
    var rest = bytes
    if queuedByteCount == 0, phase != .connecting {
      let taken = send(bytes)
      guard !phase.isOver else { return false }
      rest = bytes.extracting(droppingFirst: taken)
    }
    guard !rest.isEmpty else { return true }
    queue.append(addingCapacity: rest.count) { $0.append(copying: rest) }
    updateWatch()
    return true
  }

  private func flush() {
    guard queuedByteCount > 0 else { return finishIfDue() }
    let taken = send(queue.span.extracting(droppingFirst: sent))
    guard !phase.isOver else { return }
    sent += taken
    if sent == queue.count {
      queue.removeAll(keepingCapacity: queue.count <= 64 << 10)
      sent = 0
      finishIfDue()
    } else if sent >= 64 << 10 {
      queue.removeFirst(sent)
      sent = 0
    }
  }

  /// Hands bytes to the system until it takes no more; tells how many it took.
  private func send(_ bytes: Span<UInt8>) -> Int {
    var taken = 0
    while taken < bytes.count {
      // The kernel reads within the call.
      let result = unsafe bytes.extracting(droppingFirst: taken).withUnsafeBufferPointer { rest in
        unsafe clinux_write(descriptor.number, rest.baseAddress, rest.count)
      }
      if result > 0 {
        taken += Int(result)
      } else if result == Int64(-EAGAIN) || result == Int64(-ENOBUFS) || result == 0 {
        return taken
      } else {
        fail(SystemError("write to \(remoteAddress)", code: Int32(clamping: -result)))
        return taken
      }
    }
    return taken
  }

  // MARK: Ending

  /// Sends what is queued and tells the other side that no more will come.
  public func finish() {
    guard !finishes else { return }
    finishes = true
    if phase == .open || phase == .ended { finishIfDue() }
  }

  private func finishIfDue() {
    guard finishes, queuedByteCount == 0 else { return }
    _ = clinux_shutdown(descriptor.number, false)
  }

  /// Ends the connection in both directions and forgets what is queued.
  public func close() {
    guard phase != .closed else { return }
    end(.closed)
    _ = clinux_shutdown(descriptor.number, true)
  }

  private func fail(_ error: SystemError) { end(.failed(.system(error))) }

  private func end(_ last: StreamPhase) {
    phase = last
    queue = []
    sent = 0
    updateWatch()
  }
}

extension IPAddress {
  static let unspecifiedV4 = IPAddress(v4: 0)
  static let unspecifiedV6 = IPAddress(v6High: 0, low: 0)
}
