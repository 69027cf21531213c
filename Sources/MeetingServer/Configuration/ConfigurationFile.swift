import Foundation
import Signaling

extension SettingLayer {
  /// What a JSON5 file says. Its keys are `Setting.key`; any other is refused.
  public init(file path: String) throws(SettingError) {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw SettingError("cannot read \(path): \(reason(error)); check the path and its rights")
    }
    try self.init(json5: data, path: path)
  }

  /// What the content of a file called `path` says.
  init(json5 data: Data, path: String) throws(SettingError) {
    self.init()
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    let isSmall = data.count <= 1_048_576 && JSONShape(of: data).depth <= 8
    guard isSmall, case .object(let members)? = try? decoder.decode(JSONValue.self, from: data)
    else {
      throw SettingError(
        "\(path) is not a JSON5 object; it looks like { port: 8080, udpPort: 7880 }")
    }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let setting = Setting.allCases.first(where: { $0.key == key }) else {
        throw unknown(key, in: path)
      }
      for text in try texts(value, of: setting, in: path) {
        add(text, for: setting, origin: "\"\(key)\" in \(path)")
      }
    }
  }

  private func unknown(_ key: String, in path: String) -> SettingError {
    let keys = Setting.allCases.map(\.key)
    let shown = String(key.unicodeScalars.prefix(64))
    guard let meant = closest(to: key, among: keys) else {
      return SettingError(
        "unknown key \"\(shown)\" in \(path); known are \(keys.joined(separator: ", "))")
    }
    return SettingError("unknown key \"\(shown)\" in \(path); did you mean \"\(meant)\"?")
  }

  private func texts(
    _ value: JSONValue, of setting: Setting, in path: String
  ) throws(SettingError) -> [String] {
    switch value {
    case .string(let text): return [text]
    case .integer(let number): return ["\(number)"]
    case .array(let values) where setting.isList:
      let texts = values.compactMap(\.text)
      if texts.count == values.count { return texts }
    default: break
    }
    let wanted =
      setting.isList
      ? "a string or an array of strings"
      : setting.isNumber ? "a whole number" : "a string"
    throw SettingError("\"\(setting.key)\" in \(path) is not \(wanted)")
  }
}

extension Setting {
  fileprivate var isNumber: Bool {
    switch self {
    case .turnPort, .turnsPort, .relayQuota, .relayRate, .relayTotalRate: true
    case .port, .httpPort, .udpPort, .workers, .maxParticipants: true
    default: false
    }
  }
}

/// The system's own words, where there are some.
func reason(_ error: any Error) -> String {
  let error = error as NSError
  let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
  guard underlying.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
  return underlying.localizedFailureReason ?? underlying.localizedDescription
}
