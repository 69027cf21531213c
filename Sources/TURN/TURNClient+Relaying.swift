import STUN
public import Wire

extension TURNClient {
  /// A permission lasts 5 minutes (RFC 8656 §9).
  static let permissionRefreshInterval = Duration.seconds(240)
  /// A channel lasts 10 minutes (RFC 8656 §12).
  static let channelRefreshInterval = Duration.seconds(540)
  /// A permission that nobody used for so long is not asked for again.
  static let permissionIdleLimit = Duration.seconds(600)
  /// What fits into a message with a Send indication around it.
  static let maximumPayloadByteCount = 65_400

  /// Lets a peer's host send to us (RFC 8656 §10). `send` does it by itself.
  public func permit(_ address: IPAddress, at now: Instant, into outbox: Outbox) {
    guard state == .allocated, serves(address.family) else { return }
    if let index = permissions.firstIndex(where: { $0.address == address }) {
      permissions[index].usedAt = now
      return
    }
    if permissions.count >= options.maximumPermissions {
      guard
        let unused = permissions.indices.min(by: {
          permissions[$0].usedAt < permissions[$1].usedAt
        })
      else { return }
      forgetPermission(at: unused)
    }
    permissions.append(Permission(address: address, usedAt: now))
    request(.permission(address), now, outbox)
  }

  /// Wraps a datagram to a peer, permitting its host first. False where it cannot be sent.
  ///
  /// A peer that gets more than connectivity checks gets a channel.
  @discardableResult
  public func send(
    _ datagram: Span<UInt8>, to peer: TransportAddress, at now: Instant, into outbox: Outbox
  ) -> Bool {
    guard state == .allocated, serves(peer.ip.family),
      datagram.count <= Self.maximumPayloadByteCount
    else { return false }
    permit(peer.ip, at: now, into: outbox)
    if let channel = channels.first(where: { $0.peer == peer && $0.isBound }) {
      ChannelData.append(datagram, number: channel.number, on: path, into: outbox)
      return true
    }
    if !STUNMessage.isSTUN(datagram) { bindChannel(to: peer, at: now, into: outbox) }
    let id = STUNTransactionID.random(using: &random)
    outbox.append(on: path, capacity: 60 + datagram.count) { output in
      output.beginSTUN(.indication, id, method: .send)
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
      if options.forbidsFragmentation { output.appendSTUN(.dontFragment) }
      output.appendSTUN(.data, datagram)
      output.finishSTUN(fingerprint: false)
    }
    return true
  }

  /// Asks for a channel to a peer (RFC 8656 §12), as far as there are any.
  public func bindChannel(to peer: TransportAddress, at now: Instant, into outbox: Outbox) {
    guard state == .allocated, serves(peer.ip.family),
      channels.count < options.maximumChannels, !channels.contains(where: { $0.peer == peer }),
      let number = takeChannelNumber()
    else { return }
    channels.append(Channel(number: number, peer: peer))
    request(.channel(number), now, outbox)
  }

  func refreshPermissions(_ now: Instant, _ outbox: Outbox) {
    var index = 0
    while index < permissions.count {
      guard permissions[index].refreshAt <= now else {
        index += 1
        continue
      }
      let address = permissions[index].address
      let hasChannel = channels.contains { $0.peer.ip == address }
      if !hasChannel, now - permissions[index].usedAt > Self.permissionIdleLimit {
        forgetPermission(at: index)
      } else {
        permissions[index].refreshAt = .distantFuture
        request(.permission(address), now, outbox)
        index += 1
      }
    }
  }

  private func forgetPermission(at index: Int) {
    let address = permissions.remove(at: index).address
    transactions.removeAll { $0.purpose == .permission(address) }
  }

  func receiveChannelData(_ datagram: Span<UInt8>, _ now: Instant) -> Disposition {
    guard let (number, data) = ChannelData.parse(datagram) else { return .notMine }
    // The server may use a channel before its answer to our request has come through.
    guard let channel = channels.first(where: { $0.number == number && !$0.isRefused }) else {
      return .consumed
    }
    noteUse(of: channel.peer.ip, now)
    return .data(data, from: channel.peer)
  }

  func receiveData(
    _ message: borrowing STUNMessage, _ now: Instant, _ events: inout [Event]
  ) -> Disposition {
    guard state == .allocated, let peer = try? message.xorPeerAddress else { return .consumed }
    if let error = try? message.icmp {
      events.append(.peerUnreachable(peer, error))
      return .consumed
    }
    guard let data = message.valueRange(of: .data) else { return .consumed }
    noteUse(of: peer.ip, now)
    return .data(data, from: peer)
  }

  private func noteUse(of address: IPAddress, _ now: Instant) {
    guard let index = permissions.firstIndex(where: { $0.address == address }) else { return }
    permissions[index].usedAt = now
  }
}
