import Glibc

/// A system call refused: which one, on what, and the kernel's error number.
public struct SystemError: Error, Equatable, Sendable {
  /// What was tried, such as `bind 127.0.0.1:3478`.
  public let operation: String
  /// The `errno` value.
  public let code: Int32

  init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  /// Somebody else has the port.
  public var isAddressInUse: Bool { code == EADDRINUSE }
  /// The process lacks the right, as for a port below 1024.
  public var isPermissionDenied: Bool { code == EACCES || code == EPERM }
  /// No interface has this address.
  public var isAddressNotAvailable: Bool { code == EADDRNOTAVAIL }
  /// The machine has no such address family, as where IPv6 is switched off.
  public var isAddressFamilyUnsupported: Bool { code == EAFNOSUPPORT }
  /// This machine has no way there, as to an IPv6 address without a route.
  public var isNetworkUnreachable: Bool { code == ENETUNREACH }
  /// The process, or the machine, has no descriptor left.
  public var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
}

extension SystemError: CustomStringConvertible {
  /// The operation and the system's own words, as in `bind 127.0.0.1:80: Permission denied`.
  public var description: String {
    // The message is static text of the C library, or this thread's copy of it, and is read at once.
    guard let text = unsafe strerror(code) else { return "\(operation): error \(code)" }
    return unsafe "\(operation): \(String(cString: text))"
  }
}

/// Turns the shim's negative error numbers into errors.
@discardableResult
func checked(
  _ operation: @autoclosure () -> String, _ result: Int32
) throws(SystemError) -> Int32 {
  guard result < 0 else { return result }
  throw SystemError(operation(), code: 0 &- result)
}
