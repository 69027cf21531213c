import Cryptography
import DTLS
import Testing
import Wire

@Suite struct Association {
  @Test func `two engines connect and agree on keys`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    let client = try #require(pair.keys(.client))
    let server = try #require(pair.keys(.server))
    #expect(client.profile == .aeadAES256GCM)
    #expect(client.localKey == server.remoteKey && client.localSalt == server.remoteSalt)
    #expect(client.remoteKey == server.localKey && client.remoteSalt == server.localSalt)
    #expect(client.localKey != client.remoteKey)
    #expect(client.localKey.count == 32 && client.localSalt.count == 12)
    #expect(pair.now < .zero + .milliseconds(100))
  }
}
