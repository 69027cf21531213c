import Cryptography
import Foundation
import HTTPServer
import Net
import Testing

@testable import MeetingServer

private let day: Int64 = 86_400

private func subjects(_ hosts: String...) -> [CertificateSubject] {
  hosts.compactMap { CertificateSubject($0) }
}

@Suite struct LocalAuthorityTests {
  @Test func `the certificate is kept until it is old or an address is new`() async throws {
    try await withFolder { folder in
      let store = CertificateStore()
      let authority = try LocalAuthority(in: folder.path, named: "Jumpa", at: 0)
      #expect(try authority.certify(subjects("host.local", "10.0.0.1"), in: store, at: 0))
      #expect(store.covers("host.local") && store.covers("10.0.0.1"))
      #expect(store.validity == -day...396 * day)

      let again = try LocalAuthority(in: folder.path, named: "Jumpa", at: 10 * day)
      #expect(again.fingerprint == authority.fingerprint)
      let other = CertificateStore()
      #expect(try !again.certify(subjects("10.0.0.1"), in: other, at: 10 * day))
      #expect(other.covers("host.local"))
      // An address that is gone is no reason, one that is new is.
      #expect(try again.certify(subjects("host.local", "10.0.0.2"), in: store, at: 10 * day))
      #expect(store.covers("10.0.0.2") && !store.covers("10.0.0.1"))
      #expect(try !again.certify(subjects("10.0.0.2"), in: store, at: 300 * day))
      #expect(try again.certify(subjects("10.0.0.2"), in: store, at: 377 * day))
      #expect(store.validity?.upperBound == (377 + 396) * day)
    }
  }

  @Test func `an authority that is lost, damaged or near its end is made anew, and signs anew`()
    async throws
  {
    try await withFolder { folder in
      let store = CertificateStore()
      let first = try LocalAuthority(in: folder.path, named: "Jumpa", at: 0)
      try first.certify(subjects("a.local"), in: store, at: 0)
      let late = try LocalAuthority(in: folder.path, named: "Jumpa", at: 3000 * day)
      #expect(late.fingerprint == first.fingerprint)
      let next = try LocalAuthority(in: folder.path, named: "Jumpa", at: 3300 * day)
      #expect(next.fingerprint != first.fingerprint)
      #expect(try next.certify(subjects("a.local"), in: CertificateStore(), at: 3300 * day))

      for file in ["ca.crt", "ca.key"] {
        let before = try LocalAuthority(in: folder.path, named: "Jumpa", at: 3300 * day)
        try before.certify(subjects("a.local"), in: store, at: 3300 * day)
        try Data("nothing".utf8).write(to: folder.appending(path: "local-authority/\(file)"))
        let after = try LocalAuthority(in: folder.path, named: "Jumpa", at: 3300 * day)
        #expect(after.fingerprint != before.fingerprint)
        // The server's certificate is good still, but nobody would believe it.
        #expect(try after.certify(subjects("a.local"), in: CertificateStore(), at: 3300 * day))
      }
    }
  }

  @Test func `what cannot be kept is said`() async throws {
    try await withFolder { folder in
      let file = folder.appending(path: "file")
      try Data().write(to: file)
      #expect(throws: ServerFault.self) {
        try LocalAuthority(in: file.path, named: "Jumpa", at: 0)
      }
    }
  }
}

@Suite struct PlainRoutesTests {
  private let answers = ChallengeAnswers()

  private func respond(
    _ path: String, _ headers: HTTPFields = ["Host": "meet.example"],
    method: HTTPRequest.Method = .get,
    domains: [String] = ["meet.example"], query: [Query.Parameter] = []
  ) -> HTTPResponse {
    PlainRoutes(answers: answers, authority: nil, domains: domains, port: { 443 })
      .respond(
        to: HTTPRequest(method: method, path: path, query: Query(query), headers: headers))
  }

