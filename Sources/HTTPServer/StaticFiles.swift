import FoundationEssentials
import Synchronization

/// Files served to anyone, from a directory or from memory.
///
/// The directory is listed beforehand and a request only looks its path up in that list: what a client
/// writes never becomes a file name. A file that changed is read anew; a new file is found at the next
/// request that misses, at most once a second.
public final class StaticFiles: Sendable {
  /// Maps a path that is no file to one that is, such as `/room/x` to `/index.html`; nil leaves it be.
  public typealias Rewrite = @Sendable (String) -> String?

  fileprivate struct State {
    var files: [String: StaticFile] = [:]
    var lastListing: ContinuousClock.Instant
  }

  private let directory: String?
  private let rewrite: Rewrite
  private let state: Mutex<State>

  /// Everything below a directory, except what begins with a dot and links that lead out of it.
  public init(
    directory: String, rewrite: @escaping Rewrite = { _ in nil }
  ) throws(HTTPServerError) {
    guard let files = Self.list(directory) else { throw .directoryUnreadable(path: directory) }
    self.directory = directory
    self.rewrite = rewrite
    state = Mutex(State(files: files, lastListing: .now))
  }

  /// The given contents by path; the type follows from the path's extension.
  public init(table: [String: [UInt8]], rewrite: @escaping Rewrite = { _ in nil }) {
    directory = nil
    self.rewrite = rewrite
    let files = table.map { ($0, StaticFile(path: $0, content: $1)) }
    state = Mutex(State(files: Dictionary(files) { first, _ in first }, lastListing: .now))
  }

  /// The answer to a request for a file; nil if there is no such file.
  public func response(to request: HTTPRequest) -> HTTPResponse? {
    guard let file = file(for: request.path) else { return nil }
    guard request.method == .get || request.method == .head else {
      return .methodNotAllowed(allow: "GET, HEAD")
    }
    return file.response(to: request)
  }

  private func file(for path: String) -> StaticFile? {
    let names = [path.hasSuffix("/") ? path + "index.html" : path, rewrite(path)].compactMap { $0 }
    return state.withLock { state in
      if let file = state.first(of: names) { return file }
      guard let directory, ContinuousClock.now - state.lastListing >= .seconds(1) else {
        return nil
      }
      state.lastListing = .now
      for (name, file) in Self.list(directory) ?? [:] where state.files[name] == nil {
        state.files[name] = file
      }
      return state.first(of: names)
    }
  }

  private static func list(_ directory: String) -> [String: StaticFile]? {
    let manager = FileManager.default
    let root = URL(filePath: directory, directoryHint: .isDirectory).resolvingSymlinksInPath()
    guard let names = try? manager.subpathsOfDirectory(atPath: root.path) else { return nil }
    var files: [String: StaticFile] = [:]
    for name in names where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
      let location = root.appending(path: name).resolvingSymlinksInPath().path
      // Without the slash, a link to a neighbour whose name begins the same would be inside.
      let inside = root.path == "/" ? "/" : root.path + "/"
      guard location.hasPrefix(inside), let stamp = StaticFile.Stamp(location) else { continue }
      files["/" + name] = StaticFile(path: "/" + name, location: location, stamp: stamp)
    }
    return files
  }
}

extension StaticFiles.State {
  fileprivate mutating func first(of names: [String]) -> StaticFile? {
    for name in names {
      if let file = current(name) { return file }
    }
    return nil
  }

  /// The file under a path, read and compressed if it was not or has changed.
  fileprivate mutating func current(_ path: String) -> StaticFile? {
    guard var file = files[path] else { return nil }
    if file.refresh() { files[path] = file }
    if file.representation == nil { files[path] = nil }
    return file.representation == nil ? nil : file
  }
}
