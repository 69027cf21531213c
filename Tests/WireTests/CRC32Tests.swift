import Testing
import Wire

@Test(arguments: [("123456789", 0xcbf4_3926 as UInt32), ("", 0)])
func `the CRC of a text is the published check value`(text: String, expected: UInt32) {
  let bytes = Array(text.utf8)
  let checksum = CRC32.checksum(bytes.span)
  #expect(checksum == expected)
}
