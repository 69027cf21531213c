import ICE
import Peer
import TURN
import Wire

extension PeerSession {
  static func name(_ id: ICEAgent.PairID) -> String { "pair-\(id.rawValue)" }

  private static func name(_ id: ICEAgent.CandidateID) -> String { "candidate-\(id.rawValue)" }

  /// All candidates of both sides.
  func candidateStatistics(
    of remote: RemotePeer, transportID: String
  ) -> [(id: String, content: StatisticsEntry.Content)] {
    remote.ice.candidateStatistics.map { told in
      let candidate = told.candidate
      var part = CandidateStatistics(
        transportId: transportID, port: candidate.address.port,
        protocol: candidate.transport == .udp ? "udp" : "tcp",
        candidateType: candidate.kind.rawValue)
      part.address = "\(candidate.address.ip)"
      part.priority = candidate.priority
      part.foundation = candidate.foundation.isEmpty ? nil : candidate.foundation
      let credentials = told.isRemote ? remote.remoteCredentials : remote.localCredentials
      part.usernameFragment = candidate.usernameFragment ?? credentials?.usernameFragment
      part.relatedAddress = candidate.relatedAddress.map { "\($0.ip)" }
      part.relatedPort = candidate.relatedAddress?.port
      part.tcpType = candidate.tcpType?.rawValue
      guard !told.isRemote else { return (Self.name(told.id), .remoteCandidate(part)) }
      noteServer(of: candidate, in: &part)
      return (Self.name(told.id), .localCandidate(part))
    }
  }

  /// Which server a candidate of ours is owed to.
  private func noteServer(of candidate: ICECandidate, in part: inout CandidateStatistics) {
    guard candidate.kind == .serverReflexive || candidate.kind == .relayed,
      let server = gatherer?.candidates.first(where: {
        $0.candidate.address == candidate.address && $0.candidate.kind == candidate.kind
      })?.server
    else { return }
    part.url = server.url
    guard candidate.kind == .relayed, case .turn(_, _, let transport) = server.kind else { return }
    part.relayProtocol =
      switch transport {
      case .udp: "udp"
      case .tcp: "tcp"
      case .tls: "tls"
      }
  }

  /// All pairs, with what went by them.
  func pairStatistics(
    of remote: RemotePeer, transportID: String
  ) -> [(id: String, content: StatisticsEntry.Content)] {
    remote.ice.pairStatistics.map { told in
      var part = CandidatePairStatistics(
        transportId: transportID, localCandidateId: Self.name(told.local),
        remoteCandidateId: Self.name(told.remote), state: told.state.rawValue)
      part.nominated = told.isNominated
      let traffic = traffic.traffic(on: told.path)
      part.packetsSent = traffic.sent.packetCount
      part.packetsReceived = traffic.received.packetCount
      part.bytesSent = traffic.sent.byteCount
      part.bytesReceived = traffic.received.byteCount
      let epoch = configuration.epoch
      part.lastPacketSentTimestamp = traffic.sent.lastAt.map { epoch.milliseconds(at: $0) }
      part.lastPacketReceivedTimestamp = traffic.received.lastAt.map {
        epoch.milliseconds(at: $0)
      }
      part.totalRoundTripTime = told.totalRoundTripTime.seconds
      part.currentRoundTripTime = told.currentRoundTripTime?.seconds
      part.requestsSent = told.requestsSent - min(told.consentRequestsSent, told.requestsSent)
      part.requestsReceived = told.requestsReceived
      part.responsesSent = told.responsesSent
      part.responsesReceived = told.responsesReceived
      part.consentRequestsSent = told.consentRequestsSent
      return (Self.name(told.id), .candidatePair(part))
    }
  }
}
