import Cryptography
import Foundation
import Net
import Synchronization
import Testing

@testable import MeetingServer

/// A folder that is gone after `body`.
func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "jumpa-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

private func pem(_ label: String, _ der: [UInt8]) -> Data {
  let text = Data(der).base64EncodedString(options: .lineLength64Characters)
  return Data("-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n".utf8)
}

/// Sentences for the operator, kept.
final class Notes: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  func take() -> [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }
}

@Suite struct CertificateTests {
  @Test func `changed files are read once they look the same twice`() {
    var watch = FileWatch(read: 1)
    #expect(
      [1, 1, 2, 3, 3, 3, 3, 1, 1, 1].map { watch.look($0) } == [
        false, false, false, false, true, false, false, false, true, false,
      ])
  }

  @Test
  func `a renewed certificate is taken, and one that cannot be used is reported and not taken`()
    async throws
  {
    try await withFolder { folder in
      let (chain, key) = (folder.appending(path: "c.pem"), folder.appending(path: "k.pem"))
      let authority = try IssuedCertificate.authority(named: "A", validity: 0...4_000_000_000)
      let first = try authority.issue(for: [.name("first.example")], validity: 0...86_400)
      let second = try authority.issue(
        for: [.name("second.example")], validity: 0...4_000_000_000)
      try pem("CERTIFICATE", first.certificate).write(to: chain)
      try pem("EC PRIVATE KEY", first.key.der).write(to: key)

      let store = CertificateStore()
      let notes = Notes()
      let keeper = try CertificateKeeper(
        CertificateFiles(certificate: chain.path, key: key.path), store: store
      ) { notes.add($0) }
      #expect(notes.take() == ["the TLS certificate \(chain.path) ended on 1970-01-02"])
      await keeper.look()
      #expect(store.covers("first.example") && notes.take().isEmpty)

      // The certificate is there already, its key is not: they are looked at again when both are.
      try pem("CERTIFICATE", second.certificate).write(to: chain)
      await keeper.look()
      #expect(store.covers("first.example") && notes.take().isEmpty)
      await keeper.look()
      #expect(store.covers("first.example"))
      let complaint = notes.take()
      #expect(complaint.count == 1)
      #expect(complaint.first?.contains("the key does not belong to the certificate") == true)
      #expect(complaint.first?.hasSuffix("the one read before stays in use") == true)
      await keeper.look()
      #expect(notes.take().isEmpty)

      try pem("EC PRIVATE KEY", second.key.der).write(to: key)
      await keeper.look()
      await keeper.look()
      #expect(store.covers("second.example") && !store.covers("first.example"))
      #expect(
        notes.take() == [
          "the TLS certificate \(chain.path) was read again; it holds until 2096-10-02"
        ])

      try FileManager.default.removeItem(at: key)
      await keeper.reload()
      #expect(store.covers("second.example"))
      #expect(notes.take().first?.contains("\(key.path) cannot be used: ") == true)
    }
  }
}
