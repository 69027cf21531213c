import MeetingServer

/// What `--help` prints.
enum HelpText {
  enum Topic {
    case all, serve, demo, turn, doctor, version
  }

  static let version = ServerVersion.text

  static func text(_ topic: Topic) -> String {
    switch topic {
    case .all:
      """
      Jumpa: video meetings in the browser, on a server of your own.

        jumpa serve [flags]   runs the server; jumpa serve --help shows the flags
        jumpa demo [flags]    the same for the people on this network, over HTTPS
        jumpa turn [flags]    runs a TURN and STUN server alone; jumpa turn --help shows the flags
        jumpa doctor [URL]    says whether a server can be reached from here, and why not
        jumpa version         prints the version
        jumpa help [command]  prints this

      Begin with:  jumpa serve   and open http://localhost:8080/
      """
    case .version:
      "jumpa version prints the version, \(version)."
    case .doctor:
      """
      jumpa doctor [URL] [--ca FILE] [--json] examines a server as its users find it: name, web port,
      certificate, clock, each way for media (UDP, TCP, relays over UDP, TCP and TLS) and what it
      carries, and says what to do about what is closed. Run it where people cannot connect, or
      anywhere outside the server's network. Without a URL it examines http://localhost:8080/.
      Where browsers would refuse the certificate it says so and examines the rest without trust in
      it; --ca FILE has the authorities (PEM) to believe, such as /ca.crt of a jumpa demo.
      The page /test of the server does the same in a browser, with camera and microphone.

      Exit codes: 0 everything works, 1 something does not, 2 a wrong argument.
      """
    case .demo:
      """
      jumpa demo runs the meeting server for the people on this network. It makes a certificate
      authority and a certificate for this machine's names and addresses at its first start, keeps
      them, serves HTTPS, and prints the link with a code for telephones. It takes the flags of
      jumpa serve; see jumpa serve --help.
      """
    case .serve:
      """
      jumpa serve runs the meeting server until it is stopped by Ctrl-C or SIGTERM.

      \(flags(Setting.allCases))

      Each can also stand in a JSON5 file under the flag's name in camel case
      ({ udpPort: 7880 }) or in the environment (JUMPA_UDP_PORT=7880; lists with commas).
      A flag goes before the environment, the environment before the file.

      Exit codes: 0 stopped as asked, 1 could not start or run, 2 a flag, variable or
      configuration file is wrong.
      """
    case .turn:
      """
      jumpa turn runs a TURN and STUN server by itself until it is stopped by Ctrl-C or SIGTERM.
      Without --turn-secret and --turn-user it answers STUN alone.

      \(flags(Setting.ofRelay))

      Each can also stand in a configuration file or in the environment, as for jumpa serve.
      """
    }
  }

  private static func flags(_ settings: [Setting]) -> String {
    var rows = settings.map { setting in
      (
        "\(setting.flag) \(setting.placeholder)",
        setting.summary + (setting.isList ? "; may be repeated" : ""), setting.defaultText
      )
    }
    rows.append(("--config FILE", "JSON5 file with any of these; also JUMPA_CONFIG", "none"))
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { row in
      let padding = String(repeating: " ", count: width - row.0.count)
      return "  \(row.0)\(padding)  \(row.1) (default: \(row.2))"
    }.joined(separator: "\n")
  }
}
