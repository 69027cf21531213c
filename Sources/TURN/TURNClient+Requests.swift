import STUN
import Wire

extension TURNClient {
  /// Sends a request, unless one for the same purpose waits for its answer.
  func request(
    _ purpose: Transaction.Purpose, challengeCount: Int = 0, _ now: Instant, _ outbox: Outbox
  ) {
    guard !transactions.contains(where: { $0.purpose == purpose }) else { return }
    let id = STUNTransactionID.random(using: &random)
    var transaction = Transaction(
      purpose: purpose, id: id, bytes: message(purpose, id), isAuthenticated: challenge != nil)
    transaction.challengeCount = challengeCount
    transmit(&transaction, now, outbox)
    transactions.append(transaction)
  }

  /// Over UDP what is not answered is sent again; over streams the answer comes or does not.
  func repeatRequests(_ now: Instant, _ outbox: Outbox, _ events: inout [Event]) {
    let limit = path.transport == .udp ? options.maximumAttempts : 1
    var index = 0
    while index < transactions.count {
      if transactions[index].retryAt > now {
        index += 1
      } else if transactions[index].attempts < limit {
        transmit(&transactions[index], now, outbox)
        index += 1
      } else {
        giveUp(transactions.remove(at: index).purpose, now, &events)
        if state == .ended { return }
      }
    }
  }

  private func transmit(_ transaction: inout Transaction, _ now: Instant, _ outbox: Outbox) {
    outbox.append(transaction.bytes.span, on: path)
    if path.transport == .udp {
      let doublings = Int64(min(transaction.attempts, 16))
      transaction.retryAt =
        now + min(options.initialRetryInterval * (1 << doublings), options.maximumRetryInterval)
    } else {
      transaction.retryAt = now + options.reliableTimeout
    }
    transaction.attempts += 1
  }

  /// What silence means. All but the allocation itself is tried again as long as that lives.
  private func giveUp(
    _ purpose: Transaction.Purpose, _ now: Instant, _ events: inout [Event]
  ) {
    let pause = Duration.seconds(5)
    switch purpose {
    case .allocate: state == .closing ? finishClosing(&events) : fail(.unreachable, &events)
    case .deallocate: finishClosing(&events)
    case .refresh: refreshAt = now + pause
    case .permission(let address):
      guard let index = permissions.firstIndex(where: { $0.address == address }) else { return }
      permissions[index].refreshAt = now + pause
    case .channel(let number):
      guard let index = channels.firstIndex(where: { $0.number == number }) else { return }
      channels[index].refreshAt = now + pause
    }
  }

  private func message(_ purpose: Transaction.Purpose, _ id: STUNTransactionID) -> [UInt8] {
    let credentialBytes = challenge.map {
      credentials.username.utf8.count + $0.realm.utf8.count + $0.nonce.count
        + ($0.offeredAlgorithms?.count ?? 0)
    }
    return [UInt8](capacity: 200 + (credentialBytes ?? 0)) { output in
      output.beginSTUN(.request, id, method: Self.method(of: purpose))
      appendParameters(of: purpose, id, to: &output)
      guard let challenge else { return output.finishSTUN() }
      output.appendSTUN(.username, credentials.username)
      output.appendSTUN(.realm, challenge.realm)
      output.appendSTUN(.nonce, challenge.nonce.span)
      if let offered = challenge.offeredAlgorithms {
        output.appendSTUN(.passwordAlgorithms, offered.span)
        output.appendSTUN(passwordAlgorithm: challenge.key.algorithm)
      }
      output.finishSTUN(key: challenge.key)
    }
  }

  private static func method(of purpose: Transaction.Purpose) -> STUNMethod {
    switch purpose {
    case .allocate: .allocate
    case .refresh, .deallocate: .refresh
    case .permission: .createPermission
    case .channel: .channelBind
    }
  }

  @_lifetime(output: copy output)
  private func appendParameters(
    of purpose: Transaction.Purpose, _ id: STUNTransactionID, to output: inout OutputSpan<UInt8>
  ) {
    switch purpose {
    case .allocate:
      output.appendSTUNRequestedTransportUDP()
      // Servers that know no IPv6 know no such attribute either, so IPv4 goes without saying.
      if options.asksForBothFamilies {
        output.appendSTUNAdditionalFamilyV6()
      } else if options.family == .v6 {
        output.appendSTUN(requestedFamily: .v6)
      }
      if options.forbidsFragmentation { output.appendSTUN(.dontFragment) }
      appendLifetime(to: &output)
    case .refresh:
      appendLifetime(to: &output)
    case .deallocate:
      output.appendSTUN(.lifetime, 0 as UInt32)
    case .permission(let address):
      output.appendSTUN(.xorPeerAddress, xor: TransportAddress(ip: address, port: 0), id)
    case .channel(let number):
      guard let peer = channels.first(where: { $0.number == number })?.peer else { return }
      output.appendSTUN(channelNumber: number)
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
    }
  }

  @_lifetime(output: copy output)
  private func appendLifetime(to output: inout OutputSpan<UInt8>) {
    guard let lifetime = options.lifetime else { return }
    output.appendSTUN(.lifetime, UInt32(clamping: lifetime.milliseconds / 1000))
  }
}
