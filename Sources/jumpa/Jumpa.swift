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

  private static func configuration(
    _ flags: SettingLayer, file: String?, environment: [String: String]
  ) throws(SettingError) -> ServerConfiguration {
    var layers = [flags, SettingLayer(environment: environment)]
    if let file = file ?? environment["JUMPA_CONFIG"], !file.isEmpty {
      layers.append(try SettingLayer(file: file))
    }
    return try ServerConfiguration(layers: layers)
  }

  private static func serve(_ configuration: ServerConfiguration) async throws {
    let signals = try StopSignals()
    let server = try await Server(configuration)
    try await server.start()
    greet(server)
    await signals.first()
    say("Jumpa stops.")
    Task.detached {
      // Whatever hangs, the program ends in time; without clean-up at exit, since what hangs is a
      // thread that may still use what would be cleaned up.
      try? await Task.sleep(for: .milliseconds(1_800))
      _exit(ExitCode.stopped)
    }
    await server.stop()
  }

  private static func greet(_ server: Server) {
    say("Jumpa is ready: open \(server.localURL)")
    if let network = server.networkURLs.first {
      say("On this network: \(network)")
      if !server.isSecure {
        say(
          "  Browsers allow camera and microphone there over HTTPS only: give \(Setting.tlsCert.flag)"
            + " and \(Setting.tlsKey.flag), or put an HTTPS proxy in front.")
      }
    }
    if server.webDirectory == nil {
      complain("the web client is not served: no web/index.html found; say where with --web DIR")
    }
  }

  private static func say(_ text: String) {
    print(text, to: .standardOutput)
  }

  private static func complain(_ text: String) {
    print("jumpa: \(text)", to: .standardError)
  }

  /// Nobody may be listening any more; that is no reason to stop.
  private static func print(_ line: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data("\(line)\n".utf8))
  }
}
