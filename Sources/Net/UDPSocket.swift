import CLinux
import Glibc
public import Wire

/// A UDP socket that never waits, for one owner on one thread.
///
/// One unconnected socket serves every remote address. A connected socket for each would save a route
/// lookup: 0.3 µs of 3.5 for a datagram sent alone, nothing measurable in runs of four or more.
public final class UDPSocket {
  /// How a socket is set up.
  public struct Options: Sendable {
    /// Bytes of receive buffer to ask for. The kernel may give less: see `receiveBufferSize`.
    public var receiveBufferSize = 8 << 20
    /// Bytes of send buffer to ask for.
    public var sendBufferSize = 8 << 20
    /// Lets several sockets share the port (`SO_REUSEPORT`); the kernel spreads remote addresses
    /// over them.
    public var sharesPort = false
    /// Shares the port with whoever listens to the group too, and keeps to one address family.
    var isForMulticast = false
    /// Hands runs of datagrams to the kernel as one where it can take them (`UDP_SEGMENT`).
    public var usesSegmentation = true
    /// On a socket for all interfaces, tells which of our addresses each datagram came to, as its
    /// path's local address, and sends from a path's local address, if it is one of the machine's.
    /// Needed where the machine has several addresses in one network. Otherwise a path's local
    /// address is the bound one.
    public var tracksLocalAddress = false
    /// Keeps ICMP messages that datagrams bring back for `takeFailure`, and reports them as `.closed`.
    public var reportsFailures = false

    /// The defaults.
    public init() {}
  }

  /// The address and port the socket is bound to.
  public let localAddress: TransportAddress
  /// To be watched by an event loop.
  public let descriptor: Descriptor
  /// Bytes of receive buffer the kernel gave.
  public let receiveBufferSize: Int
  /// Whether runs of datagrams go to the kernel as one message.
  public internal(set) var usesSegmentation: Bool
  /// What has happened so far.
  public internal(set) var statistics = SocketStatistics()

  let isIPv6: Bool
  let tracksLocalAddress: Bool
  let reportsFailures: Bool
  var sources = LocalSources()
  var plan = SendPlan()

  /// Binds to `address`; port 0 takes a free one. `::` takes IPv4 as well.
  public init(
    boundTo address: TransportAddress, options: Options = Options()
  ) throws(SystemError) {
    let isIPv6 = address.ip.family == .v6
    let opened = try checked("open a UDP socket", clinux_udp_socket(isIPv6))
    descriptor = Descriptor(owning: opened)
    self.isIPv6 = isIPv6
    let number = descriptor.number
    if isIPv6 {
      try checked(
        "make the socket serve IPv4 too",
        clinux_set_option(
          number, Int32(IPPROTO_IPV6), IPV6_V6ONLY,
          address.ip.isUnspecified && !options.isForMulticast ? 0 : 1))
    }
    if options.sharesPort {
      try checked("share the port", clinux_set_option(number, SOL_SOCKET, SO_REUSEPORT, 1))
    }
    if options.isForMulticast {
      try checked("share the port", clinux_set_option(number, SOL_SOCKET, SO_REUSEADDR, 1))
    }
    _ = clinux_allow_fragments(number, isIPv6)
    Self.enlarge(number, SO_RCVBUF, SO_RCVBUFFORCE, options.receiveBufferSize)
    Self.enlarge(number, SO_SNDBUF, SO_SNDBUFFORCE, options.sendBufferSize)
    tracksLocalAddress = options.tracksLocalAddress && address.ip.isUnspecified
    reportsFailures = options.reportsFailures
    if reportsFailures {
      try checked("ask for failures", clinux_report_failures(number, isIPv6))
    }
    if tracksLocalAddress {
      try checked("ask for local addresses", clinux_report_destination(number, isIPv6))
    }
    var bound = clinux_address(address)
    // The address is read, and then written, within each call.
    try checked("bind UDP \(address)", unsafe clinux_bind(number, isIPv6, &bound))
    try checked("read the bound address", unsafe clinux_local_address(number, &bound))
    localAddress = TransportAddress(ip: address.ip, port: bound.port)
    var size: Int32 = 0
    _ = unsafe clinux_get_option(number, SOL_SOCKET, SO_RCVBUF, &size)
    // The kernel tells twice the usable size, to account for its own bookkeeping.
    receiveBufferSize = Int(size / 2)
    usesSegmentation = options.usesSegmentation && clinux_has_segmentation(number)
    if tracksLocalAddress { learnSources() }
  }

