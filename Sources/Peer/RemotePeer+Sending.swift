import BWE
import ICE
public import RTP
import SRTP
public import Wire

extension RemotePeer {
  /// What protection adds to a control packet: a tag of 16 bytes and the index.
  private static let controlOverhead = 20

  /// Encrypts a media packet straight into the outbox. False where it could not be sent: no path, no keys, or a
  /// sequence number used before.
  public func sendRTP(
    _ header: RTPHeader, extensions: borrowing RTPHeaderExtensionList, payload: Span<UInt8>,
    paddingCount: UInt8 = 0, into outbox: Outbox
  ) -> Bool {
    guard let media, let path = mediaPath else { return false }
    let headerCount = RTPHeader.fixedByteCount + extensions.byteCount
    let capacity =
      headerCount + payload.count + Int(paddingCount) + media.sender.overheadByteCount
    return outbox.appendIf(on: path, capacity: capacity) { output in
      header.write(extensions: extensions, into: &output)
      do throws(SRTPError) {
        try media.sender.protect(
          payload: payload, paddingCount: paddingCount, afterHeaderOf: headerCount, in: &output)
        return true
      } catch {
        return false
      }
    }
  }

  /// Encrypts a control packet of at most `capacity` bytes that `write` fills in.
  @discardableResult
  public func sendRTCP(
    capacity: Int, into outbox: Outbox, _ write: (inout OutputSpan<UInt8>) -> Void
  ) -> Bool {
    guard let media, let path = mediaPath else { return false }
    let plain = [UInt8](capacity: capacity, initializingWith: write)
    do {
      try outbox.append(on: path, capacity: plain.count + Self.controlOverhead) {
        output throws(SRTPError) in
        try media.sender.protectRTCP(plain.span, into: &output)
      }
      return true
    } catch {
      return false
    }
  }

  /// Tells the sender when each of its packets arrived, for its bandwidth estimate. Without a path the reports
  /// are lost: their time has come all the same.
  func sendFeedback(at now: Instant, into outbox: Outbox) {
    while let report = feedback.nextFeedback(at: now) {
      sendRTCP(capacity: TransportFeedbackRecorder.byteLimit, into: outbox) { output in
        _ = report.write(into: &output)
      }
    }
  }
}
