import Foundation
import Net

/// A certificate and its key in files that the operator, or a program of theirs, replaces in time.
struct CertificateFiles: Sendable {
  let certificate: String
  let key: String

  /// Has `store` show what is in the files; it keeps what it has where they cannot be used.
  func load(into store: CertificateStore) throws(ServerFault) {
    let chain = try Self.text(of: certificate)
    let key = try Self.text(of: self.key)
    do throws(CertificateStore.Failure) {
      try store.replace(certificatesPEM: chain, privateKeyPEM: key)
    } catch {
      throw Self.fault(error == .noKey ? self.key : certificate, error.description)
    }
  }

  /// What the files look like from outside, to notice a change.
  var marks: [FileMark?] { [FileMark(certificate), FileMark(key)] }

  private static func text(of path: String) throws(ServerFault) -> String {
    do {
      return try String(contentsOf: URL(filePath: path), encoding: .utf8)
    } catch {
      throw fault(path, reason(error))
    }
  }

  private static func fault(_ path: String, _ reason: String) -> ServerFault {
    ServerFault(
      "the TLS certificate or key \(path) cannot be used: \(reason); see \(Setting.tlsCert.flag) "
        + "and \(Setting.tlsKey.flag)")
  }
}

/// A file as its directory tells of it: a changed content changes one of these.
struct FileMark: Equatable, Sendable {
  private let number: Int
  private let byteCount: Int
  private let modified: Date

  /// Of what stands at the end of all links; nil where there is nothing.
  init?(_ path: String) {
    let target = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: target),
      let number = attributes[.systemFileNumber] as? Int,
      let byteCount = attributes[.size] as? Int,
      let modified = attributes[.modificationDate] as? Date
    else { return nil }
    self.number = number
    self.byteCount = byteCount
    self.modified = modified
  }
}

/// Tells when files that change from time to time are to be read anew.
///
/// Two files are not replaced in one moment: they are read once they look the same twice in a row.
struct FileWatch<Mark: Equatable & Sendable>: Sendable {
  private var read: Mark
  private var last: Mark

  /// The files were read when they looked like this.
  init(read: Mark) {
    self.read = read
    last = read
  }

  /// Whether to read the files, which look like this now.
  mutating func look(_ mark: Mark) -> Bool {
    defer { last = mark }
    guard mark != read, mark == last else { return false }
    read = mark
    return true
  }
}
