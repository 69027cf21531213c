import Net
import Testing
import Wire

/// Waits until something holds, for half a minute at most.
func eventually(
  _ condition: () async -> Bool, _ location: SourceLocation = #_sourceLocation
) async throws {
  let patience = MonotonicClock.now() + .seconds(30)
  while await !condition() {
    let isPatient = MonotonicClock.now() < patience
    try #require(isPatient, "it did not come to that", sourceLocation: location)
    try await Task.sleep(for: .milliseconds(1))
  }
}
