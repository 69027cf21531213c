import Foundation
import MeetingServer

@main
enum Jumpa {
  /// Exit codes, as docs/operating.md lists them.
  private enum ExitCode {
    static let stopped: Int32 = 0
    static let failed: Int32 = 1
    static let misused: Int32 = 2
  }

  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    exit(await run(arguments, environment: ProcessInfo.processInfo.environment))
  }

  private static func run(_ arguments: [String], environment: [String: String]) async -> Int32 {
    do {
      switch try Invocation(arguments) {
      case .help(let topic): say(HelpText.text(topic))
      case .version: say("jumpa \(HelpText.version)")
      case .serve(let flags, let file):
        for stranger in SettingLayer.strangers(in: environment) { complain(stranger) }
        try await serve(try configuration(flags, file: file, environment: environment))
      case .demo(let flags, let file):
        for stranger in SettingLayer.strangers(in: environment) { complain(stranger) }
        try await serve(
          try configuration(flags, file: file, environment: environment, isDemo: true))
      case .turn(let flags, let file):
        try await relay(
          try configuration(flags, file: file, environment: environment, isRelay: true))
      case .doctor(let target, let authorityFile, let isJSON):
        return await examine(try Doctor(target, authorityFile: authorityFile), isJSON: isJSON)
      }
      return ExitCode.stopped
    } catch let error as SettingError {
      complain(error.description)
      return ExitCode.misused
    } catch {
      complain("\(error)")
      return ExitCode.failed
    }
  }

  /// Fails where something does not work.
  private static func examine(_ doctor: Doctor, isJSON: Bool) async -> Int32 {
    let showsProgress = !isJSON && isatty(STDERR_FILENO) == 1
    let findings = await doctor.findings { step in
      if showsProgress { note("Trying \(step)…") }
    }
    if showsProgress { note("") }
    say(isJSON ? doctor.json(findings) : doctor.text(findings))
    return findings.contains { $0.level == .bad } ? ExitCode.failed : ExitCode.stopped
  }

  private static func configuration(
    _ flags: SettingLayer, file: String?, environment: [String: String], isDemo: Bool = false,
    isRelay: Bool = false
  ) throws(SettingError) -> ServerConfiguration {
    var layers = [flags, SettingLayer(environment: environment)]
    if let file = file ?? environment["JUMPA_CONFIG"], !file.isEmpty {
      layers.append(try SettingLayer(file: file))
    }
    if isDemo { layers.append(Demo.defaults(environment)) }
    return try ServerConfiguration(layers: layers, isDemo: isDemo, isRelay: isRelay)
  }

  private static func serve(_ configuration: ServerConfiguration) async throws {
    let signals = try StopSignals(catchingHangUp: configuration.tls != nil)
    let server = try await Server(configuration) { complain($0) }
    try await server.start()
    greet(server)
    await signals.first { await server.reload() }
    await end { await server.stop() }
  }

  private static func relay(_ configuration: ServerConfiguration) async throws {
    let signals = try StopSignals(catchingHangUp: configuration.tls != nil)
    let relay = try await StandaloneRelay(configuration) { complain($0) }
    let ways = [("UDP", relay.udp), ("TCP", relay.tcp), ("TLS", relay.tls)].flatMap { way in
      way.1.map { "\(way.0) \($0)" }
    }
    say("Jumpa relays: \(ways.joined(separator: ", "))")
    if let port = relay.httpPort { say("Health and metrics: HTTP port \(port)") }
    if !relay.hasUsers {
      say("  It answers STUN alone: give \(Setting.turnSecret.flag) or \(Setting.turnUser.flag).")
    }
    await signals.first { await relay.reload() }
    await end { await relay.stop() }
  }

  private static func end(_ stop: () async -> Void) async {
    say("Jumpa stops.")
    Task.detached {
      // Whatever hangs, the program ends in time; without clean-up at exit, since what hangs is a
      // thread that may still use what would be cleaned up.
      try? await Task.sleep(for: .milliseconds(1_800))
      _exit(ExitCode.stopped)
    }
    await stop()
  }

  private static func greet(_ server: Server) {
    say("Jumpa is ready: open \(server.localURL)")
    if let authority = server.authority {
      for line in Demo.lines(server, authority, isTerminal: isatty(STDOUT_FILENO) == 1) {
        say(line)
      }
    } else if let network = server.networkURLs.first {
      say("On this network: \(network)")
      if !server.isSecure {
        say(
          "  Browsers allow camera and microphone there over HTTPS only. jumpa demo makes a"
            + " certificate itself, \(Setting.domain.flag) has one made; \(Setting.tlsCert.flag) and "
            + "\(Setting.tlsKey.flag) take yours.")
      }
    }
    for note in server.addressNotes { say(note) }
    if server.webDirectory == nil {
      complain("the web client is not served: no web/index.html found; say where with --web DIR")
    }
  }

  private static func say(_ text: String) {
    print(text, to: .standardOutput)
  }

  /// Shows what is being done in one line, in place of what was shown there before.
  private static func note(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
  }

  private static func complain(_ text: String) {
    print("jumpa: \(text)", to: .standardError)
  }

  /// Nobody may be listening any more; that is no reason to stop.
  private static func print(_ line: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data("\(line)\n".utf8))
  }
}
