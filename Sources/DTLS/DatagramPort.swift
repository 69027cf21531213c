import COpenSSL

/// What lies between OpenSSL and the datagrams: one record in, whole datagrams out.
///
/// OpenSSL's own memory BIO joins datagrams into one stream, so this is a BIO of ours. All engines
/// of a context share it, since every call into OpenSSL begins and ends with an empty port.
@safe final class DatagramPort {
  /// The record OpenSSL may read next.
  private var incoming: UnsafeBufferPointer<UInt8>?
  /// What OpenSSL wrote, datagram after datagram.
  private(set) var outgoing: [UInt8] = []
  /// Where each datagram in `outgoing` ends.
  private var datagramEnds: [Int] = []
  /// Records are joined into one datagram up to this length.
  var maximumDatagramSize = 1200

  /// Shows each datagram in `outgoing`.
  func forEachDatagram(_ body: (Span<UInt8>) -> Void) {
    let outgoing = outgoing
    var start = 0
    for end in datagramEnds {
      body(outgoing.span.extracting(start..<end))
      start = end
    }
  }

  /// The datagrams in `outgoing`, copied out.
  var datagrams: [[UInt8]] {
    zip([0] + datagramEnds, datagramEnds).map { start, end in Array(outgoing[start..<end]) }
  }

  /// Lets OpenSSL read `record` while `body` runs.
  func offering<Result>(_ record: Span<UInt8>, _ body: () -> Result) -> Result {
    // unsafe: the pointer is taken back before the span ends.
    unsafe record.withUnsafeBufferPointer { buffer in
      unsafe incoming = buffer
      defer { unsafe incoming = nil }
      return body()
    }
  }

  /// Forgets what was written.
  func removeAll() {
    outgoing.removeAll(keepingCapacity: true)
    datagramEnds.removeAll(keepingCapacity: true)
  }

  /// OpenSSL flushes after each message of a retransmitted flight; joining them again keeps a
  /// flight in as few datagrams as it was sent in first, which some peers rely on.
  fileprivate func write(_ bytes: UnsafeRawBufferPointer) {
    unsafe outgoing.append(contentsOf: bytes)
    let start = datagramEnds.dropLast().last ?? 0
    if !datagramEnds.isEmpty, outgoing.count - start <= maximumDatagramSize {
      datagramEnds[datagramEnds.count - 1] = outgoing.count
    } else {
      datagramEnds.append(outgoing.count)
    }
  }

  /// Copies the record to `buffer`; `nil` if there is none. What does not fit is cut off.
  fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard let record = unsafe incoming else { return nil }
    unsafe incoming = nil
    let count = min(record.count, buffer.count)
    unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(start: record.baseAddress, count: count))
    return count
  }
}

/// The BIO method that leads to a `DatagramPort`.
@safe final class DatagramMethod {
  private let method: OpaquePointer

  /// `nil` where there is no memory.
  init?() {
    guard let made = unsafe BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagram port") else { return nil }
    unsafe method = made
    let isComplete =
      unsafe BIO_meth_set_read(made, readFromPort) == 1
      && BIO_meth_set_write(made, writeToPort) == 1 && BIO_meth_set_ctrl(made, controlPort) == 1
    guard isComplete else { return nil }
  }

  deinit { unsafe BIO_meth_free(method) }

  /// A new BIO, which the caller owns. It must not outlive `port`, nor this method.
  func makeBIO(to port: DatagramPort) -> OpaquePointer? {
    guard let bio = unsafe BIO_new(method) else { return nil }
    unsafe BIO_set_data(bio, Unmanaged.passUnretained(port).toOpaque())
    unsafe BIO_set_init(bio, 1)
    return unsafe bio
  }
}

/// unsafe: OpenSSL calls these only while the context, and so the port, is alive.
private func port(of bio: OpaquePointer?) -> DatagramPort? {
  guard let data = unsafe BIO_get_data(bio) else { return nil }
  return unsafe Unmanaged<DatagramPort>.fromOpaque(data).takeUnretainedValue()
}

private func readFromPort(
  _ bio: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: CInt
) -> CInt {
  unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
  let space = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: max(0, Int(capacity)))
  if let port = unsafe port(of: bio), let count = unsafe port.read(into: space) {
    return CInt(clamping: count)
  }
  unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
  return -1
}

private func writeToPort(
  _ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: CInt
) -> CInt {
  unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
  guard let port = unsafe port(of: bio), let bytes = unsafe bytes, count > 0 else { return -1 }
  unsafe port.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
  return count
}

private func controlPort(
  _ bio: OpaquePointer?, _ command: CInt, _ argument: CLong, _ pointer: UnsafeMutableRawPointer?
) -> CLong {
  switch command {
  case BIO_CTRL_FLUSH, BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: 1
  // Zero would make OpenSSL cut its flights into pieces of 228 bytes.
  case BIO_CTRL_DGRAM_QUERY_MTU, BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
    unsafe CLong(port(of: bio)?.maximumDatagramSize ?? 1200)
  default: 0
  }
}
