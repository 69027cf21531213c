import Cryptography
import Wire

// What forwarding costs from SRTP in to SRTP out: without sockets, and with sockets on loopback. Prints JSON.

let profiles = [
  ("AES-128-GCM", SRTPProtectionProfile.aeadAES128GCM), ("AES-CM", .aesCM128HMACSHA1Tag80),
]

func inMemory() throws -> [Measurement] {
  var results: [Measurement] = []
  for (name, profile) in profiles {
    for viewers in [1, 10, 50, 100] {
      for isFull in [false, true] {
        let measured = try InMemory(viewerCount: viewers, profile: profile, isFull: isFull)
        results += measured.measure(
          "1 to \(viewers), \(name), no sockets" + (isFull ? ", everything on" : ""),
          rounds: max(20, 2000 / viewers))
      }
    }
  }
  return results
}

func onSockets() async throws -> [Measurement] {
  var results: [Measurement] = []
  for (name, profile) in profiles {
    for viewers in [1, 10, 50, 100] {
      let measured = OnSockets(
        viewerCount: viewers, profile: profile, gathering: .after(.milliseconds(2)))
      results += try await measured.measure("1 to \(viewers), \(name), sockets")
    }
  }
  return results
}

/// What it brings to let packets gather, and what it costs in time.
func gathering() async throws -> [Measurement] {
  var results: [Measurement] = []
  for rooms in [1, 10] {
    for microseconds: Int64 in [0, 250, 500, 1000, 2000, 5000] {
      let delay = Duration.microseconds(microseconds)
      let name = "\(rooms) of 1 to \(100 / rooms), rest \(microseconds) µs"
      let after = OnSockets(roomCount: rooms, viewerCount: 100, gathering: .after(delay))
      results += try await after.measure(name + " after")
      guard microseconds > 0 else { continue }
      let before = OnSockets(roomCount: rooms, viewerCount: 100, gathering: .before(delay))
      results += try await before.measure(name + " before")
    }
  }
  return results
}

/// Some rounds with so many viewers, for tools that count instructions: those of `InMemory.takeTurn` and
/// `LoadRoom.deliverToServer` are the forwarder's.
func rounds(_ arguments: ArraySlice<String>) throws -> [Measurement] {
  let viewers = arguments.first.flatMap { Int($0) } ?? 100
  let isFull = arguments.contains("full")
  let measured = try InMemory(
    viewerCount: viewers, profile: .aeadAES128GCM, isFull: isFull)
  return measured.measure("1 to \(viewers)" + (isFull ? ", everything on" : ""), rounds: 25)
}

var results: [Measurement] = []
let wanted = CommandLine.arguments.dropFirst().first
if wanted == "rounds" { results += try rounds(CommandLine.arguments.dropFirst(2)) }
if wanted == nil || wanted == "memory" { results += try inMemory() }
if wanted == nil || wanted == "sockets" { results += try await onSockets() }
if wanted == nil || wanted == "gathering" { results += try await gathering() }
print("[\n  " + results.map(\.json).joined(separator: ",\n  ") + "\n]")
