import STUN
import Wire

/// Any bytes as a message: everything that can be read is read, and what is written is read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSTUN(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start else { return 0 }
  // The fuzzer's buffer, valid for this call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  read(bytes)
  // Most inputs fail at the length: the same again with it set right.
  guard count >= 20 else { return 0 }
  var fitting = Array(bytes[..<(20 + (count - 20) / 4 * 4)])
  fitting[0] &= 3
  let length = fitting.count - 20
  fitting[2] = UInt8(truncatingIfNeeded: length >> 8)
  fitting[3] = UInt8(truncatingIfNeeded: length)
  fitting.replaceSubrange(4..<8, with: [0x21, 0x12, 0xa4, 0x42])
  read(fitting)
  return 0
}

private let key = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)

private func read(_ bytes: [UInt8]) {
  let key = key
  let fragment = STUNMessage.localUsernameFragment(ofBindingRequest: bytes.span)
  guard let message = try? STUNMessage(parsing: bytes.span) else { return }
  precondition(STUNMessage.isSTUN(bytes.span))
  if let username = try? message.username, message.messageClass == .request,
    message.method == .binding
  {
    precondition(fragment == STUNUsernameFragment(beforeColonOf: username))
  }
  _ = message.isAuthentic(key: key.span)
  _ = message.fingerprintCheck
  _ = message.software
  _ = try? message.priority
  _ = try? message.controllingTieBreaker
  _ = try? message.controlledTieBreaker
  _ = try? message.errorCode
  _ = try? message.mappedAddress
  _ = try? message.unknownAttributes
  let unknown = message.unknownRequiredAttributes { $0 == .username }
  answer(message.transactionID, (try? message.xorMappedAddress) ?? nil, unknown)
}

private func answer(
  _ id: STUNTransactionID, _ address: TransportAddress?, _ unknown: [STUNAttributeType]
) {
  let key = key
  let written = [UInt8](capacity: 300) { output in
    output.beginSTUN(.error, id)
    output.appendSTUN(.unknownAttribute)
    output.appendSTUN(unknownAttributes: unknown)
    if let address { output.appendSTUN(.xorMappedAddress, xor: address, id) }
    output.finishSTUN(key: key.span)
  }
  guard let message = try? STUNMessage(parsing: written.span) else {
    preconditionFailure("what is written must be readable")
  }
  precondition(message.isAuthentic(key: key.span) && message.fingerprintCheck == .valid)
  precondition((try? message.unknownAttributes) == unknown)
  precondition(((try? message.xorMappedAddress) ?? nil) == address)
}
