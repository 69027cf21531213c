import Cryptography
import Foundation
import Testing
import Wire

/// `openssl` run with files in a folder of their own; what it printed.
private func openssl(_ arguments: [String], files: [String: [UInt8]]) throws -> String {
  let folder = FileManager.default.temporaryDirectory.appending(path: "x509-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
  let (process, output) = (Process(), Pipe())
  process.executableURL = URL(filePath: "/usr/bin/openssl")
  process.arguments = arguments
  process.currentDirectoryURL = folder
  process.standardOutput = output
  process.standardError = output
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return String(decoding: text, as: UTF8.self)
}

private func pem(_ der: [UInt8]) -> [UInt8] {
  let text = Data(der).base64EncodedString(options: .lineLength64Characters)
  return Array("-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n".utf8)
}

private func text(of der: [UInt8]) throws -> String {
  try openssl(["x509", "-in", "c", "-inform", "DER", "-noout", "-text"], files: ["c": der])
}

/// 2026 and its end, in seconds since 1970.
private let year: ClosedRange<Int64> = 1_767_225_600...1_798_761_599

@Suite struct IssuedCertificates {
  @Test func `an authority signs servers, and openssl believes it`() throws {
    let authority = try IssuedCertificate.authority(named: "Jumpa on host", validity: year)
    let other = try IssuedCertificate.authority(named: "Jumpa on host", validity: year)
    let subjects = ["host.local", "192.168.1.20", "fd00::1"].compactMap { CertificateSubject($0) }
    let server = try authority.issue(for: subjects, validity: year)
    let check = [
      "verify", "-x509_strict", "-attime", "1780000000", "-purpose", "sslserver", "-CAfile", "ca",
    ]
    let files = [
      "ca": pem(authority.certificate), "other": pem(other.certificate), "c": server.certificate,
    ]
    for (arguments, isGood) in [
      (["-verify_hostname", "host.local"], true), (["-verify_ip", "192.168.1.20"], true),
      (["-verify_ip", "fd00::1"], true), (["-verify_hostname", "other.local"], false),
      (["-verify_ip", "192.168.1.21"], false), (["-attime", "1798761600"], false),
      (["-purpose", "sslclient"], false), (["-CAfile", "other"], false),
    ] {
      let answer = try openssl(check + arguments + ["c"], files: files)
      #expect((answer == "c: OK\n") == isGood, "\(arguments): \(answer)")
    }
    #expect(authority.hasIssued(server.certificate) && authority.hasIssued(authority.certificate))
    #expect(!other.hasIssued(server.certificate) && !authority.hasIssued([1, 2, 3]))
    let said = try text(of: server.certificate)
    for line in [
      "CA:FALSE", "TLS Web Server Authentication", "Not Before: Jan  1 00:00:00 2026 GMT",
      "Not After : Dec 31 23:59:59 2026 GMT",
      "DNS:host.local, IP Address:192.168.1.20, IP Address:FD00:0:0:0:0:0:0:1",
    ] {
      #expect(said.contains(line), "\(line)")
    }
    #expect(try text(of: authority.certificate).contains("CA:TRUE, pathlen:0"))
  }

  @Test func `no certificate is for what is not a name`() throws {
    let authority = try IssuedCertificate.authority(named: "A", validity: year)
    for name in ["", "a,DNS:b", "a b", "é", "*", String(repeating: "a", count: 254)] {
      #expect(CertificateSubject(name) == nil)
      #expect(throws: CertificateGenerationFailed.self) {
        try authority.issue(for: [.name(name)], validity: year)
      }
    }
    #expect(throws: CertificateGenerationFailed.self) {
      try authority.issue(for: [], validity: year)
    }
    #expect(throws: CertificateGenerationFailed.self) {
      try IssuedCertificate.authority(named: "", validity: year)
    }
  }

  @Test func `a challenge's certificate carries the digest, and must not be overlooked`() throws {
    let digest = [UInt8](0..<32)
    let made = try IssuedCertificate.challenge(
      for: "meet.example", digest: digest, validity: year)
    let said = try text(of: made.certificate)
    #expect(said.contains("1.3.6.1.5.5.7.1.31: critical"))
    #expect(said.contains("DNS:meet.example"))
    // An octet string of 32 bytes within the extension's own.
    #expect(made.certificate.contains([4, 34, 4, 32] + digest))
  }

  @Test func `a request is for its names and signed by its key`() throws {
    let key = try SigningKey.generate()
    let request = try IssuedCertificate.request(for: ["a.example", "b.example"], key: key)
    let said = try openssl(
      ["req", "-in", "r", "-inform", "DER", "-noout", "-text", "-verify"], files: ["r": request])
    #expect(said.contains("self-signature verify OK"))
    #expect(said.contains("DNS:a.example, DNS:b.example"))
    #expect(throws: CertificateGenerationFailed.self) {
      try IssuedCertificate.request(for: ["a,b"], key: key)
    }
  }

  @Test func `a key signs what openssl verifies, and is the same after it was kept`() throws {
    let key = try SigningKey.generate()
    let message = Array("a message".utf8)
    let signature = try key.sign(message)
    #expect(signature.count == 64)
    let kept = try #require(SigningKey(der: key.der))
    #expect(kept.publicPoint.x == key.publicPoint.x && kept.publicPoint.y == key.publicPoint.y)
    #expect(SigningKey(der: [1, 2, 3]) == nil)
    #expect(!String(reflecting: key).contains("der"))
    func number(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
      var digits = Array(bytes.drop { $0 == 0 })
      if digits[0] >= 0x80 { digits.insert(0, at: 0) }
      return [2, UInt8(digits.count)] + digits
    }
    let numbers = number(signature[..<32]) + number(signature[32...])
    let said = try openssl(
      ["dgst", "-sha256", "-prverify", "k", "-keyform", "DER", "-signature", "s", "m"],
      files: ["k": key.der, "s": [0x30, UInt8(numbers.count)] + numbers, "m": message])
    #expect(said == "Verified OK\n")
  }
}
