public import STUN
public import Wire

extension TURNServer {
  /// A Send indication (RFC 8656 §11.2).
  func relaySend(
    _ message: borrowing STUNMessage, of client: Path, _ now: Instant, _ outbox: Outbox,
    _ events: inout [Event]
  ) {
    guard let allocation = allocations[client], allocation.transport == .udp else {
      return drop(.withoutAllocation)
    }
    guard let peer = try? message.xorPeerAddress, let data = message.value(of: .data),
      message.unknownRequiredAttributes(isKnown: isKnown).isEmpty
    else { return drop(.unsendable) }
    guard let relay = allocation.relay(peer.ip.family, at: now) else {
      return drop(.withoutAllocation)
    }
    guard allocation.permits(peer.ip, at: now) else { return drop(.withoutPermission) }
    guard maySend(to: peer, of: allocation) else { return drop(.forbidden) }
    guard self.relay(data, from: allocation, relay, to: peer, now, outbox) else { return }
    if message.contains(.dontFragment) {
      events.append(.forbidFragmentation(datagram: outbox.datagrams.count - 1))
    }
  }

  /// ChannelData of a client (RFC 8656 §12.6).
  func relayChannelData(
    _ datagram: Span<UInt8>, of client: Path, _ now: Instant, _ outbox: Outbox
  ) {
    guard let (number, data) = ChannelData.parse(datagram) else {
      statistics.malformedDatagrams &+= 1
      return
    }
    guard let allocation = allocations[client] else { return drop(.withoutAllocation) }
    guard let index = allocation.channelIndex(number),
      allocation.channels[index].expiresAt > now
    else { return drop(.withoutChannel) }
    let peer = allocation.channels[index].peer
    guard let relay = allocation.relay(peer.ip.family, at: now) else {
      return drop(.withoutAllocation)
    }
    guard mayRelay(to: index, of: allocation) else { return drop(.forbidden) }
    _ = self.relay(datagram.extracting(data), from: allocation, relay, to: peer, now, outbox)
  }

  private func relay(
    _ data: Span<UInt8>, from allocation: Allocation, _ relay: Relay, to peer: TransportAddress,
    _ now: Instant, _ outbox: Outbox
  ) -> Bool {
    // An outbox holds no empty datagrams.
    guard !data.isEmpty else {
      drop(.unsendable)
      return false
    }
    guard hasBandwidth(data.count, allocation, now) else {
      drop(.overBandwidth)
      return false
    }
    statistics.sent.count(data.count)
    allocation.usedAt = now
    outbox.append(data, on: Path(local: relay.address, remote: peer))
    return true
  }

  /// Takes a datagram that `peer` sent to a relayed address (RFC 8656 §11.3, §12.7).
  public func receiveRelayed(
    _ datagram: Span<UInt8>, at relayed: TransportAddress, from peer: TransportAddress,
    at now: Instant, into outbox: Outbox
  ) {
    guard let allocation = allocationsByRelay[relayed],
      allocation.relay(relayed.ip.family, at: now) != nil
    else { return drop(.withoutAllocation) }
    guard datagram.count <= TURNClient.maximumPayloadByteCount else { return drop(.unsendable) }
    let channel = allocation.channelIndex(of: peer)
    let isPermitted =
      channel.map { allocation.channels[$0].permittedUntil > now }
      ?? allocation.permits(peer.ip, at: now)
    guard isPermitted else { return drop(.withoutPermission) }
    guard hasBandwidth(datagram.count, allocation, now) else { return drop(.overBandwidth) }
    statistics.received.count(datagram.count)
    allocation.usedAt = now
    if let channel, allocation.channels[channel].expiresAt > now {
      let number = allocation.channels[channel].number
      ChannelData.append(datagram, number: number, on: allocation.client, into: outbox)
      return
    }
    let id = indicationID()
    outbox.append(on: allocation.client, capacity: 56 + datagram.count) { output in
      output.beginSTUN(.indication, id, method: .data)
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
      output.appendSTUN(.data, datagram)
      output.finishSTUN(fingerprint: false)
    }
  }

  /// Tells a client that a datagram of it brought back an ICMP message (RFC 8656 §11.5).
  public func relayFailed(
    _ error: STUNICMPError, at relayed: TransportAddress, to peer: TransportAddress,
    at now: Instant, into outbox: Outbox
  ) {
    guard let allocation = allocationsByRelay[relayed],
      allocation.relay(relayed.ip.family, at: now) != nil, allocation.permits(peer.ip, at: now)
    else { return }
    let id = indicationID()
    let bits = UInt64(UInt16(error.type & 0x7f) << 9 | error.code & 0x1ff)
    outbox.append(on: allocation.client, capacity: 80) { output in
      output.beginSTUN(.indication, id, method: .data)
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
      output.appendSTUN(.icmp, bits << 32)
      output.finishSTUN(fingerprint: false)
    }
  }

  /// Whether an allocation, and all of them together, may relay that many bytes more.
  private func hasBandwidth(_ count: Int, _ allocation: Allocation, _ now: Instant) -> Bool {
    if let limit = configuration.maximumBytesPerSecond,
      !allocation.bandwidth.admit(count, bytesPerSecond: limit, at: now)
    {
      return false
    }
    guard let limit = configuration.maximumBytesPerSecondOfAll else { return true }
    return bandwidth.admit(count, bytesPerSecond: limit, at: now)
  }

  func drop(_ reason: DropReason) { statistics.drops.count(reason) }
}
