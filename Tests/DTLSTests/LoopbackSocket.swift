import Glibc

/// A UDP socket on 127.0.0.1, for tests against programs.
struct LoopbackSocket: ~Copyable {
  private let descriptor: CInt
  /// The port the socket is bound to.
  let port: UInt16

  struct Failed: Error {}

  init() throws {
    descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failed() }
    var address = Self.loopback(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var patience = timeval(tv_sec: 0, tv_usec: 20_000)
    let descriptor = descriptor
    // unsafe: the C calls read and write local variables.
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(descriptor, pointer, size) == 0
          && getsockname(descriptor, pointer, &size) == 0
          && setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience,
            socklen_t(MemoryLayout<timeval>.size)) == 0
      }
    }
    guard isBound else {
      Glibc.close(descriptor)
      throw Failed()
    }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { Glibc.close(descriptor) }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    return address
  }

  func send(_ bytes: [UInt8], to port: UInt16) {
    var address = Self.loopback(port: port)
    // unsafe: the C call reads a local variable and an array.
    unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        _ = unsafe sendto(
          descriptor, bytes, bytes.count, 0, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// The next datagram and the port it came from; `nil` after 20 ms without.
  func receive() -> (bytes: [UInt8], port: UInt16)? {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var count = -1
    // unsafe: the C call fills a local variable and a new array.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
      count = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          unsafe recvfrom(descriptor, buffer.baseAddress, buffer.count, 0, pointer, &size)
        }
      }
      initialized = max(0, count)
    }
    return count < 0 ? nil : (bytes, UInt16(bigEndian: address.sin_port))
  }
}
