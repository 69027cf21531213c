import Glibc

/// Socket addresses as the system gives them.
enum SocketAddress {
  /// Who is at the other end of a connected socket.
  static func peer(of descriptor: CInt) -> HTTPRequest.Peer? {
    unsafe address(of: descriptor, getpeername)
  }

  /// Our end of a connected socket.
  static func local(of descriptor: CInt) -> HTTPRequest.Peer? {
    unsafe address(of: descriptor, getsockname)
  }

  private static func address(
    of descriptor: CInt,
    _ name: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
  ) -> HTTPRequest.Peer? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let isKnown = unsafe withUnsafeMutablePointer(to: &storage) { storage in
      // sockaddr_storage is made to be read as sockaddr.
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe name(descriptor, $0, &length) == 0
      }
    }
    return isKnown ? read(storage) : nil
  }

  /// Which of the connections one client's count: an IPv4 address or an IPv6 /64.
  static func client(_ address: String) -> String {
    guard address.contains(":") else { return address }
    var bits = in6_addr()
    guard unsafe inet_pton(AF_INET6, address, &bits) == 1 else { return address }
    return unsafe withUnsafeBytes(of: bits) { bytes in
      unsafe bytes.prefix(8).reduce("") { $0 + String($1, radix: 16) + "." }
    }
  }

  /// Why a server could not listen on an address, if it could not.
  static func refusal(host: String, port: UInt16) -> HTTPServerError? {
    var address = sockaddr_storage()
    guard let length = fill(&address, host: host, port: port) else {
      return .badAddress(host: host)
    }
    let descriptor = socket(CInt(address.ss_family), CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return .system(operation: "socket", reason: reason(errno)) }
    defer { close(descriptor) }
    var yes: CInt = 1
    let size = socklen_t(MemoryLayout<CInt>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
    let isBound = unsafe withUnsafePointer(to: &address) { address in
      // sockaddr_storage is made to be read as sockaddr.
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0
      }
    }
    guard !isBound else { return nil }
    switch errno {
    case EADDRINUSE: return .portBusy(host: host, port: port)
    case EACCES, EPERM: return .permissionDenied(host: host, port: port)
    case EADDRNOTAVAIL: return .addressUnavailable(host: host)
    default: return .system(operation: "bind", reason: reason(errno))
    }
  }

  static func reason(_ code: CInt) -> String {
    // strerror returns a string of the C library's own.
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
  }

  private static func fill(
    _ storage: inout sockaddr_storage, host: String, port: UInt16
  ) -> socklen_t? {
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      var four = sockaddr_in()
      var six = sockaddr_in6()
      if unsafe inet_pton(AF_INET, host, &four.sin_addr) == 1 {
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = port.bigEndian
        // sockaddr_storage holds either kind of address.
        unsafe bytes.storeBytes(of: four, as: sockaddr_in.self)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
      }
      guard unsafe inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else { return nil }
      six.sin6_family = sa_family_t(AF_INET6)
      six.sin6_port = port.bigEndian
      unsafe bytes.storeBytes(of: six, as: sockaddr_in6.self)
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    }
  }

  private static func read(_ storage: sockaddr_storage) -> HTTPRequest.Peer? {
    unsafe withUnsafeBytes(of: storage) { bytes in
      switch CInt(storage.ss_family) {
      case AF_INET:
        // The family says which address the storage holds.
        let four = unsafe bytes.load(as: sockaddr_in.self)
        return .init(address: text(AF_INET, four.sin_addr), port: UInt16(bigEndian: four.sin_port))
      case AF_INET6:
        let six = unsafe bytes.load(as: sockaddr_in6.self)
        let address = text(AF_INET6, six.sin6_addr)
        let isMapped = address.hasPrefix("::ffff:") && address.contains(".")
        return .init(
          address: isMapped ? String(address.dropFirst(7)) : address,
          port: UInt16(bigEndian: six.sin6_port))
      default: return nil
      }
    }
  }

  private static func text<Address>(_ family: CInt, _ address: Address) -> String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let length = socklen_t(buffer.count)
    unsafe withUnsafeBytes(of: address) { bytes in
      _ = unsafe inet_ntop(family, bytes.baseAddress, &buffer, length)
    }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
