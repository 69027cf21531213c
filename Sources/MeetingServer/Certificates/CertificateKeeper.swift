import Foundation
import Net

/// Keeps what a server shows in line with the files it was given.
actor CertificateKeeper: CertificateKeeping {
  private let files: CertificateFiles
  private let store: CertificateStore
  private let log: @Sendable (String) -> Void
  private var watch: FileWatch<[FileMark?]>

  /// Reads the files, which have to be usable now.
  init(
    _ files: CertificateFiles, store: CertificateStore, log: @escaping @Sendable (String) -> Void
  ) throws(ServerFault) {
    self.files = files
    self.store = store
    self.log = log
    watch = FileWatch(read: files.marks)
    try files.load(into: store)
    if let validity = store.validity, validity.upperBound < Int64(Date.now.timeIntervalSince1970) {
      log("the TLS certificate \(files.certificate) ended on \(Self.day(validity.upperBound))")
    }
  }

  /// Looks whether the files have changed.
  func look() {
    if watch.look(files.marks) { reload() }
  }

  /// Reads the files again, changed or not.
  func reload() {
    do throws(ServerFault) {
      try files.load(into: store)
      let end = store.validity.map { "; it holds until \(Self.day($0.upperBound))" } ?? ""
      log("the TLS certificate \(files.certificate) was read again\(end)")
    } catch {
      log("\(error.description); the one read before stays in use")
    }
  }

  private static func day(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601.year().month().day())
  }
}
