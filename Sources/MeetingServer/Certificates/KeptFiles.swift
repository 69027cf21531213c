import Foundation

/// Files of the server's own in a folder of its data directory that nobody else can look into.
struct KeptFiles: Sendable {
  let folder: URL

  /// In a folder, which is made.
  init(in directory: String, _ name: String) throws(ServerFault) {
    folder = URL(filePath: directory, directoryHint: .isDirectory).appending(path: name)
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o700], ofItemAtPath: folder.path(percentEncoded: false))
    } catch {
      throw ServerFault("the folder \(folder.path) cannot be made: \(reason(error))")
    }
  }

  /// What a file says; nil where there is none, or none that can be read.
  func text(_ name: String) -> String? {
    try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }

  /// Puts a file in the place of what is there: a reader finds the old one or the new one, whole.
  func write(_ text: String, to name: String) throws(ServerFault) {
    let target = folder.appending(path: name)
    do {
      try Data(text.utf8).write(to: target, options: .atomic)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o600], ofItemAtPath: target.path(percentEncoded: false))
    } catch {
      throw ServerFault(
        "\(target.path(percentEncoded: false)) cannot be written: \(reason(error))")
    }
  }
}
