import Cryptography
import Testing

@Suite struct Fingerprints {
  private static let text =
    "12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD"

  private static func digits(_ count: Int) -> String {
    Array(repeating: "0a", count: count).joined(separator: ":")
  }

  @Test func `the digest is that of FIPS 180-4's example`() {
    let fingerprint = CertificateFingerprint(ofCertificate: Array("abc".utf8).span)
    #expect(
      fingerprint.description == """
        sha-256 BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
        B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD
        """)
    let longer = CertificateFingerprint(
      ofCertificate: Array("abc".utf8).span, algorithm: .sha512)
    #expect(longer.digest.prefix(4) == [0xdd, 0xaf, 0x35, 0xa1])
    let middle = CertificateFingerprint(
      ofCertificate: Array("abc".utf8).span, algorithm: .sha384)
    #expect(middle.digest.prefix(4) == [0xcb, 0x00, 0x75, 0x3f])
  }

  @Test(arguments: CertificateFingerprint.Algorithm.allCases)
  func `text and value are the same`(algorithm: CertificateFingerprint.Algorithm) throws {
    let fingerprint = CertificateFingerprint(ofCertificate: [1, 2, 3].span, algorithm: algorithm)
    #expect(CertificateFingerprint(fingerprint.description) == fingerprint)
    #expect(CertificateFingerprint(fingerprint.description.lowercased()) == fingerprint)
    #expect(CertificateFingerprint(fingerprint.description.uppercased()) == fingerprint)
    #expect(fingerprint.digest.count == algorithm.digestByteCount)
  }

  @Test func `the example of RFC 8122 is read and printed`() throws {
    let fingerprint = try #require(CertificateFingerprint("sha-256 \(Self.text)"))
    #expect(fingerprint.description == "sha-256 \(Self.text)")
    #expect(fingerprint.digest.first == 0x12 && fingerprint.digest.last == 0xad)
  }

  @Test(arguments: [
    "", " ", "sha-256", "sha-256 ", " sha-256 \(text)", "sha-256  \(text)", "sha-256 \(text) ",
    "sha-256 \(text):", "sha-256 :\(text)", "sha-256 \(text.dropLast())", "sha-256 \(text)0",
    "sha-256 \(text.dropLast(3))", "sha-256 \(text):00", "sha-256\t\(text)",
    "sha-256 \(text.replacing(":", with: ""))", "sha-256 \(text.replacing("DF", with: "DG"))",
    "sha-256 \(text.replacing("DF", with: "+F"))", "sha-256 \(text.replacing("DF", with: "é"))",
    "sha-1 \(digits(20))", "md5 \(digits(16))", "md2 \(digits(16))", "sha-224 \(digits(28))",
    "sha-512 \(text)", "sha-384 \(digits(47))", "sha256 \(text)",
    "sha-256 " + String(repeating: "A", count: 100_000),
  ])
  func `anything else is refused`(text: String) {
    #expect(CertificateFingerprint(text) == nil)
  }

  @Test func `a digest of another length is refused`() {
    #expect(CertificateFingerprint(algorithm: .sha256, digest: [1, 2, 3]) == nil)
    let digest = [UInt8](repeating: 1, count: 32)
    #expect(CertificateFingerprint(algorithm: .sha256, digest: digest)?.digest == digest)
    #expect(CertificateFingerprint(algorithm: .sha512, digest: digest) == nil)
  }

  @Test func `of several hash functions only the strongest counts`() {
    let (mine, other) = ([1, 2, 3] as [UInt8], [4, 5, 6] as [UInt8])
    let weak = CertificateFingerprint(ofCertificate: mine.span)
    let strong = CertificateFingerprint(ofCertificate: mine.span, algorithm: .sha512)
    let wrong = CertificateFingerprint(ofCertificate: other.span, algorithm: .sha512)
    let wrongWeak = CertificateFingerprint(ofCertificate: other.span)
    func accepts(_ expected: [CertificateFingerprint]) -> Bool {
      expected.accept(certificate: mine.span)
    }
    #expect(accepts([weak]))
    #expect(accepts([wrongWeak, weak]))
    #expect(accepts([wrongWeak, strong]))
    #expect(!accepts([weak, wrong]))
    #expect(!accepts([wrong]))
    #expect(!accepts([]))
  }
}

@Suite struct Certificates {
  @Test func `every certificate has its own key`() throws {
    let (a, b) = (try SelfSignedCertificate.generate(), try SelfSignedCertificate.generate())
    #expect(a.certificate != b.certificate && a.privateKey != b.privateKey)
    // Small, so that a server's flight fits into one datagram.
    #expect(a.certificate.count < 420)
    #expect(a.certificate.first == 0x30 && a.privateKey.first == 0x30)
  }

  @Test(arguments: ["a", String(repeating: "n", count: 64), "Rapat — 会議"])
  func `any short name will do`(name: String) throws {
    let certificate = try SelfSignedCertificate.generate(commonName: name)
    #expect(!certificate.certificate.isEmpty)
  }

  @Test(arguments: ["", String(repeating: "n", count: 65)])
  func `a name of another length is refused`(name: String) {
    #expect(throws: CertificateGenerationFailed.self) {
      try SelfSignedCertificate.generate(commonName: name)
    }
  }

  @Test func `no text shows the private key`() throws {
    let certificate = try SelfSignedCertificate.generate()
    var dumped = ""
    dump(certificate, to: &dumped)
    let fingerprint = CertificateFingerprint(ofCertificate: certificate.certificate.span)
    #expect("\(certificate)" == fingerprint.description)
    #expect(String(reflecting: certificate) == fingerprint.description)
    #expect(!dumped.contains("privateKey") && dumped.count < 200)
  }
}
