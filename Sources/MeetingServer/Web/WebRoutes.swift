import HTTPServer

/// Everything the server answers on its web port.
struct WebRoutes: Sendable {
  let meeting: Meeting
  let plane: any MediaPlane
  let limits: MeetingLimits
  let clock: MeetingClock
  let files: StaticFiles?
  let allowedOrigins: [String]
  var metricsAudience = MetricsAudience.loopback
  var streams: [StreamService] = []
  var authority: AuthorityRoute?
  /// What those get who come without TLS to a server that speaks it.
  var withoutTLS: PlainRoutes?

  var routes: Routes {
    let sockets = SocketService(meeting: meeting, limits: limits.signaling, clock: self.clock)
    let origins = OriginPolicy(allowed: allowedOrigins)
    let media = HTTPMediaRoutes(meeting: meeting, limits: limits.signaling, origins: origins)
    let plain = PlainSignalingRoutes(
      meeting: meeting, limits: limits.signaling, origins: origins)
    let clock = ClockRoute(plane: plane, origins: origins)
    let test = TestRoute(
      plane: plane, clock: self.clock, origins: origins, relay: meeting.relay)
    let health = HealthRoutes(meeting: meeting)
    let requests = RequestCounts()
    let metrics = MetricsRoute(
      meeting: meeting, plane: plane, audience: metricsAudience, requests: requests)
    return Routes(
      webSockets: ["/ws": { await sockets.serve($0) }],
      files: files,
      handler: { request in
        if let response = await health.respond(to: request) { return response }
        if let response = authority?.respond(to: request) { return response }
        if let response = await metrics.respond(to: request) { return response }
        if let response = await clock.respond(to: request) { return response }
        if let response = await test.respond(to: request) { return response }
        if let response = await plain.respond(to: request) { return response }
        return await media.respond(to: request)
      },
      streams: streams,
      plainHandler: withoutTLS?.handler,
      observer: { _, status in requests.note(status) })
  }

  /// Every room is the same page, and a page's name needs no suffix.
  static func page(for path: String) -> String? {
    if path == "/datachannel" { return "/datachannel.html" }
    if path == "/test" { return "/test.html" }
    return path.hasPrefix("/room/") ? "/index.html" : nil
  }
}
