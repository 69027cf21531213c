import Foundation
import Testing

/// The program as it was built beside the tests.
private func program() throws -> URL {
  let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let places = ([own] + CommandLine.arguments).map { URL(filePath: $0).deletingLastPathComponent() }
  return try #require(
    places.map { $0.appending(path: "jumpa") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) })
}

private struct Run: Sendable {
  var code: Int32
  var output: String
  var complaint: String
  var seconds: Double
}

/// Runs the program; sends SIGTERM once it has said that it is ready.
private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Run {
  let process = Process()
  let (output, complaint) = (Pipe(), Pipe())
  process.executableURL = try program()
  process.arguments = arguments
  process.environment = environment
  process.standardOutput = output
  process.standardError = complaint
  try process.run()
  return try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread {
      var text = Data()
      var start: ContinuousClock.Instant?
      while true {
        let more = output.fileHandleForReading.availableData
        if more.isEmpty { break }
        text += more
        let isReady = ["ready: open http", "Jumpa relays: "].contains {
          String(decoding: text, as: UTF8.self).contains($0)
        }
        if isReady, start == nil {
          start = .now
          process.terminate()
        }
      }
      let errors = complaint.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      let (seconds, attoseconds) = (ContinuousClock.now - (start ?? .now)).components
      continuation.resume(
        returning: Run(
          code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
          complaint: String(decoding: errors, as: UTF8.self),
          seconds: Double(seconds) + Double(attoseconds) / 1e18))
    }
  }
}

private let quiet = [
  "--host", "127.0.0.1", "--port", "0", "--udp-host", "127.0.0.1", "--udp-port", "0",
]

@Test func `the server starts, says where it is, and stops at once when asked`() async throws {
  let run = try await run(["serve", "--workers", "2"] + quiet)
  #expect(run.code == 0)
  #expect(run.output.hasPrefix("Jumpa is ready: open http://127.0.0.1:"))
  #expect(run.output.hasSuffix("/\nJumpa stops.\n"))
  // Nothing that it waits for has a deadline that is so near.
  #expect(run.seconds < 8)
}

@Test func `the relay starts alone, says where it is, and stops at once when asked`() async throws {
  let run = try await run(["turn", "--host", "127.0.0.1", "--turn-port", "0"])
  #expect(run.code == 0)
  #expect(run.output.hasPrefix("Jumpa relays: UDP 127.0.0.1:"))
  #expect(run.output.contains(", TCP 127.0.0.1:") && run.output.contains("It answers STUN alone"))
  #expect(run.output.hasSuffix("\nJumpa stops.\n"))
  #expect(run.seconds < 8)
}

@Test func `a misuse ends with 2, a failure with 1, both on standard error`() async throws {
  for arguments in [
    [], ["serve", "--prot", "1"], ["serve", "--port", "x"], ["serve", "--config", "/no"],
  ] {
    let run = try await run(arguments)
    #expect(run.code == 2)
    #expect(run.output == "")
    #expect(run.complaint.hasPrefix("jumpa: "))
  }
  let failed = try await run(["serve", "--data", "/proc/nothing"] + quiet)
  #expect(failed.code == 1)
  #expect(failed.complaint.hasPrefix("jumpa: cannot write to the data directory /proc/nothing: "))
  #expect(failed.output == "")
}

@Test func `the environment is heard, and its typing errors are told`() async throws {
  let run = try await run(["serve"], environment: ["JUMPA_PORT": "x", "JUMPA_UDP_PROT": "1"])
  #expect(run.code == 2)
  #expect(
    run.complaint == """
      jumpa: JUMPA_UDP_PROT is not known; did you mean JUMPA_UDP_PORT?
      jumpa: JUMPA_PORT is "x": not a number from 0 to 65535

      """)
}

@Test func `version and help are printed`() async throws {
  let version = try await run(["version"])
  #expect(version.code == 0)
  #expect(version.output == "jumpa 0.1.0\n")
  let help = try await run(["--help"])
  #expect(help.code == 0)
  #expect(help.output.hasPrefix("Jumpa: video meetings"))
}
