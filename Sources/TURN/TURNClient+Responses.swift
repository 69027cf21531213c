import STUN
public import Wire

extension TURNClient {
  /// Takes a datagram that arrived by `path`. What is not the server's is `notMine`.
  public func receive(
    _ datagram: Span<UInt8>, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) -> Disposition {
    if ChannelData.isChannelData(datagram) { return receiveChannelData(datagram, now) }
    guard let message = try? STUNMessage(parsing: datagram),
      message.fingerprintCheck != .invalid
    else { return .notMine }
    switch message.messageClass {
    case .indication:
      guard message.method == .data else { return .notMine }
      return receiveData(message, now, &events)
    case .request:
      return .notMine
    case .success, .error:
      let id = message.transactionID
      guard let index = transactions.firstIndex(where: { $0.id == id }) else { return .notMine }
      receiveAnswer(message, to: index, now, outbox, &events)
      return .consumed
    }
  }

  private func receiveAnswer(
    _ message: borrowing STUNMessage, to index: Int, _ now: Instant, _ outbox: Outbox,
    _ events: inout [Event]
  ) {
    let transaction = transactions[index]
    let isAuthentic = challenge.map { message.isAuthentic(key: $0.key) } ?? false
    if message.messageClass == .success {
      // Once we have shown who we are, only the server that knows our password can answer.
      guard isAuthentic || !transaction.isAuthenticated else { return }
      transactions.remove(at: index)
      return succeed(transaction.purpose, message, now, outbox, &events)
    }
    guard let code = try? message.errorCode else { return }
    let isChallenge =
      code.rawValue == STUNErrorCode.unauthenticated.rawValue
      || code.rawValue == STUNErrorCode.staleNonce.rawValue
    guard isAuthentic || !transaction.isAuthenticated || isChallenge else { return }
    transactions.remove(at: index)
    if isChallenge, take(message, code, transaction) {
      return request(
        transaction.purpose, challengeCount: transaction.challengeCount + 1, now, outbox)
    }
    refuse(transaction.purpose, code, (try? message.alternateServer) ?? nil, &events)
  }

  /// Whether a challenge can be met: the first 401, and a few stale nonces in a row (RFC 8489 §9.2.5).
  private func take(
    _ message: borrowing STUNMessage, _ code: STUNErrorCode, _ transaction: Transaction
  ) -> Bool {
    let isStale = code.rawValue == STUNErrorCode.staleNonce.rawValue
    guard transaction.challengeCount < 4, isStale || !transaction.isAuthenticated,
      let nonce = message.nonce, let realm = message.realm ?? challenge?.realm
    else { return false }
    let offered = try? message.passwordAlgorithms
    // The nonce says whether a list was sent: without it somebody took it away (RFC 8489 §9.2.1).
    guard offered != nil || !Self.announcesAlgorithms(nonce) else { return false }
    let algorithm: STUNPasswordAlgorithm = offered?.contains(.sha256) == true ? .sha256 : .md5
    challenge = Challenge(
      realm: realm, nonce: nonce,
      key: STUNLongTermKey(
        username: credentials.username, realm: realm, password: credentials.password,
        algorithm: algorithm),
      offeredAlgorithms: offered == nil ? nil : Self.algorithmBytes(in: message))
    return true
  }

  private static func algorithmBytes(in message: borrowing STUNMessage) -> [UInt8]? {
    guard let value = message.value(of: .passwordAlgorithms), value.count <= 64 else { return nil }
    return [UInt8](capacity: value.count) { $0.append(copying: value) }
  }

  /// Whether the nonce's security features name password algorithms: after `obMatJos2` come four
  /// characters of base 64 for 24 bits, of which this is the last (RFC 8489 §9.2, §18.1).
  static func announcesAlgorithms(_ nonce: [UInt8]) -> Bool {
    guard nonce.count >= 13, nonce.starts(with: "obMatJos2".utf8) else { return false }
    return Base64.value(of: nonce[12]).map { $0 & 1 == 1 } ?? false
  }