  @Test func `everything leads to the same place over HTTPS`() {
    let query = [Query.Parameter(name: "a b", value: "c&d")]
    let response = respond("/room/a b", query: query)
    #expect(response.status == 307 && response.headers["Cache-Control"] == "no-store")
    #expect(response.headers["Location"] == "https://meet.example/room/a%20b?a%20b=c%26d")
    let other = respond("/", ["Host": "203.0.113.7:80"])
    #expect(other.headers["Location"] == "https://meet.example/")
    let local = respond("/", ["Host": "[fd00::1]:8080"], domains: [])
    #expect(local.headers["Location"] == "https://[fd00::1]/")
    #expect(respond("/", ["Host": "a\\b"]).status == .badRequest)
    #expect(respond("/", method: .post).status == .forbidden)
    #expect(respond("/ca.crt").status == 307)
    for (host, expected) in [
      ("a.b:8443", "a.b:8443"), ("a.b", "a.b"), ("[fd00::1]", "[fd00::1]"),
      ("[fd00::1]:8443", "[fd00::1]:8443"), ("a.b:99999", "a.b"),
    ] {
      let same = PlainRoutes(answers: answers, domains: [], port: nil)
        .respond(to: HTTPRequest(path: "/x", headers: ["Host": host]))
      #expect(same.headers["Location"] == "https://\(expected)/x")
    }
  }

  @Test func `an authority's question is answered while an order is under way`() {
    let path = "/.well-known/acme-challenge/token"
    #expect(respond(path).status == .notFound)
    answers.add("token.thumbprint", for: "token")
    #expect(respond(path).body == Array("token.thumbprint".utf8))
    #expect(respond(path, method: .post).status == .methodNotAllowed)
    answers.removeAll()
    #expect(respond(path).status == .notFound)
  }
}

@Suite struct EncryptionSettingTests {
  private func configuration(
    _ values: [(Setting, String)], isDemo: Bool = false
  ) throws -> ServerConfiguration {
    var layer = SettingLayer()
    for (setting, text) in values { layer.add(text, for: setting, origin: setting.flag) }
    return try ServerConfiguration(layers: [layer], isDemo: isDemo)
  }

  @Test func `a name, or a demonstration, brings its ports`() throws {
    let named = try configuration([(.domain, "Meet.Example"), (.data, "d"), (.acmeEmail, "a@b.c")])
    #expect(named.port == 443 && named.plainPort == 80)
    #expect(named.acme?.domains == ["meet.example"] && named.acme?.email == "a@b.c")
    #expect(named.acme?.directory == ACMESettings.letsEncrypt)
    let other = try configuration([
      (.domain, "a.b"), (.data, "d"), (.port, "8443"), (.httpPort, "0"),
    ])
    #expect(other.port == 8443 && other.plainPort == nil)
    let demo = try configuration([], isDemo: true)
    #expect(demo.port == 8443 && demo.plainPort == 8080 && demo.hasLocalAuthority)
    let own = try configuration([(.tlsCert, "c"), (.tlsKey, "k"), (.httpPort, "81")])
    #expect(own.port == 8080 && own.plainPort == 81)
  }

  @Test(
    arguments: [
      ([(.domain, "localhost"), (.data, "d")], "not a public host name"),
      ([(.domain, "203.0.113.7"), (.data, "d")], "not a public host name"),
      ([(.domain, "a..b"), (.data, "d")], "not a public host name"),
      ([(.domain, "*.a.b"), (.data, "d")], "not a public host name"),
      ([(.domain, "a.b")], "--domain needs --data DIR"),
      ([(.acmeEmail, "a@b.c")], "--acme-email is given without --domain"),
      ([(.domain, "a.b"), (.data, "d"), (.acmeEmail, "a,b@c")], "not an e-mail address"),
      ([(.domain, "a.b"), (.data, "d"), (.acmeDirectory, "http://x")], "not an https URL"),
      ([(.domain, "a.b"), (.data, "d"), (.tlsCert, "c"), (.tlsKey, "k")], "use one of them"),
      ([(.httpPort, "80")], "--http-port is given without HTTPS"),
    ] as [([(Setting, String)], String)])
  func `what does not go together is said`(values: [(Setting, String)], expected: String) {
    do {
      _ = try configuration(values)
      Issue.record("nothing was said")
    } catch {
      #expect("\(error)".contains(expected), "\(error)")
    }
  }
}
