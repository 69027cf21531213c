import Foundation
import Net
import Wire

/// coturn's peer, which sends back what it gets, as a program of its own.
final class CoturnPeer: Sendable {
  let address: TransportAddress
  private let processID: Int32

  /// A peer that answers when this returns.
  init(at ip: IPAddress) throws {
    let socket = try UDPSocket(boundTo: TransportAddress(ip: ip, port: 0))
    // Its own port was free a moment ago.
    address = try UDPSocket(boundTo: TransportAddress(ip: ip, port: 0)).localAddress
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/turnutils_peer")
    process.arguments = ["-L", "\(ip)", "-p", "\(address.port)"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    processID = process.processIdentifier
    try waitForAnswer(by: socket, process)
  }

  private func waitForAnswer(by socket: UDPSocket, _ process: Process) throws {
    let outbox = Outbox()
    let patience = MonotonicClock.now() + .seconds(30)
    while readAll(socket).isEmpty {
      guard process.isRunning, MonotonicClock.now() < patience else {
        throw CocoaError(.executableLoad)
      }
      outbox.append([1, 2, 3].span, on: Path(local: socket.localAddress, remote: address))
      socket.flush(outbox)
      usleep(10_000)
    }
  }

  deinit { kill(processID, SIGKILL) }
}
