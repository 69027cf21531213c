import Testing
import Wire

@testable import MeetingServer

struct PathRoutesTests {
  private static func path(_ number: Int) -> Path {
    Path(
      local: TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 7880),
      remote: TransportAddress(
        ip: IPAddress(v4: 0x0A00_0000 &+ UInt32(truncatingIfNeeded: number >> 8)),
        port: UInt16(truncatingIfNeeded: 1000 + number & 255)))
  }

  @Test func `a path is known while its owner goes on telling of it`() {
    var routes = PathRoutes()
    var now = Instant.zero
    for _ in 0..<20 {
      routes.learn(Self.path(1), worker: 3, at: now)
      now = now + .seconds(25)
      #expect(routes.worker(of: Self.path(1)) == 3)
    }
  }

  @Test func `a path that nobody tells of is forgotten, and one that moved is with its new owner`()
  {
    var routes = PathRoutes()
    routes.learn(Self.path(1), worker: 1, at: .zero)
    routes.learn(Self.path(2), worker: 1, at: .zero)
    for second in stride(from: 5, through: 70, by: 5) {
      routes.learn(Self.path(2), worker: 2, at: .zero + .seconds(Int64(second)))
    }
    #expect(routes.worker(of: Self.path(1)) == nil)
    #expect(routes.worker(of: Self.path(2)) == 2)
    #expect(routes.worker(of: Self.path(3)) == nil)
  }

  @Test func `however many paths are told of, a bounded number is kept`() {
    var routes = PathRoutes()
    for number in 0..<PathRoutes.limit + 100 {
      routes.learn(Self.path(number), worker: 1, at: .zero)
    }
    let kept = (0..<PathRoutes.limit + 100).count { routes.worker(of: Self.path($0)) != nil }
    #expect(kept == PathRoutes.limit)
  }
}
