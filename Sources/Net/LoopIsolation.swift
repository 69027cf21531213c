import Wire

/// Calls from the loop's thread into actors that live on the loop.
///
/// The same as `assumeIsolated`, which allocates twice in each call. Whoever calls is the loop, and a
/// handler is admitted only if this is its executor, so there is nothing left to check.
enum LoopIsolation {
  static func handle(
    _ handler: any EventLoopHandler, _ readiness: Readiness, _ descriptor: Descriptor,
    _ now: Instant
  ) {
    // Isolation is a promise to the compiler and no part of how a function is called.
    let function = unsafe unsafeBitCast(
      isolatedHandle,
      to: ((any EventLoopHandler, Readiness, Descriptor, Instant) -> Void).self)
    function(handler, readiness, descriptor, now)
  }

  static func finishTurn(_ handler: any EventLoopHandler, _ now: Instant) -> NextTurn {
    // As above.
    let function = unsafe unsafeBitCast(
      isolatedFinishTurn, to: ((any EventLoopHandler, Instant) -> NextTurn).self)
    return function(handler, now)
  }

  private static let isolatedHandle:
    @Sendable (isolated any EventLoopHandler, Readiness, Descriptor, Instant) -> Void = {
      $0.handle($1, of: $2, at: $3)
    }

  private static let isolatedFinishTurn:
    @Sendable (isolated any EventLoopHandler, Instant) -> NextTurn = { $0.finishTurn(at: $1) }
}
