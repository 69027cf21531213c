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
  private let stopPlane: @Sendable () async -> Void
  private let web: WebServer
  private var tasks: [Task<Void, Never>] = []
  /// Where the web client was found; nil where it is not served.
  public nonisolated let webDirectory: String?

  /// A server on a media plane that its caller made; `stopPlane` ends that plane.
  init(
    _ configuration: ServerConfiguration, limits: MeetingLimits? = nil, plane: any MediaPlane,
    stopPlane: @escaping @Sendable () async -> Void
  ) throws(ServerFault) {
    if let data = configuration.dataDirectory { try prepareDataDirectory(data) }
    var limits = limits ?? MeetingLimits()
    limits.participantsPerRoom = configuration.maxParticipants
    self.configuration = configuration
    self.plane = plane
    self.stopPlane = stopPlane
    meeting = Meeting(plane: plane, limits: limits)
    webDirectory = configuration.webDirectory ?? findWebDirectory()
    do throws(HTTPServerError) {
      let files = try webDirectory.map { directory throws(HTTPServerError) in
        try StaticFiles(directory: directory, rewrite: WebRoutes.page)
      }
      let routes = WebRoutes(
        meeting: meeting, limits: limits, clock: .system, files: files,
        allowedOrigins: configuration.allowedOrigins)
      web = WebServer(
        configuration: Configuration(configuration, limits.signaling), routes: routes.routes)
    } catch {
      throw ServerFault(error)
    }
  }

  /// Listens. Returns once clients can connect.
  public func start() async throws(ServerFault) {
    do throws(HTTPServerError) { try await web.start() } catch { throw ServerFault(error) }
    let meeting = meeting
    tasks = [
      Task { await meeting.followMedia() },
      Task {
        while !Task.isCancelled {
          await meeting.advance()
          try? await Task.sleep(for: .milliseconds(200))
        }
      },
    ]
  }

  /// Tells clients, closes everything and ends the threads.
  public func stop() async {
    await meeting.stop()
    await web.stop()
    for task in tasks { task.cancel() }
    await stopPlane()
  }

  /// The port of the web server; nil unless it runs.
  public nonisolated var port: UInt16? { web.port }

  /// Where people on this machine find the server.
  public nonisolated var localURL: String {
    url(configuration.host.isUnspecified ? "localhost" : bracketed(configuration.host))
  }

  /// Where people on the same network find the server; none where it listens on this machine only.
  public nonisolated var networkURLs: [String] {
    guard configuration.host.isUnspecified else { return [] }
    let interfaces = (try? NetworkInterface.all()) ?? []
    return interfaces.filter { !$0.isLoopback && !$0.ip.isLinkLocal && $0.ip.family == .v4 }
      .map { url(bracketed($0.ip)) }
  }

  /// Whether browsers elsewhere will let the web client use cameras.
  public nonisolated var isSecure: Bool { configuration.tls != nil }

  private nonisolated func url(_ host: String) -> String {
    "\(isSecure ? "https" : "http")://\(host):\(port ?? configuration.port)/"
  }

  private nonisolated func bracketed(_ ip: IPAddress) -> String {
    ip.family == .v4 ? "\(ip)" : "[\(ip)]"
  }
}

extension Configuration {
  init(_ configuration: ServerConfiguration, _ signaling: SignalingLimits) {
    var limits = Limits()
    limits.messageBytes = signaling.messageBytes
    // What a newcomer is told in one message grows with the room; SDP and chat have bounds of their own.
    limits.sendQueueBytes = max(
      limits.sendQueueBytes, 655_360 + 400 * configuration.maxParticipants)
    self.init(
      host: "\(configuration.host)", port: configuration.port, limits: limits,
      allowedOrigins: configuration.allowedOrigins,
      tls: configuration.tls.map {
        TLS(certificatePath: $0.certificate, privateKeyPath: $0.key)
      })
  }
}
