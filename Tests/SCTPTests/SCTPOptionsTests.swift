import SCTP
import Testing

@Test func `the longest packet keeps chunks on four-byte boundaries`() {
  #expect(SCTPOptions().maximumPacketSize.isMultiple(of: 4))
}
