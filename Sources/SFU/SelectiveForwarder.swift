import Peer
import RTP
import STUN
public import Wire

/// Forwards what each sender sends to those who watch, without decoding it (RFC 7667 §3.7).
///
/// One forwarder serves all rooms of one worker over one socket. A turn of its owner's loop is: `receive` for
/// each datagram, then `forward` once, then send the outbox. Packets stay in the owner's buffer between
/// the two, and are encrypted from there straight into the outbox, all packets for one viewer side by side.
public final class SelectiveForwarder {
  var members: [PeerID: Member] = [:]
  var rooms: [RoomID: Room] = [:]
  /// In order of arrival: iterating must not depend on hashing.
  var memberList: [Member] = []
  var memberByFragment: [STUNUsernameFragment: Member] = [:]
  var memberByPath: [Path: Member] = [:]
  /// Streams with packets waiting in this turn.
  var waiting: [IncomingStream] = []
  var random: RandomSource
  /// From 1970 to the clock's zero, for sender reports.
  public var clockOffset: Duration
  /// When somebody is to be looked at next, and whether it is everybody.
  var nextScan: Instant?
  var looksAtAll = false
  /// Looks at single peers so far, for those who wonder what timers cost.
  var lookCount = 0
  /// Viewers for whom packets wait, and when the next of these leave.
  var releasing: [Member] = []
  var nextRelease: Instant?
  /// A packet that is read out of memory.
  var scratch: [UInt8] = []
  var lastScan: Instant?
  var nextSurvey: Instant?
  var extensions = RTPHeaderExtensionList()
  var descriptorBytes: [UInt8] = []
  var peerEvents: [RemotePeer.Event] = []
  /// What a viewer tells of what arrived; kept for its memory.
  var feedback = TransportFeedback()
  var feedbackResults: [TransportPacketResult] = []
  var soundBlocks = RedundantBlocks()
  /// The head of the packet that is being protected.
  var protectedHead: [UInt8] = []
  /// Datagrams dropped, by cause.
  public internal(set) var drops = DropCounts()
  /// Lost packets and key frames that senders were asked for.
  var requestedPacketCount: UInt64 = 0
  var requestedKeyFrameCount: UInt64 = 0
  /// What those sent and were sent who have left.
  var departed = ForwarderTotals()
  /// As `forwardedCount`; what others can see has its exclusivity checked with each packet.
  var forwarded: UInt64 = 0

  /// A forwarder without rooms. `random` chooses SSRCs and first sequence numbers.
  public init(random: RandomSource = .system, clockOffset: Duration = .zero) {
    self.random = random
    self.clockOffset = clockOffset
  }

  /// RTP packets sent to viewers.
  public var forwardedCount: UInt64 { forwarded }

  /// Whether packets wait for `forward`.
  public var hasWaitingPackets: Bool { !waiting.isEmpty }

  /// How many peers there are.
  public var peerCount: Int { memberList.count }

  /// When `advance` wants to be called next.
  public var deadline: Instant? {
    guard !memberList.isEmpty else { return nil }
    return nextRelease.map { min($0, scanDeadline) } ?? scanDeadline
  }

  /// When to look at whom it concerns next.
  var scanDeadline: Instant {
    let wanted = nextScan ?? .zero
    return lastScan.map { max(wanted, $0 + Self.scanInterval) } ?? wanted
  }

  /// A random SSRC that no slot or stream of `peer` has.
  public func unusedSSRC(for peer: PeerID?) -> UInt32 {
    let member = peer.flatMap { members[$0] }
    while true {
      let ssrc = UInt32.random(in: 1 ... .max, using: &random)
      guard member?.streams[ssrc] == nil,
        member?.slots.contains(where: { $0.ssrc == ssrc || $0.plan.retransmissionSSRC == ssrc }
        )
          != true
      else { continue }
      return ssrc
    }
  }
}

/// Datagrams dropped, by cause.
public struct DropCounts: Sendable, Hashable {
  /// From an address that no peer has validated, or for an unknown user name.
  public var unknownSender: UInt64 = 0
  /// Not well-formed, not authentic, or replayed.
  public var rejected: UInt64 = 0
  /// Of a stream that was not negotiated, or one more than a peer may send.
  public var unboundStream: UInt64 = 0
  /// Of a source that brings more than it may.
  public var excess: UInt64 = 0

  /// Nothing dropped.
  public init() {}
}
