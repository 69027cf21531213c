import Cryptography
import Foundation
import Testing
import Wire

@testable import ACME

/// An authority of one account and one order, as RFC 8555 §7 has it; faults are put in by hand.
private struct Authority {
  static let base = "https://acme.example"

  var names = ["meet.example"]
  var offers = ["http-01", "tls-alpn-01", "dns-01"]
  var authorizationStatus = "pending"
  var problemOfChallenge: String?
  /// Answers to be given in place of the next ones to POSTs.
  var instead: [ACMEAnswer] = []
  var orderStatus = "pending"
  private(set) var urls: [String] = []
  private(set) var payloads: [String] = []
  private(set) var headers: [String] = []
  private var nonces = 0

  static func answer(_ status: Int, _ body: String, location: String? = nil) -> ACMEAnswer {
    ACMEAnswer(status: status, location: location, body: Array(body.utf8))
  }

  static func problem(_ kind: String, _ detail: String = "", status: Int = 400) -> ACMEAnswer {
    answer(
      status, #"{"type":"urn:ietf:params:acme:error:\#(kind)","detail":\#(quoted(detail))}"#)
  }

  mutating func receive(_ request: ACMERequest) throws -> ACMEAnswer {
    urls.append(request.url)
    nonces += 1
    var answer = try reply(to: request)
    if !request.url.hasSuffix("/dir") { answer.nonce = "nonce-\(nonces)" }
    return answer
  }

  private mutating func reply(to request: ACMERequest) throws -> ACMEAnswer {
    if request.method != .post {
      let urls = ["newNonce", "newAccount", "newOrder"].map { #""\#($0)":"\#(Self.base)/\#($0)""# }
      return Self.answer(200, "{\(urls.joined(separator: ","))}")
    }
    try note(request)
    if !instead.isEmpty { return instead.removeFirst() }
    switch request.url.dropFirst(Self.base.count) {
    case "/newAccount": return Self.answer(201, "{}", location: "\(Self.base)/account/1")
    case "/newOrder": return Self.answer(201, order, location: "\(Self.base)/order/1")
    case "/finalize":
      orderStatus = "processing"
      return Self.answer(200, order)
    case "/order/1":
      let answer = Self.answer(200, order)
      if orderStatus == "processing" { orderStatus = "valid" }
      return answer
    case "/certificate":
      return Self.answer(200, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    case let path where path.hasPrefix("/authorization/"):
      return Self.answer(200, authorization(String(path.dropFirst("/authorization/".count))))
    default:
      authorizationStatus = problemOfChallenge == nil ? "valid" : "invalid"
      if problemOfChallenge == nil { orderStatus = "ready" }
      return Self.answer(200, "{}")
    }
  }

  private var order: String {
    let urls = names.map { #""\#(Self.base)/authorization/\#($0)""# }.joined(separator: ",")
    return #"""
      {"status":"\#(orderStatus)","authorizations":[\#(urls)],"finalize":"\#(Self.base)/finalize",
      "certificate":"\#(Self.base)/certificate"}
      """#
  }

  private func authorization(_ name: String) -> String {
    let error = problemOfChallenge.map { #","error":\#($0)"# } ?? ""
    let challenges = offers.map { kind in
      #"{"type":"\#(kind)","url":"\#(Self.base)/challenge/\#(kind)","token":"token-\#(name.prefix(1))"\#(error)}"#
    }
    return #"""
      {"status":"\#(authorizationStatus)","identifier":{"type":"dns","value":"\#(name)"},
      "challenges":[\#(challenges.joined(separator: ","))]}
      """#
  }

  private mutating func note(_ request: ACMERequest) throws {
    let body = try #require(request.body)
    let parts = try JSONDecoder().decode([String: String].self, from: Data(body.utf8))
    headers.append(try Self.decoded(parts["protected"]))
    payloads.append(try Self.decoded(parts["payload"]))
    #expect(parts["signature"]?.count == 86)
  }

  private static func decoded(_ text: String?) throws -> String {
    var text = try #require(text).replacing("-", with: "+").replacing("_", with: "/")
    while text.count % 4 != 0 { text += "=" }
    return String(decoding: try #require(Data(base64Encoded: text)), as: UTF8.self)
  }
}

/// What a run of the machine came to.
private struct Outcome {
  var chain: String?
  var failure: ACMEFailure?
  var answers: [ACMEChallengeAnswer] = []
  var waited = Duration.zero
}

private func run(
  _ authority: inout Authority, kind: ACMEChallengeKind = .http, limit: Int = 200
) throws -> Outcome {
  let wish = ACMEClient.Wish(
    directory: "\(Authority.base)/dir", names: authority.names, email: "me@meet.example",
    kind: kind)
  var client = ACMEClient(
    wish, accountKey: try .generate(), certificateKey: try .generate())
  var outcome = Outcome()
  var now = Instant.zero
  for _ in 0..<limit {
    switch client.next(at: now) {
    case .send(let request): client.receive(try authority.receive(request), at: now)
    case .answer(let answers): outcome.answers = answers
    case .wait(let instant):
      outcome.waited = outcome.waited + (instant - now)
      now = instant
    case .finished(let chain):
      outcome.chain = chain
      return outcome
    case .failed(let failure):
      outcome.failure = failure
      return outcome
    }
  }
  Issue.record("it goes on for ever: \(authority.urls.suffix(5))")
  return outcome
}

@Suite struct ACMEClientTests {
  @Test(arguments: [ACMEChallengeKind.http, .tlsALPN])
  func `an order goes from the directory to the certificate`(kind: ACMEChallengeKind) throws {
    var authority = Authority()
    authority.names = ["meet.example", "www.meet.example"]
    let outcome = try run(&authority, kind: kind)
    #expect(outcome.chain?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
    #expect(outcome.answers.map(\.name) == authority.names)
    #expect(outcome.answers.map(\.token) == ["token-m", "token-w"])
    #expect(outcome.answers.allSatisfy { $0.kind == kind && $0.keyAuthorization.count == 7 + 44 })
    let paths = authority.urls.map { $0.dropFirst(Authority.base.count) }
    #expect(
      paths == [
        "/dir", "/newNonce", "/newAccount", "/newOrder", "/authorization/meet.example",
        "/authorization/www.meet.example", "/challenge/\(kind.rawValue)",
        "/challenge/\(kind.rawValue)", "/authorization/meet.example",
        "/authorization/www.meet.example", "/order/1", "/finalize", "/order/1", "/order/1",
        "/certificate",
      ])
    #expect(authority.payloads[0].contains(#""contact":["mailto:me@meet.example"]"#))
    #expect(authority.payloads[2] == "" && authority.payloads[4] == "{}")
    // The first request names the key, the others the account; each has a nonce of its own.
    #expect(authority.headers[0].contains(#""jwk":{"crv":"P-256","kty":"EC","x":""#))
    #expect(
      authority.headers.dropFirst().allSatisfy {
        $0.contains(#""kid":"https://acme.example/account/1""#)
      })
    #expect(
      Set(authority.headers.compactMap { $0.firstMatch(of: /nonce-\d+/)?.output }).count
        == authority.headers.count)
  }

  @Test func `a name that is checked already is not checked again`() throws {
    var authority = Authority()
    authority.authorizationStatus = "valid"
    authority.orderStatus = "ready"
    let outcome = try run(&authority)
    #expect(outcome.chain != nil && outcome.answers.isEmpty)
  }

  @Test func `a refused nonce is made good, but not for ever`() throws {
    var authority = Authority()
    authority.instead = Array(repeating: Authority.problem("badNonce"), count: 5)
    #expect(try run(&authority).chain != nil)
    authority = Authority()
    authority.instead = Array(repeating: Authority.problem("badNonce"), count: 100)
    #expect(try run(&authority).failure != nil)
    #expect(authority.urls.count < 12)
  }

  @Test func `a challenge that fails says which port has to lead here`() throws {
    var authority = Authority()
    authority.problemOfChallenge =
      #"{"type":"urn:ietf:params:acme:error:connection","detail":"Timeout\nduring connect"}"#
    let http = try #require(try run(&authority).failure)
    #expect(http.isChallenge)
    #expect(
      http.description == "the certificate authority could not check meet.example by http-01: "
        + "connection, Timeout during connect; TCP port 80 of meet.example has to lead to this "
        + "server, through router and firewall")
    authority.authorizationStatus = "pending"
    authority.problemOfChallenge = #"{"type":"urn:ietf:params:acme:error:dns","detail":"NXDOMAIN"}"#
    let dns = try #require(try run(&authority, kind: .tlsALPN).failure)
    #expect(
      dns.description.hasSuffix(
        "meet.example has to lead to this machine's public address in DNS"))
  }

  @Test func `a challenge that is not offered is one that fails`() throws {
    var authority = Authority()
    authority.offers = ["dns-01"]
    #expect(try run(&authority).failure?.isChallenge == true)
    #expect(authority.urls.count == 5)
  }

  @Test func `an authority that has had enough is left alone for as long as it says`() throws {
    var authority = Authority()
    var limited = Authority.problem("rateLimited", "too many certificates", status: 429)
    limited.retryAfter = .seconds(86_400)
    authority.instead = [limited]
    let failure = try #require(try run(&authority).failure)
    #expect(failure.retryAfter == .seconds(86_400) && !failure.isChallenge)
    #expect(failure.description.contains("too many certificates"))
  }

  @Test func `waiting has an end`() throws {
    var authority = Authority()
    authority.orderStatus = "pending"
    authority.authorizationStatus = "valid"
    let outcome = try run(&authority)
    #expect(outcome.failure?.description.contains("takes too long") == true)
    #expect(outcome.waited >= .seconds(180) && outcome.waited < .seconds(240))
  }

  @Test func `whatever comes in place of an answer ends in words`() throws {
    let bodies = [
      "", "{", "null", "[]", "{}", "<html>", #"{"status":"unheard-of"}"#,
      #"{"status":"pending","authorizations":[],"finalize":"https://x"}"#,
      #"{"status":"pending","authorizations":["http://x"],"finalize":"https://x"}"#,
      #"{"status":"valid","authorizations":["https://x"],"finalize":"file:///x"}"#,
    ]
    for position in 0..<9 {
      for body in bodies {
        for status in [200, 404, 500] {
          var authority = Authority()
          var random = RandomSource.seeded(UInt64(position))
          _ = random.next()
          let wish = ACMEClient.Wish(
            directory: "\(Authority.base)/dir", names: authority.names, kind: .http)
          var client = ACMEClient(
            wish, accountKey: Self.key, certificateKey: Self.key)
          var now = Instant.zero
          var count = 0
          steps: for _ in 0..<300 {
            switch client.next(at: now) {
            case .send(let request):
              var answer = try authority.receive(request)
              if count == position {
                (answer.status, answer.body) = (status, Array(body.utf8))
                (answer.location, answer.nonce) = (nil, nil)
              }
              count += 1
              client.receive(answer, at: now)
            case .answer: break
            case .wait(let instant): now = instant
            case .finished: break steps
            case .failed(let failure):
              #expect(
                failure.description.hasPrefix("the certificate authority")
                  || failure.description.hasPrefix("what the certificate authority"))
              break steps
            }
          }
          #expect(count < 100)
        }
      }
    }
  }

  private static let key: SigningKey = {
    guard let key = try? SigningKey.generate() else { preconditionFailure("no randomness") }
    return key
  }()

  @Test func `what a signature is over is what RFC 7515 says`() throws {
    // The example of RFC 7638 has another kind of key; the form is what counts here.
    let key = ACMEAccountKey(key: Self.key)
    let authorization = key.authorization(for: "t")
    let point = Self.key.publicPoint
    let text =
      #"{"crv":"P-256","kty":"EC","x":"\#(base64URL(point.x))","y":"\#(base64URL(point.y))"}"#
    let digest = MessageDigest.sha256.hash(Array(text.utf8).span)
    #expect(authorization == "t." + base64URL(digest))
    #expect(base64URL([0xFB, 0xEF, 0xFF, 0]) == "--__AA")
    #expect(quoted("a/\"\n") == #""a/\"\n""#)
  }
}
