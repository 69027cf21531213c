import Foundation
import HTTPServer
import Net
import Signaling
import Wire

/// The whole server: web, signalling and media.
public actor Server {
  private let configuration: ServerConfiguration
  let meeting: Meeting
  private let plane: any MediaPlane
  private let listening: @Sendable (UInt16) async -> Void
  private let stopPlane: @Sendable () async -> Void
  private let web: WebServer
  private let encryption: Encryption?
  private let plain: WebServer?
  private let log: @Sendable (String) -> Void
  private var tasks: [Task<Void, Never>] = []
  /// What whoever runs the server should know of its public address.
  public nonisolated let addressNotes: [String]
  /// Where the web client was found; nil where it is not served.
  public nonisolated let webDirectory: String?

  /// A server on a media plane that its caller made; `stopPlane` ends that plane. `web` is what connections may cost, `streams`
  /// what is served besides the web, and `listening` is told the port.
  init(
    _ configuration: ServerConfiguration, limits: MeetingLimits? = nil, addressNotes: [String] = [],
    web webLimits: Limits = .init(), encryption given: Encryption? = nil,
    streams: [StreamService] = [], plane: any MediaPlane, relay: (any RelayAccess)? = nil,
    listening: @escaping @Sendable (UInt16) async -> Void = { _ in },
    stopPlane: @escaping @Sendable () async -> Void,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(ServerFault) {
    if let data = configuration.dataDirectory { try prepareDataDirectory(data) }
    var limits = limits ?? MeetingLimits()
    limits.participantsPerRoom = configuration.maxParticipants
    self.configuration = configuration
    self.addressNotes = addressNotes
    self.plane = plane
    self.listening = listening
    self.stopPlane = stopPlane
    meeting = Meeting(plane: plane, limits: limits, relay: relay, log: log)
    webDirectory = configuration.webDirectory ?? findWebDirectory()
    self.log = log
    var encryption = given
    if encryption == nil { encryption = try Encryption(configuration, log: log) }
    self.encryption = encryption
    let authority = encryption?.authority.map { AuthorityRoute(certificatePEM: $0.certificatePEM) }
    do throws(HTTPServerError) {
      let files = try webDirectory.map { directory throws(HTTPServerError) in
        try StaticFiles(directory: directory, rewrite: WebRoutes.page)
      }
      let routes = WebRoutes(
        meeting: meeting, plane: plane, limits: limits, clock: .system, files: files,
        allowedOrigins: configuration.allowedOrigins, metricsAudience: configuration.metrics,
        streams: streams, authority: authority,
        withoutTLS: encryption.map { PlainRoutes($0, authority, configuration, port: nil) })
      web = WebServer(
        configuration: Configuration(
          configuration, limits.signaling, webLimits,
          certificates: encryption?.certificates),
        routes: routes.routes)
    } catch {
      throw ServerFault(error)
    }
    plain = Self.plain(configuration, encryption, authority, leadingTo: web)
  }

  /// What answers over plain HTTP beside HTTPS.
  private static func plain(
    _ configuration: ServerConfiguration, _ encryption: Encryption?, _ authority: AuthorityRoute?,
    leadingTo web: WebServer
  ) -> WebServer? {
    guard let encryption, let port = configuration.plainPort else { return nil }
    let routes = PlainRoutes(encryption, authority, configuration) {
      // Where people come by another port than the server's own, somebody has said so.
      let told = configuration.tcpPort.flatMap { $0 == 0 ? nil : $0 }
      return told ?? web.port ?? configuration.port
    }
    return WebServer(
      configuration: Configuration(host: "\(configuration.host)", port: port),
      routes: Routes(handler: routes.handler))
  }

  /// Listens. Returns once clients can connect.
  public func start() async throws(ServerFault) {
    do throws(HTTPServerError) { try await web.start() } catch { throw ServerFault(error) }
    if let port = web.port { await listening(port) }
    let meeting = meeting
    tasks = [
      Task { await meeting.followMedia() },
      Task {
        var beat = Beat()
        while !Task.isCancelled {
          if beat.counts(at: MonotonicClock.now()) { await meeting.advance() }
          try? await Task.sleep(for: Beat.interval)
        }
      },
    ]
    guard let encryption else { return }
    do throws(HTTPServerError) {
      try await plain?.start()
      if plain != nil { encryption.answers.serve() }
    } catch {
      log("plain HTTP does not lead to HTTPS: \(error) (\(Setting.httpPort.flag))")
    }
    tasks.append(
      Task {
        while !Task.isCancelled {
          await encryption.keeper.look()
          try? await Task.sleep(for: Encryption.interval)
        }
      })
  }

  /// Reads again what the operator may have changed: certificate and key.
  public func reload() async { await encryption?.keeper.reload() }

  /// Tells clients, closes everything and ends the threads.
  public func stop() async {
    await meeting.stop()
    await plain?.stop()
    await web.stop()
    for task in tasks { task.cancel() }
    await stopPlane()
  }

  /// The port of the web server; nil unless it runs.
  public nonisolated var port: UInt16? { web.port }

  /// Where people on this machine find the server.
  public nonisolated var localURL: String {
    if let domain = configuration.acme?.domains.first { return url(domain) }
    return url(configuration.host.isUnspecified ? "localhost" : bracketed(configuration.host))
  }

  /// Where people on the same network find the server; none where it listens on this machine only.
  public nonisolated var networkURLs: [String] {
    guard configuration.host.isUnspecified, configuration.acme == nil else { return [] }
    let interfaces = (try? NetworkInterface.all()) ?? []
    return interfaces.filter { !$0.isLoopback && !$0.ip.isLinkLocal && $0.ip.family == .v4 }
      .map { url(bracketed($0.ip)) }
  }

  /// Whether browsers elsewhere will let the web client use cameras.
  public nonisolated var isSecure: Bool { configuration.isSecure }

  /// Where the certificate of this server's own authority is, and its SHA-256; nil where it has none.
  public nonisolated var authority: (path: String, fingerprint: String)? {
    encryption?.authority.map { (AuthorityRoute.path, $0.fingerprint) }
  }

  /// The port of plain HTTP beside HTTPS; nil unless it is served.
  public nonisolated var plainPort: UInt16? { plain?.port }

  private nonisolated func url(_ host: String) -> String {
    let port = port ?? configuration.port
    let usual: UInt16 = isSecure ? 443 : 80
    return "\(isSecure ? "https" : "http")://\(host)\(port == usual ? "" : ":\(port)")/"
  }

  private nonisolated func bracketed(_ ip: IPAddress) -> String {
    ip.family == .v4 ? "\(ip)" : "[\(ip)]"
  }
}

extension Configuration {
  init(
    _ configuration: ServerConfiguration, _ signaling: SignalingLimits, _ limits: Limits = .init(),
    certificates: CertificateStore? = nil
  ) {
    var limits = limits
    limits.messageBytes = signaling.messageBytes
    // What a newcomer is told in one message grows with the room; SDP and chat have bounds of their own.
    limits.sendQueueBytes = max(
      limits.sendQueueBytes, 655_360 + 400 * configuration.maxParticipants)
    self.init(
      host: "\(configuration.host)", port: configuration.port, limits: limits,
      allowedOrigins: configuration.allowedOrigins,
      certificates: certificates)
  }
}
