import HTTPServer

/// Everything the server answers on its web port.
struct WebRoutes: Sendable {
  let meeting: Meeting
  let limits: MeetingLimits
  let clock: MeetingClock
  let files: StaticFiles?
  let allowedOrigins: [String]

  var routes: Routes {
    let sockets = SocketService(meeting: meeting, limits: limits.signaling, clock: clock)
    let media = HTTPMediaRoutes(
      meeting: meeting, limits: limits.signaling, origins: OriginPolicy(allowed: allowedOrigins))
    let health = HealthRoutes(meeting: meeting)
    return Routes(
      webSockets: ["/ws": { await sockets.serve($0) }],
      files: files,
      handler: { request in
        if let response = await health.respond(to: request) { return response }
        return await media.respond(to: request)
      })
  }

  /// Every room is the same page.
  static func page(for path: String) -> String? {
    path.hasPrefix("/room/") ? "/index.html" : nil
  }
}