  /// A second face of a socket, to send by: the port's owner stays the one who reads.
  public init(sharing share: Share) {
    descriptor = share.descriptor
    localAddress = share.localAddress
    receiveBufferSize = share.receiveBufferSize
    isIPv6 = share.isIPv6
    tracksLocalAddress = share.tracksLocalAddress
    reportsFailures = false
    usesSegmentation = share.usesSegmentation
    if tracksLocalAddress { learnSources() }
  }

  private func learnSources() {
    for interface in (try? NetworkInterface.all()) ?? [] { sources.learn(interface.ip) }
  }

  /// Binds to all interfaces, IPv6 and IPv4, or only IPv4 where the machine has no IPv6.
  public static func onAllInterfaces(
    port: UInt16, options: Options = Options()
  ) throws(SystemError) -> UDPSocket {
    let dualStack = TransportAddress(ip: IPAddress(v6High: 0, low: 0), port: port)
    do {
      return try UDPSocket(boundTo: dualStack, options: options)
    } catch {
      guard error.isAddressFamilyUnsupported || error.isAddressNotAvailable else { throw error }
      let ipv4 = TransportAddress(ip: IPAddress(v4: 0), port: port)
      return try UDPSocket(boundTo: ipv4, options: options)
    }
  }

  /// Datagrams the kernel dropped because nobody read them in time.
  public var kernelDrops: UInt32 {
    var drops: UInt32 = 0
    _ = unsafe clinux_kernel_drops(descriptor.number, &drops)
    return drops
  }

  private static func enlarge(_ number: Int32, _ option: Int32, _ force: Int32, _ size: Int) {
    let size = Int32(clamping: size)
    // Beyond the system's limit only a privileged process may go; others get the limit.
    guard clinux_set_option(number, SOL_SOCKET, force, size) < 0 else { return }
    _ = clinux_set_option(number, SOL_SOCKET, option, size)
  }

  // MARK: Receiving

  /// Moves what has arrived into the free slots of `slab` and returns how many slots it filled.
  ///
  /// It stops when nothing is left or the slab is full. Failures are counted, never thrown: the socket
  /// is shared by everyone.
  @discardableResult
  public func receive(into slab: inout ReceiveSlab) -> Int {
    let first = slab.count
    var limit = 16
    var failures = 0
    while !slab.isFull {
      let asked = min(limit, slab.slotCount - slab.count)
      let result = unsafe slab.fill(limit: asked, local: localAddress) { bytes, records, room in
        unsafe clinux_receive(
          descriptor.number, tracksLocalAddress, bytes, ReceiveSlab.slotSize, records, room)
      }
      statistics.receiveCalls &+= 1
      if result < 0 {
        if result == -EAGAIN { break }
        // A socket tells of an earlier failed send here, once; then it goes on.
        statistics.receiveErrors &+= 1
        failures += 1
        if failures == 8 { break }
      } else if result < asked {
        break
      }
      limit = Int(CLINUX_RECEIVE_BATCH)
    }
    let filled = slab.count - first
    if tracksLocalAddress {
      for index in first..<slab.count {
        if let destination = slab.destination(ofSlot: index) { sources.learn(destination) }
      }
    }
    let (dropped, bytes) = slab.dropTruncated(from: first)
    statistics.receivedDatagrams &+= UInt64(filled)
    statistics.receivedBytes &+= UInt64(bytes)
    statistics.truncatedDatagrams &+= UInt64(dropped)
    return filled
  }
}
