import Net
import Peer
import Wire

/// A server of the configuration, before its name is looked up.
struct ParsedServer: Sendable {
  let url: ICEServerURL
  let text: String
  let username: String
  let credential: String

  /// What the gatherer is to ask. A name nobody knows is left out, and told.
  static func resolve(
    _ servers: [ParsedServer], in families: Set<IPAddress.Family>?
  ) async -> [Result<
    CandidateGatherer.Server, Unresolved
  >] {
    await withTaskGroup(of: [Result<CandidateGatherer.Server, Unresolved>].self) { group in
      for server in servers { group.addTask { await server.resolve(in: families) } }
      return await group.reduce(into: []) { $0 += $1 }
    }
  }

  struct Unresolved: Error {
    let url: String
    let reason: String
  }

  private static let resolver = NameResolver()

  private func resolve(
    in families: Set<IPAddress.Family>?
  ) async -> [Result<CandidateGatherer.Server, Unresolved>] {
    do {
      let addresses = try await Self.resolver.resolve(url.host)
      // One address of each family: a server is the same under all of them.
      let chosen = [IPAddress.Family.v4, .v6].compactMap { family in
        families.map { $0.contains(family) } ?? true
          ? addresses.first { $0.family == family } : nil
      }
      return chosen.map { .success(server(at: TransportAddress(ip: $0, port: url.port))) }
    } catch {
      return [.failure(Unresolved(url: text, reason: "\(error)"))]
    }
  }

  private func server(at address: TransportAddress) -> CandidateGatherer.Server {
    CandidateGatherer.Server(
      kind: url.scheme == .stun
        ? .stun
        : .turn(username: username, password: credential, transport: url.transport),
      address: address, url: text)
  }
}

extension PeerConnection.Configuration {
  /// The servers, each URL by itself.
  func parsedServers() throws(RTCError) -> [ParsedServer] {
    var parsed: [ParsedServer] = []
    for server in iceServers {
      for text in server.urls {
        guard let url = ICEServerURL(text) else {
          throw .invalidArgument("\(text) is no URL of a STUN or TURN server (RFC 7064, RFC 7065)")
        }
        if url.scheme != .stun, server.username == nil || server.credential == nil {
          throw .invalidArgument("\(text) needs a username and a credential")
        }
        parsed.append(
          ParsedServer(
            url: url, text: text, username: server.username ?? "",
            credential: server.credential ?? ""))
      }
    }
    return parsed
  }
}
