import Foundation

/// Makes the data directory where it is missing, and makes sure that files can be written to it.
func prepareDataDirectory(_ path: String) throws(ServerFault) {
  let directory = URL(filePath: path, directoryHint: .isDirectory)
  let probe = directory.appending(path: ".writable-\(UInt64.random(in: 0 ... .max))")
  do {
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try Data().write(to: probe)
    try FileManager.default.removeItem(at: probe)
  } catch {
    throw ServerFault(
      "cannot write to the data directory \(path): \(reason(error)); give the user that runs jumpa "
        + "the right to, or choose another with \(Setting.data.flag)")
  }
}

/// The web client: beside an installed program, in the present directory, or in the package that the
/// program was built from.
func findWebDirectory() -> String? {
  var places: [URL] = []
  if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
    var directory = URL(filePath: program).deletingLastPathComponent()
    places.append(directory.appending(path: "../share/jumpa/web").standardized)
    for _ in 0..<4 {
      directory = directory.deletingLastPathComponent()
      places.append(directory.appending(path: "web"))
    }
  }
  places.insert(URL(filePath: "web"), at: min(1, places.count))
  return places.map { $0.path(percentEncoded: false) }
    .first { FileManager.default.isReadableFile(atPath: $0 + "/index.html") }
}
