internal import Wire

extension SCTPAssociation {
  /// Sends what is to be sent: control chunks, an acknowledgement that is due, and data.
  func flush(at now: Instant, into outbox: Outbox) {
    while !isOver, peerTag != 0 {
      let mayCarryData = isCarryingData
      let hasData = mayCarryData && sending.wantsToSend(at: now)
      let isAcknowledgementDue = receiving?.acknowledging.isDue == true
      guard !control.isEmpty || hasData || isAcknowledgementDue else { return }
      send(into: outbox) { output in
        appendControl(to: &output)
        if receiving?.acknowledging.isOwed == true {
          appendAcknowledgement(to: &output)
        }
        if hasData {
          sending.write(into: &output, at: now)
        }
      }
    }
  }

  /// Sends one packet with the other side's tag, and with a checksum unless it takes packets without.
  func send(
    into outbox: Outbox, needsChecksum: Bool = false, tag: UInt32? = nil,
    _ write: (inout OutputSpan<UInt8>) -> Void
  ) {
    let hasChecksum =
      needsChecksum || !options.sendsZeroChecksum || !peerCapabilities.contains(.zeroChecksum)
    outbox.append(on: path, capacity: options.maximumPacketSize) { output in
      output.append(
        PacketHeader(
          sourcePort: options.localPort, destinationPort: options.remotePort,
          verificationTag: tag ?? peerTag))
      write(&output)
      if hasChecksum { output.setChecksum() }
      counters.sentPackets += 1
      counters.sentBytes += UInt64(output.count)
    }
  }

  /// Queues a chunk for the next packet.
  func queueControl(capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
    control.append([UInt8](capacity: capacity, initializingWith: write))
  }

  private func appendControl(to output: inout OutputSpan<UInt8>) {
    var count = 0
    for chunk in control {
      guard chunk.count <= output.freeCapacity else { break }
      output.append(copying: chunk.span)
      count += 1
    }
    // What fits no packet at all would be tried for ever.
    if count == 0, !control.isEmpty { count = 1 }
    control.removeFirst(count)
  }

  private func appendAcknowledgement(to output: inout OutputSpan<UInt8>) {
    let room = output.freeCapacity - 16
    guard room >= 0,
      let sack = receiving?.takeAcknowledgement(maximumBlocks: room / 4)
    else { return }
    output.append(sack)
    counters.sentAcknowledgements += 1
  }

  // MARK: Packets of their own

  func sendInitiation(into outbox: Outbox) {
    let initiation = Initiation(
      tag: localTag, window: options.receiveWindow, outgoingStreams: options.maximumStreams,
      incomingStreams: options.maximumStreams, initialTSN: localInitialTSN,
      capabilities: Capabilities(of: options))
    send(into: outbox, needsChecksum: true, tag: 0) { $0.append(initiation) }
  }

  /// RFC 9653 §5.2 wants the cookie under a checksum too. The first time, data goes along
  /// (RFC 9260 §5.1 C); if that packet is lost, the data waits for its own timer.
  func sendCookieEcho(withDataAt now: Instant? = nil, into outbox: Outbox) {
    send(into: outbox, needsChecksum: true) { output in
      output.appendCookieEcho(cookieToEcho)
      if let now { sending.write(into: &output, at: now) }
    }
  }

  func sendAbort(_ cause: ErrorCause?, into outbox: Outbox) {
    guard peerTag != 0 else { return }
    send(into: outbox, needsChecksum: true) { $0.appendAbort(cause) }
  }

  /// Answers a packet of no association of ours (RFC 9260 §8.4).
  func sendReflectedAbort(tag: UInt32, _ cause: ErrorCause? = nil, into outbox: Outbox) {
    send(into: outbox, needsChecksum: true, tag: tag) {
      $0.appendAbort(cause, isReflected: true)
    }
  }
}
