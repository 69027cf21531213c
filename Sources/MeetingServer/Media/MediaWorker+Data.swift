import DTLS
import Foundation
import ICE
import Net
import Peer
import SDP
import SFU
import Wire

/// Data-channel peers beside the rooms.
extension MediaWorker {
  /// Answers an offer of data channels with a peer that tells the time and echoes. `client` is the address
  /// whose unconnected peers are counted; nil counts none.
  func connectClock(offer: String, client: String?) throws(MediaError) -> String {
    if let obstacle = clockPeers.obstacle(for: client) { throw .busy(obstacle) }
    let description = try Self.parse(offer)
    let credentials = makeCredentials()
    var policy = OfferPlan.policy(for: MediaOffer(sdp: offer))
    policy.data = DataChannelTerms(
      maximumMessageSize: UInt64(clockPeers.limits.messageByteCount))
    let plan = description.mediaSections.map { $0.isData ? SectionPlan() : .rejected }
    let (answer, negotiated) = try answer(
      description, plan, policy, credentials, reached: nil, sessionID: random.next(), previous: nil)
    guard let transport = negotiated.transport, let size = negotiated.maxMessageSize else {
      throw .badOffer("it offers no data channels")
    }
    let remote = try makeRemote(credentials, transport)
    try remote.take(transport)
    clockPeers.add(
      remote, maximumMessageSize: size, client: client, random: random, at: MonotonicClock.now())
    return answer.description
  }

  /// How many peers there are in rooms, and how many that hear the time.
  var peerCounts: (rooms: Int, clock: Int) { (forwarder.peerCount, clockPeers.count) }

  /// The time of day in ISO 8601, in UTC and with milliseconds.
  static func timeOfDay(_ now: Instant) -> String {
    let sinceEpoch = Wire.Duration(nanoseconds: now.nanoseconds) + MonotonicClock.unixOffset()
    return Date(timeIntervalSince1970: Double(sinceEpoch.milliseconds) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}
