import ByteFixtures
import Cryptography
import STUN
import Testing
import Wire

/// The attributes that TURN and newer credentials add (RFC 8656 §18, RFC 8489 §14).
struct RelayingAttributesTests {
  private static let id = STUNTransactionID(high: 0x0102_0304, low: 0x0506_0708_090a_0b0c)
  private static let peers = [
    TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 32_853),
    TransportAddress(ip: IPAddress(v6High: 0x2001_0db8_0000_0000, low: 7), port: 1),
  ]

  private static let message = [UInt8](capacity: 600) { output in
    output.beginSTUN(.request, id, method: .channelBind)
    output.appendSTUN(channelNumber: 0x4abc)
    output.appendSTUN(.lifetime, 600 as UInt32)
    for peer in peers { output.appendSTUN(.xorPeerAddress, xor: peer, id) }
    output.appendSTUN(.xorRelayedAddress, xor: peers[1], id)
    output.appendSTUNRequestedTransportUDP()
    output.appendSTUN(requestedFamily: .v6)
    output.appendSTUN(.evenPort, ([0x80] as [UInt8]).span)
    output.appendSTUN(alternateServer: peers[1])
    output.appendSTUN(passwordAlgorithms: [.sha256, .md5])
    output.appendSTUN(passwordAlgorithm: .sha256)
    output.appendSTUN(.icmp, UInt64(3 << 9 | 300) << 32)
    output.appendSTUN(.username, "user")
    output.appendSTUN(.realm, "example.org")
    output.appendSTUN(.nonce, "abc")
    output.appendSTUN(.data, ([1, 2, 3, 4, 5] as [UInt8]).span)
    output.finishSTUN()
  }

  @Test func `what is written is read`() throws {
    let bytes = Self.message
    let message = try STUNMessage(parsing: bytes.span)
    #expect(message.method == .channelBind)
    #expect(try message.channelNumber == 0x4abc)
    #expect(try message.lifetime == 600)
    #expect(try message.xorPeerAddress == Self.peers[0])
    #expect(try message.xorPeerAddresses == Self.peers)
    #expect(try message.xorRelayedAddress == Self.peers[1])
    #expect(try message.requestedTransport == 17)
    #expect(try message.requestedAddressFamily == 2)
    #expect(try message.evenPortReservesNext == true)
    #expect(try message.alternateServer == Self.peers[1])
    #expect(try message.passwordAlgorithms == [.sha256, .md5])
    #expect(try message.passwordAlgorithm == .sha256)
    #expect(try message.icmp == STUNICMPError(type: 3, code: 300))
    #expect(message.usernameText == "user" && message.realm == "example.org")
    #expect(message.nonce == Array("abc".utf8))
    #expect(message.valueRange(of: .data).map { Array(bytes[$0]) } == [1, 2, 3, 4, 5])
    #expect(message.valueRange(of: .lifetime).map { Array(bytes[$0]) } == [0, 0, 2, 0x58])
    #expect(message.valueRange(of: .software) == nil)
  }

  private static let allocating = [UInt8](capacity: 400) { output in
    output.beginSTUN(.success, id, method: .allocate)
    output.appendSTUN(.xorRelayedAddress, xor: peers[0], id)
    output.appendSTUN(.xorRelayedAddress, xor: peers[1], id)
    output.appendSTUNRequestedTransportTCP()
    output.appendSTUNAdditionalFamilyV6()
    output.appendSTUN(STUNErrorCode(rawValue: 440, reason: "no"), of: .v6)
    output.appendSTUN(.insufficientCapacity)
    output.appendSTUN(evenPortReservingNext: true)
    output.appendSTUN(.reservationToken, 0x0102_0304_0506_0708 as UInt64)
    output.appendSTUN(.connectionID, 0xfedc_ba98 as UInt32)
    output.finishSTUN()
  }

  @Test func `what an allocation says of itself is read`() throws {
    let bytes = Self.allocating
    let message = try STUNMessage(parsing: bytes.span)
    #expect(try message.xorRelayedAddresses == Self.peers)
    #expect(try message.requestedTransport == 6)
    #expect(try message.additionalAddressFamily == 2)
    let error = try #require(try message.addressError)
    #expect(error.family == .v6 && error.code == STUNErrorCode(rawValue: 440, reason: "no"))
    #expect(try message.errorCode?.rawValue == 508)
    #expect(try message.evenPortReservesNext == true)
    #expect(try message.reservationToken == 0x0102_0304_0506_0708)
    #expect(try message.connectionID == 0xfedc_ba98)
    let empty = [UInt8](capacity: 40) { output in
      output.beginSTUN(.success, Self.id)
      output.finishSTUN()
    }
    let nothing = try STUNMessage(parsing: empty.span)
    #expect(try nothing.xorRelayedAddresses.isEmpty && nothing.addressError == nil)
    #expect(try nothing.reservationToken == nil && nothing.connectionID == nil)
  }

  @Test func `of an address error what is cut or of no family counts for nothing`() throws {
    for count in 0..<4 {
      let value = [UInt8](repeating: 4, count: count)
      let bytes = [UInt8](capacity: 60) { output in
        output.beginSTUN(.success, Self.id)
        output.appendSTUN(.addressErrorCode, value.span)
        output.finishSTUN()
      }
      #expect(throws: STUNError.malformedAttribute(.addressErrorCode)) {
        let message = try STUNMessage(parsing: bytes.span)
        _ = try message.addressError
      }
    }
    for family in [0, 3, 0xff] as [UInt8] {
      let value: [UInt8] = [family, 0, 4, 40]
      let bytes = [UInt8](capacity: 60) { output in
        output.beginSTUN(.success, Self.id)
        output.appendSTUN(.addressErrorCode, value.span)
        output.finishSTUN()
      }
      let message = try STUNMessage(parsing: bytes.span)
      #expect(try message.addressError == nil)
    }
  }

  @Test func `values of a wrong length are malformed`() throws {
    let types: [STUNAttributeType] = [
      .channelNumber, .lifetime, .xorPeerAddress, .xorRelayedAddress, .requestedTransport,
      .requestedAddressFamily, .alternateServer, .passwordAlgorithms, .passwordAlgorithm, .icmp,
      .evenPort, .additionalAddressFamily, .reservationToken, .connectionID,
    ]
    for type in types {
      for count in [1, 2, 3, 5, 6, 7] where type != .evenPort || count > 1 {
        let value = [UInt8](repeating: 1, count: count)
        let bytes = [UInt8](capacity: 100) { output in
          output.beginSTUN(.request, Self.id)
          output.appendSTUN(type, value.span)
          output.finishSTUN()
        }
        #expect(throws: STUNError.malformedAttribute(type)) {
          let message = try STUNMessage(parsing: bytes.span)
          switch type {
          case .channelNumber: _ = try message.channelNumber
          case .lifetime: _ = try message.lifetime
          case .xorPeerAddress: _ = try message.xorPeerAddresses
          case .xorRelayedAddress: _ = try message.xorRelayedAddress
          case .requestedTransport: _ = try message.requestedTransport
          case .requestedAddressFamily: _ = try message.requestedAddressFamily
          case .alternateServer: _ = try message.alternateServer
          case .passwordAlgorithms: _ = try message.passwordAlgorithms
          case .evenPort: _ = try message.evenPortReservesNext
          case .additionalAddressFamily: _ = try message.additionalAddressFamily
          case .reservationToken: _ = try message.reservationToken
          case .connectionID: _ = try message.connectionID
          case .passwordAlgorithm: _ = try message.passwordAlgorithm
          default: _ = try message.icmp
          }
        }
      }
    }
  }

  @Test func `text that is empty, too long or not UTF-8 is none`() throws {
    for value in [[], [UInt8](repeating: 65, count: 764), [0xff, 0xfe]] as [[UInt8]] {
      let bytes = [UInt8](capacity: 3000) { output in
        output.beginSTUN(.request, Self.id)
        output.appendSTUN(.username, value.span)
        output.appendSTUN(.realm, value.span)
        output.finishSTUN()
      }
      let message = try STUNMessage(parsing: bytes.span)
      #expect(message.usernameText == nil && message.realm == nil)
    }
  }

  @Test func `algorithms that nobody knows are passed over`() throws {
    let list: [UInt8] = [0, 9, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 7, 7, 0, 0, 0, 1, 0, 0]
    let bytes = [UInt8](capacity: 100) { output in
      output.beginSTUN(.error, Self.id)
      output.appendSTUN(.passwordAlgorithms, list.span)
      output.finishSTUN()
    }
    let message = try STUNMessage(parsing: bytes.span)
    #expect(try message.passwordAlgorithms == [.sha256, .md5])
  }

  @Test func `keys are made as RFC 8489 9·2·2 says`() throws {
    let key = STUNLongTermKey(
      username: "マトリックス", realm: "example.org", password: "TheMatrIX")
    #expect(key.bytes == Vector.longTermKey)
    let request = Vector.longTermRequest
    #expect(try read(request) { $0.isAuthentic(key: key) })
  }

  /// RFC 8489 appendix B.1 as its erratum 6268 has it.
  private static let sha256Request = bytes(
    """
    00010090 2112a442 78ad3433 c6ad72c0 29da412e
    001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
    00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39
    46535476 79363473 41000000
    0014000b 6578616d 706c652e 6f726700 001d0004 00020000
    001c0020 b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65
    """)

  @Test func `the request of RFC 8489 B·1 is authentic`() throws {
    let key = STUNLongTermKey(
      username: "マトリックス", realm: "example.org", password: "TheMatrIX", algorithm: .sha256)
    let request = Self.sha256Request
    #expect(try read(request) { $0.hasMessageIntegritySHA256 && !$0.hasMessageIntegrity })
    #expect(try read(request) { $0.isAuthentic(key: key) })
    #expect(try read(request) { m throws(STUNError) in try m.passwordAlgorithm } == .sha256)
  }

  @Test(arguments: STUNPasswordAlgorithm.allCases)
  func `a code of either kind is made, checked and not to be forged`(
    algorithm: STUNPasswordAlgorithm
  ) throws {
    let key = STUNLongTermKey(
      username: "user", realm: "realm", password: "secret", algorithm: algorithm)
    let wrong = STUNLongTermKey(
      username: "user", realm: "realm", password: "Secret", algorithm: algorithm)
    let bytes = [UInt8](capacity: 200) { output in
      output.beginSTUN(.request, Self.id, method: .refresh)
      output.appendSTUN(.lifetime, 600 as UInt32)
      output.finishSTUN(key: key)
    }
    #expect(try read(bytes) { $0.isAuthentic(key: key) && $0.fingerprintCheck == .valid })
    #expect(try !read(bytes) { $0.isAuthentic(key: wrong) })
    for place in bytes.indices.dropLast(8) {
      var forged = bytes
      forged[place] ^= 1
      let isBelieved = (try? read(forged) { $0.isAuthentic(key: key) }) ?? false
      #expect(!isBelieved, "byte \(place)")
    }
  }

  @Test func `a shortened code counts from sixteen bytes on`() throws {
    let key = STUNLongTermKey(
      username: "user", realm: "realm", password: "secret", algorithm: .sha256)
    for count in [0, 4, 8, 12, 15, 16, 20, 24, 28, 32, 36] {
      // The length in the header belongs to the code: it covers the code as it is sent.
      let covered = [UInt8](capacity: 100) { output in
        output.append(bigEndian: 0x0001 as UInt16)
        output.append(bigEndian: UInt16(4 + (count + 3) / 4 * 4))
        output.append(bigEndian: 0x2112_a442 as UInt32)
        output.append(bigEndian: Self.id.high)
        output.append(bigEndian: Self.id.low)
      }
      let code = Array(code(of: covered, key) + [0, 0, 0, 0])[..<count]
      let bytes =
        covered + [0, 0x1c, 0, UInt8(count)] + code
        + [UInt8](repeating: 0, count: (4 - count % 4) % 4)
      let isAuthentic = try read(bytes) { $0.isAuthentic(key: key) }
      #expect(isAuthentic == [16, 20, 24, 28, 32].contains(count), "\(count) bytes")
    }
  }
}

private func code(of bytes: [UInt8], _ key: STUNLongTermKey) -> [UInt8] {
  HMACSHA256.authenticate(bytes.span, key: key.bytes.span)
}
