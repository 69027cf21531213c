import Net
import Peer
import Session
import Wire

extension Connection {
  /// The names of the configuration's servers have been looked up, as far as they could be.
  func setServers(
    _ found: [Result<CandidateGatherer.Server, ParsedServer.Unresolved>], at now: Instant,
    into outbox: Outbox
  ) {
    var servers: [CandidateGatherer.Server] = []
    for result in found {
      switch result {
      case .success(let server): servers.append(server)
      case .failure(let failure):
        events.yield(
          .iceCandidateError(url: failure.url, code: 701, reason: failure.reason))
      }
    }
    session.setServers(servers)
    if session.iceGatheringState == .gathering { gather(at: now, into: outbox) }
  }

  /// Looks for a `.local` name in the network around us.
  func resolve(_ name: String, at now: Instant, into outbox: Outbox) {
    let isAsked =
      configuration.resolvesLocalNames
      && hub.assumeIsolated { [key] in $0.resolve(name, for: key, at: now) }
    // A name that waits for ever would keep the end of the candidates waiting as well.
    if !isAsked { session.resolved(name, to: nil, at: now, into: outbox) }
  }
}
