/// The bytes of hexadecimal text; all other characters are passed over.
public func bytes(_ hexadecimal: String) -> [UInt8] {
  let digits = hexadecimal.compactMap(\.hexDigitValue).map { UInt8($0) }
  return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// What `write` appends to an output with room for so many bytes.
public func written<E: Error>(
  capacity: Int = 4096, _ write: (inout OutputSpan<UInt8>) throws(E) -> Void
) throws(E) -> [UInt8] {
  try [UInt8](capacity: capacity, initializingWith: write)
}
