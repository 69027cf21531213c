import Cryptography
import DTLS
import ICE
import Peer
import SCTP
import SDP
public import Wire

extension PeerSession {
  private static let transportID = "transport"
  private static let localCertificateID = "certificate-local"

  /// What can be told of the session now: `getStats()` (W3C WebRTC §8).
  public func statistics(at now: Instant) -> SessionStatistics {
    var entries: [StatisticsEntry] = []
    func append(_ id: String, _ content: StatisticsEntry.Content) {
      entries.append(
        StatisticsEntry(
          id: id, timestamp: configuration.epoch.milliseconds(at: now), content: content))
    }
    let channels = remote?.dataChannels
    var whole = PeerConnectionStatistics()
    whole.dataChannelsOpened = UInt64(channels?.openedCount ?? 0)
    whole.dataChannelsClosed = UInt64(channels?.closedCount ?? 0)
    append("peer-connection", .peerConnection(whole))
    append(Self.localCertificateID, .certificate(localCertificate))
    if let remote {
      append(Self.transportID, .transport(transport(remote)))
      for told in candidateStatistics(of: remote, transportID: Self.transportID)
        + pairStatistics(of: remote, transportID: Self.transportID)
      {
        append(told.id, told.content)
      }
    }
    if let media {
      entries += media.statistics(
        at: now, transceivers: transceivers, transportID: Self.transportID)
    }
    for id in channels?.ids ?? [] {
      guard let part = channels.flatMap({ Self.statistics(of: id, in: $0) }) else { continue }
      append("channel-\(id.rawValue)", .dataChannel(part))
    }
    return SessionStatistics(entries: entries)
  }

  private static func statistics(
    of id: DataChannelID, in channels: DataChannelSet
  ) -> ChannelStatistics? {
    guard let options = channels.options(of: id), let counts = channels.statistics(of: id) else {
      return nil
    }
    var part = ChannelStatistics(
      label: options.label, protocol: options.protocolName,
      state: channels.state(of: id).rawValue)
    part.dataChannelIdentifier = channels.stream(of: id)
    part.messagesSent = counts.messagesSent
    part.bytesSent = counts.bytesSent
    part.messagesReceived = counts.messagesReceived
    part.bytesReceived = counts.bytesReceived
    return part
  }

  private var localCertificate: CertificateStatistics {
    let identity = context.identity
    return CertificateStatistics(
      fingerprint: hexadecimal(identity.fingerprint.digest),
      fingerprintAlgorithm: identity.fingerprint.algorithm.rawValue,
      base64Certificate: base64(identity.certificateDER))
  }

  private func transport(_ remote: RemotePeer) -> TransportStatistics {
    var part = TransportStatistics(dtlsState: remote.securityState.rawValue)
    let total = traffic.total
    part.packetsSent = total.sent.packetCount
    part.packetsReceived = total.received.packetCount
    part.bytesSent = total.sent.byteCount
    part.bytesReceived = total.received.byteCount
    part.iceState = iceConnectionState.rawValue
    part.iceLocalUsernameFragment = remote.localCredentials.usernameFragment
    part.iceRole =
      exchange.isControlling == nil
      ? "unknown" : remote.ice.role == .controlling ? "controlling" : "controlled"
    part.dtlsRole =
      switch remote.dtlsRole {
      case .client: "client"
      case .server: "server"
      case nil: "unknown"
      }
    if remote.securityState == .connected {
      part.tlsVersion = "FEFD"
      part.srtpCipher = remote.protectionProfile?.standardName
    }
    part.selectedCandidatePairId =
      remote.ice.pairStatistics.first(where: \.isSelected).map { Self.name($0.id) }
    part.selectedCandidatePairChanges = traffic.selectionCount
    part.localCertificateId = Self.localCertificateID
    return part
  }
}

extension SRTPProtectionProfile {
  /// As RFC 4568 and RFC 7714 call it.
  fileprivate var standardName: String {
    switch self {
    case .aesCM128HMACSHA1Tag80: "AES_CM_128_HMAC_SHA1_80"
    case .aeadAES128GCM: "AEAD_AES_128_GCM"
    case .aeadAES256GCM: "AEAD_AES_256_GCM"
    }
  }
}
