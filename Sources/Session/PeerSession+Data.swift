import Peer
public import SCTP
import SDP
public import Wire

extension PeerSession {
  /// Makes a channel (W3C WebRTC §6.1). The first one needs an exchange; later ones do not.
  public func createDataChannel(
    _ options: DataChannelOptions, at now: Instant, into outbox: Outbox
  ) throws(SessionError) -> DataChannelID {
    try checkOpen("createDataChannel")
    guard configuration.dataChannels != nil else {
      throw .invalidArgument("this session declines data channels")
    }
    let remote = makeRemote()
    remote.holdsDataChannels = exchange.agreement?.session.dataSection == nil
    enableData(remote)
    var opened: Result<DataChannelID, DataChannelError> = .failure(.ended)
    send(at: now, into: outbox) { inner in
      do throws(DataChannelError) {
        opened = .success(
          try remote.openDataChannel(options, at: now, into: inner, events: &remoteEvents))
      } catch {
        opened = .failure(error)
      }
    }
    switch opened {
    case .failure(let error): throw .invalidArgument("\(error)")
    case .success(let id):
      change { exchange in
        exchange.wantsData = true
        exchange.updateNegotiationNeeded()
      }
      settle(at: now, into: outbox)
      return id
    }
  }

  /// Sends a message on an open channel.
  public func sendData(
    _ message: DataChannelMessage, on id: DataChannelID, at now: Instant, into outbox: Outbox
  ) throws(DataChannelError) {
    guard !isClosed, let remote else { throw .ended }
    var failure: DataChannelError?
    send(at: now, into: outbox) { inner in
      do throws(DataChannelError) {
        try remote.sendData(message, on: id, at: now, into: inner, events: &remoteEvents)
      } catch {
        failure = error
      }
    }
    settle(at: now, into: outbox)
    if let failure { throw failure }
  }

  /// Closes a channel once what is queued was delivered.
  public func closeDataChannel(_ id: DataChannelID, at now: Instant, into outbox: Outbox) {
    guard !isClosed, let remote else { return }
    send(at: now, into: outbox) {
      remote.closeDataChannel(id, at: now, into: $0, events: &remoteEvents)
    }
    settle(at: now, into: outbox)
  }

  /// How far a channel is.
  public func dataChannelState(_ id: DataChannelID) -> DataChannelState {
    remote?.dataChannels?.state(of: id) ?? .closed
  }

  /// What a channel was opened with; nil once it is over.
  public func dataChannelOptions(_ id: DataChannelID) -> DataChannelOptions? {
    remote?.dataChannels?.options(of: id)
  }

  /// A channel's SCTP stream, once it is known.
  public func dataChannelStream(_ id: DataChannelID) -> UInt16? {
    remote?.dataChannels?.stream(of: id)
  }

  /// Bytes of a channel that have not been sent yet.
  public func dataChannelBufferedAmount(_ id: DataChannelID) -> Int {
    remote?.dataChannels?.bufferedAmount(of: id) ?? 0
  }

  /// The longest message the other side takes, in bytes (W3C WebRTC §6.1.1): `Int.max` for any, nil before it is known.
  public var maximumDataMessageSize: Int? {
    exchange.agreement?.session.dataSection == nil ? nil : remote?.dataChannels?.maximumMessageSize
  }

  /// Bytes of all channels that have not been sent yet.
  public var dataBufferedAmount: Int { remote?.dataChannels?.totalBufferedAmount ?? 0 }

  /// Bytes that a message may have to find room now; nil where there are no channels.
  public var dataSendSpace: Int? { remote?.dataChannels?.sendBufferSpace }

  /// Has `bufferedAmountLow` told when what waits on a channel falls to `byteCount`.
  public func setDataChannelLowThreshold(_ byteCount: Int, _ id: DataChannelID) {
    remote?.setBufferedAmountLowThreshold(byteCount, of: id)
  }

  /// Says how many bytes of messages the owner holds unread: the other side may send so much less.
  public func setUnreadByteCount(_ byteCount: Int, at now: Instant, into outbox: Outbox) {
    guard !isClosed, let remote else { return }
    send(at: now, into: outbox) {
      remote.setUnreadByteCount(byteCount, at: now, into: $0, events: &remoteEvents)
    }
    settle(at: now, into: outbox)
  }

  /// Begins with what was agreed of data channels; nothing is kept of channels that were declined.
  func applyData(at now: Instant, into outbox: Outbox) {
    guard let remote, let agreement = exchange.agreement else { return }
    if let data = agreement.session.dataSection?.data {
      enableData(remote)
      remote.setMaximumMessageSize(Int(clamping: data.maximumMessageSize))
      remote.holdsDataChannels = false
    } else if agreement.session.sections.contains(where: { $0.kind == .application }),
      exchange.state == .stable
    {
      for id in remote.dataChannels?.ids ?? [] { closeDataChannel(id, at: now, into: outbox) }
    }
  }

  func enableData(_ remote: RemotePeer) {
    guard remote.dataChannels == nil else { return }
    remote.enableDataChannels(options: configuration.sctp, random: random.split())
  }
}
