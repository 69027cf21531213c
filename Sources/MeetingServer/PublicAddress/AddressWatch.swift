import Foundation
import Net
import Wire

/// Keeps what clients are told in step with where this machine stands.
actor AddressWatch {
  /// How often the machine's own addresses and what people say are looked at.
  private static let interval: Swift.Duration = .seconds(5)
  private static let resolver: NameResolver = {
    var options = NameResolver.Options()
    options.timeout = .seconds(3)
    return NameResolver(options: options)
  }()

  private let configuration: ServerConfiguration
  private let plane: WorkerMediaPlane
  private let log: @Sendable (String) -> Void
  private let clock: @Sendable () -> Instant
  private let ownAddresses: @Sendable () -> [IPAddress]?
  private let lookUp: @Sendable (String) async -> [IPAddress]
  private var findings: AddressFindings
  private var witnesses = AddressWitnesses()
  private var rounds: AddressRounds
  /// Whether names were looked up for the first time.
  private var hasLookedUpNames = false
  private var running: Task<Void, Never>?

  /// For a plane that runs. `ownAddresses` are the machine's that others reach; nil where they cannot be read.
  /// `lookUp` gives where a name leads; nothing where that is not known.
  init(
    _ configuration: ServerConfiguration, _ plane: WorkerMediaPlane,
    clock: @escaping @Sendable () -> Instant = { MonotonicClock.now() },
    ownAddresses: @escaping @Sendable () -> [IPAddress]? = AddressWatch.interfaceAddresses,
    lookUp: @escaping @Sendable (String) async -> [IPAddress] = AddressWatch.addresses,
    log: @escaping @Sendable (String) -> Void
  ) {
    let own = configuration.udpHost.map { [$0] } ?? ownAddresses() ?? []
    self.clock = clock
    self.ownAddresses = ownAddresses
    self.lookUp = lookUp
    self.configuration = configuration
    self.plane = plane
    self.log = log
    findings = AddressFindings(
      own: own,
      isContainer: FileManager.default.fileExists(atPath: "/.dockerenv")
        || FileManager.default.fileExists(atPath: "/run/.containerenv"),
      advertised: configuration.advertised, ports: "\(plane.port)", answer: .notAsked)
    rounds = AddressRounds(own: own, isAnswered: true, at: clock())
  }

  /// Asks for the first time. Gives what is told from then on, and what whoever runs the server should know.
  func begin() async -> (addresses: MediaAddresses, notes: [String]) {
    await ask()
    return (await apply(), findings.sentences)
  }

  /// Goes on until it is stopped; `follow` hears of each change.
  func start(_ follow: @escaping @Sendable (MediaAddresses) async -> Void) {
    running = running ?? Task { await run(follow) }
  }

  /// Ends it. To be called while the plane runs.
  func stop() async {
    running?.cancel()
    plane.stopAsking()
    await running?.value
  }

  private func run(_ follow: @Sendable (MediaAddresses) async -> Void) async {
    while !Task.isCancelled {
      await look(follow)
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// Looks whether anything has changed; `follow` hears of it.
  func look(_ follow: @Sendable (MediaAddresses) async -> Void) async {
    let before = findings
    // Where they cannot be read, or a network is gone for a while, what was known is as good as anything.
    var own = configuration.udpHost.map { [$0] } ?? ownAddresses() ?? []
    if own.isEmpty { own = findings.own }
    if rounds.isDue(own: own, at: clock()) {
      findings.own = own
      await ask()
      await lookUpNames()
    } else if !hasLookedUpNames {
      // Not at the start, which must not wait for a network that is not there yet.
      await lookUpNames()
    }
    await hearWitnesses()
    guard findings != before, !Task.isCancelled else { return }
    let addresses = await apply()
    guard let change = findings.change(since: before) else { return }
    await follow(addresses)
    log(change)
  }

  /// A round of asking the STUN servers, all at the same time.
  private func ask() async {
    let servers = configuration.stunServers
    guard !servers.isEmpty else {
      rounds = AddressRounds(own: findings.own, isAnswered: true, at: clock())
      return
    }
    let asked = await Self.addresses(
      of: servers, in: Set(findings.own.map(\.family)), lookUp)
    let seen = asked.isEmpty || Task.isCancelled ? [] : await plane.ask(asked)
    findings.take(
      seen, servers: servers.map(\.host).joined(separator: ", "), port: plane.port)
    rounds = AddressRounds(own: findings.own, isAnswered: !seen.isEmpty, at: clock())
  }

  /// One address of each server in each family.
  private static func addresses(
    of servers: [STUNServerName], in families: Set<IPAddress.Family>,
    _ lookUp: @escaping @Sendable (String) async -> [IPAddress]
  ) async -> [TransportAddress] {
    await withTaskGroup(of: [TransportAddress].self) { group in
      for server in servers {
        group.addTask {
          let ips = await lookUp(server.host)
          return families.compactMap { family in ips.first { $0.family == family } }
            .map { TransportAddress(ip: $0, port: server.port) }
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
  }

  /// Where the server's own name leads, if nothing better is known.
  private func lookUpNames() async {
    hasLookedUpNames = true
    guard findings.lacks(.v4) || findings.lacks(.v6) else { return }
    var named: [IPAddress] = []
    for name in configuration.acme?.domains.prefix(4) ?? [] {
      named += await lookUp(name)
    }
    if !named.isEmpty {
      findings.named = named
    } else if configuration.acme != nil {
      // A resolver that is not there says nothing of where the name leads, and may be there soon.
      rounds = AddressRounds(own: findings.own, isAnswered: false, at: clock())
    }
  }

  private func hearWitnesses() async {
    guard findings.lacks(.v4) || findings.lacks(.v6) else { return }
    let now = clock()
    for sighting in await plane.sightings {
      witnesses.hear(sighting, mediaPort: plane.port, own: findings.own, at: now)
    }
    findings.witnessed = witnesses.believed(at: now)
  }

  /// Has the workers tell what is known.
  private func apply() async -> MediaAddresses {
    var addresses = await plane.mediaAddresses
    if configuration.udpHost == nil, !findings.own.isEmpty { addresses.own = findings.own }
    addresses.found = findings.found
    addresses.likely = findings.likely
    await plane.setAddresses(addresses)
    return addresses
  }

  /// Where a name leads, as DNS has it.
  @Sendable static func addresses(of name: String) async -> [IPAddress] {
    (try? await resolver.resolve(name)) ?? []
  }

  /// The addresses of this machine's interfaces that others reach.
  @Sendable static func interfaceAddresses() -> [IPAddress]? {
    try? NetworkInterface.reachable().map(\.ip)
  }
}
