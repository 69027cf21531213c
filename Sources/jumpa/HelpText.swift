import MeetingServer

/// What `--help` prints.
enum HelpText {
  enum Topic {
    case all, serve, version
  }

  static let version = "0.1.0"

  static func text(_ topic: Topic) -> String {
    switch topic {
    case .all:
      """
      Jumpa: video meetings in the browser, on a server of your own.

        jumpa serve [flags]   runs the server; jumpa serve --help shows the flags
        jumpa version         prints the version
        jumpa help [command]  prints this

      Begin with:  jumpa serve   and open http://localhost:8080/
      """
    case .version:
      "jumpa version prints the version, \(version)."
    case .serve:
      """
      jumpa serve runs the meeting server until it is stopped by Ctrl-C or SIGTERM.

      \(flags)

      Each can also stand in a JSON5 file under the flag's name in camel case
      ({ udpPort: 7880 }) or in the environment (JUMPA_UDP_PORT=7880; lists with commas).
      A flag goes before the environment, the environment before the file.

      Exit codes: 0 stopped as asked, 1 could not start or run, 2 a flag, variable or
      configuration file is wrong.
      """
    }
  }

  private static var flags: String {
    var rows = Setting.allCases.map { setting in
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
