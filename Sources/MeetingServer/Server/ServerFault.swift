import HTTPServer
import Net

/// Why a server did not start: what, why, and what to do.
public struct ServerFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// One sentence.
  public let description: String

  init(_ description: String) { self.description = description }

  init(_ error: HTTPServerError) {
    switch error {
    case .portBusy(let host, let port):
      self.init(
        "TCP port \(port) on \(host) is in use by another program; stop it or choose another port "
          + "with \(Setting.port.flag)")
    case .permissionDenied(_, let port):
      self.init(
        "this user may not listen on TCP port \(port); choose one above 1023 with "
          + "\(Setting.port.flag), or put a reverse proxy in front")
    case .addressUnavailable(let host):
      self.init(
        "no interface of this machine has the address \(host); choose another with "
          + "\(Setting.host.flag)")
    case .directoryUnreadable(let path):
      self.init(
        "the web client's directory \(path) cannot be read; give the right one with "
          + "\(Setting.web.flag)")
    case .badAddress, .system, .alreadyStarted: self.init(error.description)
    }
  }

  init(mediaPort: UInt16, _ error: any Error) {
    if let error = error as? SystemError, error.isAddressInUse {
      self.init(
        "UDP port \(mediaPort), or one of the ports after it, is in use by another program "
          + "(\(error)); stop it or choose another with \(Setting.udpPort.flag)")
    } else {
      self.init("media does not start: \(error)")
    }
  }
}
