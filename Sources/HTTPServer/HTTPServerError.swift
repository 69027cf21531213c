/// Why a server did not start.
public enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Another process listens on the port.
  case portBusy(host: String, port: UInt16)
  /// The port is below 1024 or otherwise not ours to take.
  case permissionDenied(host: String, port: UInt16)
  /// No interface of this machine has the address.
  case addressUnavailable(host: String)
  /// The address is not a numeric IPv4 or IPv6 address.
  case badAddress(host: String)
  /// The directory of static files cannot be read.
  case directoryUnreadable(path: String)
  /// The system refused something else.
  case system(operation: String, reason: String)
  /// `start` was called twice.
  case alreadyStarted

  /// What happened and what to do, in one sentence.
  public var description: String {
    switch self {
    case .portBusy(let host, let port):
      "port \(port) on \(host) is in use by another program; stop it or choose another port"
    case .permissionDenied(let host, let port):
      "not allowed to listen on port \(port) of \(host); choose a port above 1023 or give the right to"
    case .addressUnavailable(let host):
      "no interface of this machine has the address \(host)"
    case .badAddress(let host):
      "\(host) is not an IP address; write one such as 127.0.0.1, 0.0.0.0 or ::"
    case .directoryUnreadable(let path):
      "the directory \(path) cannot be read; check that it exists and is readable"
    case .system(let operation, let reason):
      "\(operation) failed: \(reason)"
    case .alreadyStarted:
      "the server was started before"
    }
  }
}
