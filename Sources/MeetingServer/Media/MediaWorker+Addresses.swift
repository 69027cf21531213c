import ICE
import Net
import Peer
import SFU
import Wire

/// Where clients are told to send, and how that is found out.
extension MediaWorker {
  /// Every browser connects to each address, whichever it uses then.
  private static let streamAddressLimit = 4
  /// Most peers whose word on where they see us is taken at one time.
  private static let sightingLimit = 256

  /// The TCP port that answers tell of, and where it leads.
  struct StreamOffer {
    var port: UInt16
    /// Whether clients reach it by that very number, because somebody has said so.
    var isFixed: Bool
    var reaches: @Sendable (IPAddress) -> Bool
  }

  static func candidates(_ addresses: [TransportAddress]) -> [ICECandidate] {
    addresses.enumerated().map { place, address in
      ICECandidate(address: address, localPreference: UInt16(65_535 - place))
    }
  }

  /// Tells those who come from now on of other addresses.
  func setAddresses(_ addresses: MediaAddresses) {
    self.addresses = addresses
    candidates = Self.candidates(addresses.all(port: port))
    streamCandidates = makeStreamCandidates()
  }

  /// Has answers tell of a TCP port from now on.
  func offerStreams(_ offer: StreamOffer) {
    streamOffer = offer
    streamCandidates = makeStreamCandidates()
  }

  private func makeStreamCandidates() -> [ICECandidate] {
    guard let streamOffer else { return [] }
    var addresses: [TransportAddress] = []
    for candidate in candidates {
      let address = TransportAddress(ip: candidate.address.ip, port: streamOffer.port)
      if streamsReach(address.ip), !addresses.contains(address) { addresses.append(address) }
    }
    return addresses.prefix(Self.streamAddressLimit).enumerated().map { place, address in
      ICECandidate(
        address: address, transport: .tcp, localPreference: UInt16(65_535 - place),
        tcpType: .passive)
    }
  }

  /// An address that stands for this machine leads to where the machine itself listens.
  private func streamsReach(_ ip: IPAddress) -> Bool {
    guard let reaches = streamOffer?.reaches else { return false }
    if reaches(ip) { return true }
    guard addresses.found.contains(ip) || addresses.likely.contains(ip) else { return false }
    return addresses.own.contains { $0.family == ip.family && reaches($0) }
  }

  /// What is told to a client that has reached the web server by an address that is none of those that all are told.
  /// Nobody else hears of it.
  func candidates(reached: ReachedAddress?) -> [ICECandidate] {
    guard let reached, addresses.mayAdd(reached.ip),
      !candidates.contains(where: { $0.address.ip == reached.ip })
    else { return [] }
    let place = UInt16(clamping: candidates.count)
    var extra = [
      ICECandidate(
        address: TransportAddress(ip: reached.ip, port: port), localPreference: 65_535 - place)
    ]
    if let streamOffer, !streamCandidates.isEmpty {
      let port = streamOffer.isFixed ? streamOffer.port : reached.port ?? streamOffer.port
      extra.append(
        ICECandidate(
          address: TransportAddress(ip: reached.ip, port: port), transport: .tcp,
          localPreference: 65_535 - UInt16(clamping: streamCandidates.count), tcpType: .passive))
    }
    return extra
  }

  /// Asks STUN servers, by the media port, where they see it.
  func ask(_ servers: [TransportAddress]) async -> [TransportAddress] {
    let questions = AddressQuestions(to: servers, random: &random, at: MonotonicClock.now())
    return await withCheckedContinuation { inquiry.begin(questions, for: $0) }
  }

  /// Where peers say that they see the media port.
  var sightings: [AddressSighting] {
    sessions.keys.prefix(Self.sightingLimit).compactMap { id in
      guard let ice = forwarder.remote(of: id)?.ice, let path = ice.selectedPath,
        path.transport == .udp, let seen = ice.addressSeenByPeer
      else { return nil }
      return AddressSighting(peer: path.remote.ip, seen: seen)
    }
  }
}
