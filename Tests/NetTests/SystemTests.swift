import Glibc
import Net
import Testing
import Wire

struct SystemTests {
  @Test func `the loopback address is listed and flagged`() throws {
    let all = try NetworkInterface.all()
    let entry = try #require(all.first { $0.ip == IPAddress(127, 0, 0, 1) })
    #expect(entry.isLoopback)
    #expect(!entry.name.isEmpty)
    #expect(all.allSatisfy { $0.isLoopback == $0.ip.isLoopback || $0.name == entry.name })
  }

  @Test func `the clock does not go back, and its offset tells the date`() {
    let first = MonotonicClock.now()
    let second = MonotonicClock.now()
    #expect(second >= first)
    let before = Int64(time(nil))
    let unix = (MonotonicClock.now() + MonotonicClock.unixOffset()).nanoseconds / 1_000_000_000
    #expect((before - 1...Int64(time(nil)) + 1).contains(unix))
  }

  @Test func `signals arrive as events instead of ending the process`() async {
    await #expect(processExitsWith: .success) {
      let events = try ProcessSignal.events(of: [.terminate, .interrupt, .hangUp])
      // To the process, not the thread: the tasks' threads take no signals.
      kill(getpid(), SIGTERM)
      kill(getpid(), SIGHUP)
      kill(getpid(), SIGINT)
      var seen: [ProcessSignal] = []
      for await event in events {
        seen.append(event)
        if seen.count == 3 { break }
      }
      #expect(Set(seen) == [.terminate, .hangUp, .interrupt])
    }
  }

  @Test func `writing to a closed pipe is an error and not the end`() async {
    await #expect(processExitsWith: .success) {
      ProcessSignal.ignoreBrokenPipe()
      var ends: [Int32] = [0, 0]
      _ = unsafe pipe(&ends)
      close(ends[0])
      #expect(unsafe write(ends[1], "x", 1) == -1)
      #expect(errno == EPIPE)
    }
  }
}
