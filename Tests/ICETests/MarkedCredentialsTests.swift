import ICE
import STUN
import Testing
import Wire

struct MarkedCredentialsTests {
  @Test func `whoever sees a fragment can tell the number it was marked with`() throws {
    var random = RandomSource.seeded(7)
    for mark in [0, 1, 25, 26, 51, 52, 61, 62, 63, 64, 255, 4095] {
      let text = ICECredentials.random(marked: mark, using: &random).usernameFragment
      let fragment = try #require(STUNUsernameFragment(text))
      #expect(text.utf8.count == 10 && ICECredentials.mark(of: fragment) == mark)
    }
  }

  @Test(arguments: ["*A", "A*", ":A", "A@", "[A", "A`", "{A", "A", "A-", "éA"])
  func `other characters are no mark`(text: String) throws {
    #expect(ICECredentials.mark(of: try #require(STUNUsernameFragment(text))) == nil)
  }
}
