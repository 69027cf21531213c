import MeetingServer

/// What the command line asks for.
enum Invocation: Equatable {
  /// Run the server with these flags and this configuration file.
  case serve(SettingLayer, file: String?)
  case version
  case help(HelpText.Topic)

  /// Reads the arguments after the program's name.
  init(_ arguments: [String]) throws(SettingError) {
    guard let command = arguments.first else {
      throw SettingError("say what to do, as in jumpa serve; jumpa --help shows everything")
    }
    switch command {
    case "serve": self = try Self.serve(Array(arguments.dropFirst()))
    case "version", "--version": self = try Self.alone(.version, .version, arguments)
    case "help", "--help", "-h": self = try Self.help(arguments)
    default:
      let guess = closest(to: command, among: ["serve", "version", "help"])
      throw SettingError(
        "there is no command \"\(command)\"; "
          + (guess.map { "did you mean jumpa \($0)?" } ?? "jumpa --help shows what there is"))
    }
  }

  private static func alone(
    _ invocation: Invocation, _ topic: HelpText.Topic, _ arguments: [String]
  ) throws(SettingError) -> Invocation {
    guard let extra = arguments.dropFirst().first else { return invocation }
    if extra == "--help" || extra == "-h" { return .help(topic) }
    throw SettingError("\(arguments[0]) takes nothing after it, but there is \"\(extra)\"")
  }

  private static func help(_ arguments: [String]) throws(SettingError) -> Invocation {
    switch arguments.dropFirst().first {
    case nil: .help(.all)
    case "serve": .help(.serve)
    case "version": .help(.version)
    case let topic?: throw SettingError("there is no help on \"\(topic)\"; see jumpa --help")
    }
  }

  private static func serve(_ arguments: [String]) throws(SettingError) -> Invocation {
    var flags = SettingLayer()
    var file: String?
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--help" || argument == "-h" { return .help(.serve) }
      guard argument.hasPrefix("--") else {
        throw SettingError("jumpa serve takes flags only, but there is \"\(argument)\"")
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let flag = parts.first.map(String.init) ?? argument
      let setting = Setting.allCases.first { $0.flag == flag }
      guard setting != nil || flag == "--config" else { throw unknown(flag) }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
        throw SettingError("\(flag) needs a value after it; see jumpa serve --help")
      }
      if let setting {
        guard setting.isList || !flags.contains(setting) else {
          throw SettingError("\(flag) is given twice; give it once")
        }
        flags.add(value, for: setting, origin: flag)
      } else {
        guard file == nil else { throw SettingError("\(flag) is given twice; give it once") }
        file = value
      }
    }
    return .serve(flags, file: file)
  }

  private static func unknown(_ flag: String) -> SettingError {
    let known = Setting.allCases.map(\.flag) + ["--config", "--help"]
    return SettingError(
      "there is no flag \(flag); "
        + (closest(to: flag, among: known).map { "did you mean \($0)?" }
          ?? "jumpa serve --help shows what there is"))
  }
}
