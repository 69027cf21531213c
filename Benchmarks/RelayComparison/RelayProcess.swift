import Foundation
import Wire

/// A TURN server as a program of its own on loopback, and what it costs.
final class RelayProcess {
  static let host = IPAddress(127, 0, 0, 1)

  let name: String
  let address: TransportAddress
  private let process = Process()
  private let folder: URL

  /// Starts `jumpa` (the program beside this one) or `coturn`.
  init(_ name: String, port: UInt16) throws {
    self.name = name
    address = TransportAddress(ip: Self.host, port: port)
    folder = FileManager.default.temporaryDirectory.appending(path: "relay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if name == "jumpa" {
      let own = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      process.executableURL = own.appending(path: "jumpa")
      process.arguments = [
        "turn", "--host", "127.0.0.1", "--turn-port", "\(port)", "--turn-user", "bench:secret",
        "--relay-quota", "100000", "--relay-to", "everyone",
      ]
    } else {
      process.executableURL = URL(filePath: "/usr/bin/turnserver")
      process.arguments = [
        "-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port",
        "\(port)", "--lt-cred-mech", "--user", "bench:secret", "--realm", "jumpa",
        "--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls", "--min-port", "20000",
        "--max-port", "65000", "--pidfile", folder.appending(path: "pid").path, "--simple-log",
        "--log-file", "/dev/null", "--db", folder.appending(path: "db").path,
      ]
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func stop() {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Processor time so far, in seconds (proc(5)): utime and stime, of all threads.
  var processorTime: Double {
    let text = read("stat")
    // The name in parentheses may hold anything.
    let fields = text.drop { $0 != ")" }.split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let kernel = Double(fields[13]) else {
      return 0
    }
    return (user + kernel) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Memory in use, in bytes.
  var residentBytes: Int {
    let line = read("status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }

  private func read(_ file: String) -> String {
    (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/\(file)", encoding: .utf8))
      ?? ""
  }
}
