import Cryptography
import DTLS
import Testing
import Wire

@Suite struct Verification {
  /// Engines of identities 0 and 1, which expect what is given.
  private func pair(
    clientExpects: [CertificateFingerprint]?, serverExpects: [CertificateFingerprint]?
  ) throws -> Pair {
    Pair(
      client: try DTLSEngine(
        context: try Contexts.shared(0), role: .client, expectedFingerprints: clientExpects),
      server: try DTLSEngine(
        context: try Contexts.shared(1), role: .server, expectedFingerprints: serverExpects))
  }

  private func fingerprint(_ index: Int) throws -> CertificateFingerprint {
    try Contexts.shared(index).identity.fingerprint
  }

  private func expectNothingExported(_ pair: Pair) {
    for side in Pair.Side.allCases {
      #expect(pair.keys(side) == nil)
      #expect(!pair.engine(side).isConnected)
      #expect(pair.engine(side).deadline == nil)
    }
  }

  @Test(arguments: [false, true])
  func `a server refuses a certificate that was not promised`(isEmpty: Bool) throws {
    let wrong = isEmpty ? [] : [try fingerprint(1), try fingerprint(2)]
    let pair = try pair(clientExpects: [try fingerprint(1)], serverExpects: wrong)
    pair.start()
    pair.run { !$0.errors(.server).isEmpty }
    // In the call that takes the certificate in, not later.
    #expect(pair.now == .zero + .milliseconds(30))
    #expect(pair.errors(.server) == [.fingerprintMismatch])
    pair.run()
    #expect(pair.errors(.client) == [.alertReceived(42)])
    expectNothingExported(pair)
  }

  @Test(arguments: [false, true])
  func `a client refuses a certificate that was not promised`(isEmpty: Bool) throws {
    let wrong = isEmpty ? [] : [try fingerprint(0), try fingerprint(2)]
    let pair = try pair(clientExpects: wrong, serverExpects: [try fingerprint(0)])
    pair.start()
    pair.run { !$0.errors(.client).isEmpty }
    #expect(pair.now == .zero + .milliseconds(20))
    #expect(pair.errors(.client) == [.fingerprintMismatch])
    pair.run()
    #expect(pair.errors(.server) == [.alertReceived(42)])
    expectNothingExported(pair)
  }

  @Test(arguments: Pair.Side.allCases)
  func `keys wait until the fingerprint is known`(late: Pair.Side) throws {
    let known = [Pair.Side.client: try fingerprint(0), .server: try fingerprint(1)]
    let expected = try #require(known[late.other])
    let pair = try pair(
      clientExpects: late == .client ? nil : [try fingerprint(1)],
      serverExpects: late == .server ? nil : [try fingerprint(0)])
    pair.start()
    pair.run(until: .zero + .seconds(1))
    #expect(pair.events[late] == [])
    #expect(pair.engine(late.other).isConnected)
    #expect(throws: DTLSError.notConnected) {
      try pair.engine(late).send([1].span, into: Outbox())
    }
    pair.call(late.other) { engine, outbox, _ in try? engine.send([8].span, into: outbox) }
    pair.run(until: .zero + .seconds(2))
    #expect(pair.events[late] == [])
    pair.call(late) {
      $0.setExpectedFingerprints([expected], at: pair.now, into: $1, events: &$2)
    }
    #expect(pair.keys(late) != nil && pair.events[late]?.count == 2)
    #expect(pair.data(late) == [[8]])
    #expect(pair.bothConnected)
    pair.run()
    #expect(pair.bothConnected)
  }

  @Test(arguments: Pair.Side.allCases)
  func `a fingerprint that comes late and is wrong ends it`(late: Pair.Side) throws {
    let pair = try pair(
      clientExpects: late == .client ? nil : [try fingerprint(1)],
      serverExpects: late == .server ? nil : [try fingerprint(0)])
    pair.start()
    pair.run(until: .zero + .seconds(1))
    pair.call(late.other) { engine, outbox, _ in try? engine.send([8].span, into: outbox) }
    pair.run(until: .zero + .seconds(2))
    let wrong = try fingerprint(2)
    pair.call(late) {
      $0.setExpectedFingerprints([wrong], at: pair.now, into: $1, events: &$2)
    }
    #expect(pair.events[late] == [.failed(.fingerprintMismatch)])
    pair.run()
    #expect(pair.events[late.other]?.last == .closed)
    #expect(pair.events[late] == [.failed(.fingerprintMismatch)])
  }

  @Test func `a fingerprint that never comes times out`() throws {
    let pair = try pair(clientExpects: nil, serverExpects: [try fingerprint(0)])
    pair.start()
    pair.run()
    #expect(pair.events[.client] == [.failed(.timedOut)])
  }

  @Test func `only fingerprints of the strongest hash function count`() throws {
    let (a, b) = (try Contexts.shared(0).identity, try Contexts.shared(1).identity)
    let weak = b.fingerprint
    let strong = CertificateFingerprint(ofCertificate: b.certificateDER.span, algorithm: .sha512)
    let wrong = CertificateFingerprint(ofCertificate: a.certificateDER.span, algorithm: .sha512)
    for (expected, connects) in [
      ([weak, strong], true), ([weak, wrong], false), ([wrong, strong], true),
    ] {
      let pair = try pair(clientExpects: expected, serverExpects: [a.fingerprint])
      pair.start()
      pair.run(until: .zero + .seconds(1))
      #expect(pair.bothConnected == connects)
    }
  }

  @Test func `fingerprints that come after connecting change nothing`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    pair.call(.client) { $0.setExpectedFingerprints([], at: pair.now, into: $1, events: &$2) }
    pair.run()
    #expect(pair.bothConnected)
  }
}