  private func succeed(
    _ purpose: Transaction.Purpose, _ message: borrowing STUNMessage, _ now: Instant,
    _ outbox: Outbox, _ events: inout [Event]
  ) {
    switch purpose {
    case .allocate: allocate(message, now, outbox, &events)
    case .deallocate: finishClosing(&events)
    case .refresh: keep(for: (try? message.lifetime) ?? nil, now)
    case .permission(let address):
      guard let index = permissions.firstIndex(where: { $0.address == address }) else { return }
      permissions[index].refreshAt = now + Self.permissionRefreshInterval
      events.append(.permitted(address))
    case .channel(let number):
      guard let index = channels.firstIndex(where: { $0.number == number }) else { return }
      channels[index].refreshAt = now + Self.channelRefreshInterval
      guard !channels[index].isBound else { return }
      channels[index].isBound = true
      events.append(.channelBound(channels[index].peer))
    }
  }

  private func allocate(
    _ message: borrowing STUNMessage, _ now: Instant, _ outbox: Outbox, _ events: inout [Event]
  ) {
    guard state == .allocating else { return request(.deallocate, now, outbox) }
    let families = options.asksForBothFamilies ? [.v4, .v6] : [options.family]
    let addresses = ((try? message.xorRelayedAddresses) ?? []).filter {
      $0.port != 0 && !$0.ip.isUnspecified
    }
    let usable = families.compactMap { family in addresses.first { $0.ip.family == family } }
    guard let relayed = usable.first else { return fail(.malformedAnswer, &events) }
    state = .allocated
    relayedAddress = relayed
    additionalRelayedAddress = usable.dropFirst().first
    mappedAddress = (try? message.xorMappedAddress) ?? nil
    keep(for: (try? message.lifetime) ?? nil, now)
    events.append(.allocated(relayed: relayed, mapped: mappedAddress))
    if let additional = additionalRelayedAddress {
      events.append(.allocatedAdditionally(additional))
    } else if options.asksForBothFamilies, let error = try? message.addressError {
      events.append(.familyRefused(error.family, error.code))
    }
  }

  /// Refreshes a minute early, or at half time where there is less (RFC 8656 §8).
  private func keep(for lifetime: UInt32?, _ now: Instant) {
    let lifetime = Duration.seconds(Int64(lifetime ?? 600))
    let minute = Duration.seconds(60)
    expiresAt = now + lifetime
    refreshAt = lifetime > minute * 2 ? expiresAt - minute : now + max(lifetime / 2, .seconds(1))
  }

  private func refuse(
    _ purpose: Transaction.Purpose, _ code: STUNErrorCode, _ alternate: TransportAddress?,
    _ events: inout [Event]
  ) {
    // The allocation is gone, whatever was asked of it.
    let isGone = code.rawValue == STUNErrorCode.allocationMismatch.rawValue
    switch purpose {
    case .deallocate: finishClosing(&events)
    case .allocate where state == .closing: finishClosing(&events)
    case .allocate:
      if code.rawValue == STUNErrorCode.tryAlternate.rawValue, let alternate {
        fail(.tryAlternate(alternate), &events)
      } else {
        fail(.refused(code), &events)
      }
    case .refresh: fail(.refused(code), &events)
    case .permission, .channel:
      if isGone { fail(.refused(code), &events) } else { refuse(purpose, code, &events) }
    }
  }

  private func refuse(
    _ purpose: Transaction.Purpose, _ code: STUNErrorCode, _ events: inout [Event]
  ) {
    if case .permission(let address) = purpose,
      let index = permissions.firstIndex(where: { $0.address == address })
    {
      permissions[index].isRefused = true
      events.append(.permissionRefused(address, code))
    } else if case .channel(let number) = purpose,
      let index = channels.firstIndex(where: { $0.number == number })
    {
      // Send indications do as well.
      channels[index].isRefused = true
      channels[index].isBound = false
    }
  }
}
