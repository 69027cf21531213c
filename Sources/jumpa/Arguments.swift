import MeetingServer

/// What the command line asks for.
enum Invocation: Equatable {
  /// Run the server with these flags and this configuration file.
  case serve(SettingLayer, file: String?)
  /// Run it for the people on this network, with a certificate authority of its own.
  case demo(SettingLayer, file: String?)
  /// Run a TURN server alone, likewise.
  case turn(SettingLayer, file: String?)
  /// Examine a server from here.
  case doctor(DoctorTarget, authorityFile: String?, isJSON: Bool)
  case version
  case help(HelpText.Topic)

  /// Reads the arguments after the program's name.
  init(_ arguments: [String]) throws(SettingError) {
    guard let command = arguments.first else {
      throw SettingError("say what to do, as in jumpa serve; jumpa --help shows everything")
    }
    switch command {
    case "serve":
      let read = try Self.flags(arguments, among: Setting.allCases)
      self = read.map { .serve($0.flags, file: $0.file) } ?? .help(.serve)
    case "demo":
      let read = try Self.flags(arguments, among: Setting.allCases)
      self = read.map { .demo($0.flags, file: $0.file) } ?? .help(.demo)
    case "turn":
      let read = try Self.flags(arguments, among: Setting.ofRelay)
      self = read.map { .turn($0.flags, file: $0.file) } ?? .help(.turn)
    case "doctor": self = try Self.doctor(Array(arguments.dropFirst()))
    case "version", "--version": self = try Self.alone(.version, .version, arguments)
    case "help", "--help", "-h": self = try Self.help(arguments)
    default:
      let guess = closest(
        to: command, among: ["serve", "demo", "turn", "doctor", "version", "help"])
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

  private static func doctor(_ arguments: [String]) throws(SettingError) -> Invocation {
    var target: DoctorTarget?
    var authorityFile: String?
    var isJSON = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h": return .help(.doctor)
      case "--json": isJSON = true
      case "--ca":
        guard let path = rest.popFirst() else {
          throw SettingError("--ca needs a file after it; see jumpa doctor --help")
        }
        authorityFile = path
      case _ where argument.hasPrefix("--ca="): authorityFile = String(argument.dropFirst(5))
      default:
        guard !argument.hasPrefix("-") else {
          throw SettingError("jumpa doctor knows --ca and --json, but there is \"\(argument)\"")
        }
        guard target == nil else {
          throw SettingError("jumpa doctor examines one server, but there is \"\(argument)\" too")
        }
        guard let read = DoctorTarget(argument) else {
          throw SettingError(
            "\"\(argument)\" names no server; write https://meet.example.org or meet.example.org")
        }
        target = read
      }
    }
    guard let target = target ?? DoctorTarget("localhost") else {
      throw SettingError("say which server, as in jumpa doctor https://meet.example.org")
    }
    return .doctor(target, authorityFile: authorityFile, isJSON: isJSON)
  }

  private static func help(_ arguments: [String]) throws(SettingError) -> Invocation {
    switch arguments.dropFirst().first {
    case nil: .help(.all)
    case "serve": .help(.serve)
    case "demo": .help(.demo)
    case "turn": .help(.turn)
    case "doctor": .help(.doctor)
    case "version": .help(.version)
    case let topic?: throw SettingError("there is no help on \"\(topic)\"; see jumpa --help")
    }
  }

  /// The flags of a command and its configuration file; nil where help is asked for.
  private static func flags(
    _ arguments: [String], among known: [Setting]
  ) throws(SettingError) -> (flags: SettingLayer, file: String?)? {
    let command = "jumpa \(arguments[0])"
    var flags = SettingLayer()
    var file: String?
    var rest = arguments.dropFirst()
    while let argument = rest.popFirst() {
      if argument == "--help" || argument == "-h" { return nil }
      guard argument.hasPrefix("--") else {
        throw SettingError("\(command) takes flags only, but there is \"\(argument)\"")
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let flag = parts.first.map(String.init) ?? argument
      let setting = known.first { $0.flag == flag }
      guard setting != nil || flag == "--config" else { throw unknown(flag, known, command) }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
        throw SettingError("\(flag) needs a value after it; see \(command) --help")
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
    return (flags, file)
  }

  private static func unknown(
    _ flag: String, _ known: [Setting], _ command: String
  ) -> SettingError {
    let known = known.map(\.flag) + ["--config", "--help"]
    return SettingError(
      "there is no flag \(flag); "
        + (closest(to: flag, among: known).map { "did you mean \($0)?" }
          ?? "\(command) --help shows what there is"))
  }
}
