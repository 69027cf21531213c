import Wire

/// The records of a datagram, each with its header.
func records(of datagram: [UInt8]) -> [[UInt8]] {
  var records: [[UInt8]] = []
  var rest = datagram[...]
  while rest.count >= 13 {
    let header = Array(rest.prefix(13))
    let count = 13 + Int(header[11]) << 8 + Int(header[12])
    records.append(Array(rest.prefix(count)))
    rest = rest.dropFirst(count)
  }
  return records
}

/// A record as anyone can write it.
func record(type: UInt8, epoch: UInt16, sequenceNumber: UInt64, _ fragment: [UInt8]) -> [UInt8] {
  [UInt8](capacity: 13 + fragment.count) { bytes in
    bytes.append(type)
    bytes.append(bigEndian: 0xfefd as UInt16)
    bytes.append(bigEndian: epoch)
    bytes.append(bigEndian: UInt16(truncatingIfNeeded: sequenceNumber >> 32))
    bytes.append(bigEndian: UInt32(truncatingIfNeeded: sequenceNumber))
    bytes.append(bigEndian: UInt16(fragment.count))
    for byte in fragment { bytes.append(byte) }
  }
}

/// A fragment of a handshake message (RFC 6347 §4.2.2).
func handshakeFragment(
  type: UInt8, messageByteCount: Int, messageSequenceNumber: UInt16, offset: Int, _ bytes: [UInt8]
) -> [UInt8] {
  [UInt8](capacity: 12 + bytes.count) { fragment in
    fragment.append(type)
    fragment.append(bigEndian24: UInt32(messageByteCount))
    fragment.append(bigEndian: messageSequenceNumber)
    fragment.append(bigEndian24: UInt32(offset))
    fragment.append(bigEndian24: UInt32(bytes.count))
    for byte in bytes { fragment.append(byte) }
  }
}

/// The same record under another sequence number.
func renumbered(_ record: [UInt8], by offset: UInt8) -> [UInt8] {
  var record = record
  record[10] &+= offset
  return record
}

/// Cuts the handshake message in a plaintext record into records of `size` message bytes.
func fragmented(_ record: [UInt8], size: Int) -> [[UInt8]] {
  let body = Array(record[25...])
  return stride(from: 0, to: body.count, by: size).enumerated().map { index, offset in
    let piece = Array(body[offset..<min(offset + size, body.count)])
    return DTLSTests.record(
      type: 22, epoch: 0, sequenceNumber: UInt64(index),
      handshakeFragment(
        type: record[13], messageByteCount: body.count, messageSequenceNumber: 0, offset: offset,
        piece))
  }
}
