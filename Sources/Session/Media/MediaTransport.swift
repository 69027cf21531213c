import ICE
import Peer
package import RTP
package import Wire

/// What media leaves by: a peer, or in tests a stand-in.
package protocol MediaTransport: AnyObject {
  /// Whether media can be sent.
  var isConnected: Bool { get }
  /// The number of the transport-wide sequence number extension; 0 for none.
  var transportSequenceID: UInt8 { get set }

  /// The time to the other side and back on the path in use, where it is known.
  var roundTripTime: Duration? { get }

  /// Encrypts and sends a packet; false where it could not be sent.
  func sendRTP(
    _ header: RTPHeader, extensions: borrowing RTPHeaderExtensionList, payload: Span<UInt8>,
    paddingCount: UInt8, into outbox: Outbox
  ) -> Bool

  /// Encrypts and sends a control packet of at most `capacity` bytes that `write` fills in.
  @discardableResult
  func sendRTCP(
    capacity: Int, into outbox: Outbox, _ write: (inout OutputSpan<UInt8>) -> Void
  ) -> Bool
}

extension RemotePeer: MediaTransport {
  package var roundTripTime: Duration? { ice.statistics.roundTripTime }
}
