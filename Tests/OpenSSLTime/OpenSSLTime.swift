import CVirtualTime
public import Wire

/// Gives OpenSSL, which reads the clock by itself, the time `now` for as long as `body` takes.
public func inVirtualTime<Result, Failure: Error>(
  _ now: Instant, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  virtual_time_set(1_700_000_000_000_000 + now.nanoseconds / 1000)
  defer { virtual_time_set(-1) }
  return try body()
}
