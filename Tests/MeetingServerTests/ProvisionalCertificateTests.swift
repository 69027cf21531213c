import Cryptography
import Foundation
import HTTPMessages
import Net
import Testing
import Wire

@testable import MeetingServer

private func settings() -> ACMESettings {
  var settings = ACMESettings()
  settings.domains = ["meet.example", "www.meet.example"]
  // Nobody listens there.
  settings.directory = "https://127.0.0.1:1/dir"
  return settings
}

@Suite(.timeLimit(.minutes(5))) struct ProvisionalCertificateTests {
  @Test func `a server without a certificate shows one of its own, keeps none, and asks for one`()
    async throws
  {
    try await withFolder { folder in
      let (store, notes) = (CertificateStore(), Notes())
      let keeper = try ACMECertificates(
        settings(), in: folder.path, store: store, answers: ChallengeAnswers()
      ) { notes.add($0) }
      #expect(store.covers("meet.example") && store.covers("www.meet.example"))
      #expect(!store.covers("elsewhere.example"))
      #expect(notes.take().map { $0.hasPrefix("there is no certificate yet") } == [true])
      let kept = try FileManager.default.contentsOfDirectory(
        atPath: folder.appending(path: "acme-127.0.0.1-1").path)
      #expect(kept == ["account.key"])
      // It stands in for none: the authority is asked at once.
      await keeper.look()
      #expect(notes.take().first?.hasPrefix("a certificate for meet.example, www.meet.") == true)
      #expect(store.covers("meet.example"))
    }
  }

  @Test func `a certificate that is kept is shown, and nobody is told of another`() async throws {
    try await withFolder { folder in
      let (made, store, notes) = (CertificateStore(), CertificateStore(), Notes())
      let now = LocalCertificates.now()
      let authority = try LocalAuthority(in: folder.path, named: "A", at: now)
      let names = settings().domains.compactMap { CertificateSubject($0) }
      try authority.certify(names, in: made, at: now)
      let from = folder.appending(path: "local-authority")
      let to = folder.appending(path: "acme-127.0.0.1-1")
      try FileManager.default.createDirectory(at: to, withIntermediateDirectories: true)
      for (old, new) in [("server.crt", "certificate.pem"), ("server.key", "certificate.key")] {
        try FileManager.default.copyItem(
          at: from.appending(path: old), to: to.appending(path: new))
      }
      _ = try ACMECertificates(
        settings(), in: folder.path, store: store, answers: ChallengeAnswers()
      ) { notes.add($0) }
      #expect(store.validity == made.validity && store.validity != nil)
      #expect(notes.take() == [])
    }
  }

  @Test func `HTTPS is answered while the certificate is waited for, and browsers would warn`()
    async throws
  {
    try await withFolder { folder in
      var configuration = ServerConfiguration()
      configuration.port = 0
      configuration.udpHost = IPAddress(127, 0, 0, 1)
      configuration.udpPort = 0
      configuration.workers = 1
      configuration.acme = settings()
      configuration.dataDirectory = folder.path
      let server = try await Server(configuration)
      try await server.start()
      let port = server.port ?? 0
      func ask(_ trust: TLSContext.Trust) async -> HTTPClient.Outcome {
        let target = HTTPTarget(
          isSecure: true, host: "meet.example", port: port, authority: "meet.example",
          path: "/livez")
        let request = HTTPClient.Request(target: target, trust: trust)
        return await HTTPClient.send(
          request, to: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: port))
      }
      let (strict, looking) = (await ask(.system), await ask(.anybody))
      await server.stop()
      if case .distrusted(let fault, _) = strict {
        #expect(fault == .unknownAuthority)
      } else {
        Issue.record("\(strict)")
      }
      if case .answered(let answer, _) = looking {
        #expect(answer.status == 200)
      } else {
        Issue.record("\(looking)")
      }
    }
  }
}
