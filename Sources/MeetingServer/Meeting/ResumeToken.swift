import Cryptography
import Wire

/// What proves that somebody is the participant who comes back: 128 random bits to find the
/// participant by, and 128 to prove it, compared in constant time.
struct ResumeToken {
  let handle: String
  private let secret: String

  init(random: inout RandomSource) {
    handle = .randomIdentifier(&random)
    secret = .randomIdentifier(&random)
  }

  var text: String { handle + secret }

  /// The handle in what a client sent.
  static func handle(of text: String) -> String {
    String(decoding: text.utf8.prefix(32), as: UTF8.self)
  }

  func matches(_ text: String) -> Bool {
    isEqualInConstantTime(Array(self.text.utf8).span, Array(text.utf8).span)
  }
}

extension String {
  /// 128 random bits as 32 hexadecimal digits.
  static func randomIdentifier(_ random: inout RandomSource) -> String {
    [random.next(), random.next()].map { bits in
      let digits = String(bits, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
