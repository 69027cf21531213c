import COpenSSL
import Cryptography
import Foundation
import Testing

/// What happens to a program that ends while connections are still open.
@Suite struct ProcessEndTests {
  @Test func `OpenSSL stays whole for threads that outlive a call of exit`() async {
    await #expect(processExitsWith: .success) {
      _ = try SigningKey.generate()
      Self.failWhenOpenSSLEnds()
      exit(0)
    }
  }

  private static func failWhenOpenSSLEnds() {
    precondition(OPENSSL_atexit { _exit(3) } == 1)
  }
}
