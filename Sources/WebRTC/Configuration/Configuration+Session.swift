import Net
import SCTP
import SDP
import Session

extension PeerConnection.Configuration {
  /// As the machine below takes it. Servers come later, once their names are looked up.
  var session: SessionConfiguration {
    var session = SessionConfiguration()
    session.usesRelaysOnly = iceTransportPolicy == .relay
    session.includesLoopback = usesLoopback
    session.audioCodecs = media.audioCodecs
    session.videoCodecs = media.videoCodecs
    session.media = media.defaults
    session.epoch = MonotonicClock.unixOffset()
    session.receivesSimulcast = media.receivesSimulcast
    session.sctp = sctp
    session.dataChannels = DataChannelTerms(
      port: sctp.localPort, maximumMessageSize: UInt64(clamping: sctp.maximumReceivedMessageSize))
    // A turn of the loop takes in what has come, and ends with what is due.
    session.sctp.maximumAcknowledgedPackets = 16
    session.sctp.receiveWindow = UInt32(clamping: unreadLimit)
    return session
  }
}
