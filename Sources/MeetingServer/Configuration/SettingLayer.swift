/// What one place says: the command line, the environment or a file.
public struct SettingLayer: Sendable, Equatable {
  /// A value and the words to find it by, such as `--port` or `"port" in jumpa.json5`.
  struct Entry: Sendable, Equatable {
    var text: String
    var origin: String
  }

  private(set) var entries: [Setting: [Entry]] = [:]

  /// Says nothing.
  public init() {}

  /// Adds a value; `origin` is how the operator finds it.
  public mutating func add(_ text: String, for setting: Setting, origin: String) {
    entries[setting, default: []].append(Entry(text: text, origin: origin))
  }

  /// Whether it says something about `setting`.
  public func contains(_ setting: Setting) -> Bool { entries[setting] != nil }

  /// What the environment says. A list is separated by commas; an empty variable says nothing.
  public init(environment: [String: String]) {
    for setting in Setting.allCases {
      guard let value = environment[setting.variable], !value.isEmpty else { continue }
      let texts = setting.isList ? value.split(separator: ",").map(String.init) : [value]
      for text in texts { add(text, for: setting, origin: setting.variable) }
    }
  }

  /// Variables that look like ours and are not, with what may have been meant.
  public static func strangers(in environment: [String: String]) -> [String] {
    let known = Setting.allCases.map(\.variable) + ["JUMPA_CONFIG"]
    return environment.keys.filter { $0.hasPrefix("JUMPA_") && !known.contains($0) }.sorted()
      .compactMap { name in
        closest(to: name, among: known).map { "\(name) is not known; did you mean \($0)?" }
      }
  }
}

/// What is wrong with a setting: what it is, why, and what to do.
public struct SettingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One sentence.
  public let description: String

  /// That sentence.
  public init(_ description: String) { self.description = description }
}
