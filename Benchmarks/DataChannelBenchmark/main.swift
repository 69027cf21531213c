import WebRTC

// Data channels between two connections of this process, over sockets on loopback: speed, memory, and what closed
// ones leave behind. Prints JSON.
//
// Arguments choose parts: `throughput`, `latency`, `memory`, `churn`. `seconds=30` measures throughput longer,
// `calls=500` is how many come and go.

let arguments = CommandLine.arguments.dropFirst()

func number(_ name: String, _ usual: Int) -> Int {
  arguments.compactMap { $0.hasPrefix(name + "=") ? Int($0.dropFirst(name.count + 1)) : nil }.first
    ?? usual
}

func isWanted(_ part: String) -> Bool {
  arguments.allSatisfy { $0.contains("=") } || arguments.contains(part)
}

var results: [Measurement] = []
if isWanted("throughput") {
  results += try await Speed.throughput(seconds: number("seconds", 10))
}
if isWanted("latency") { results += try await Speed.latency(rounds: 5000) }
if isWanted("memory") {
  results += try await Keeping.memory(calls: 500, certificate: nil)
  results += try await Keeping.memory(calls: 500, certificate: .generate())
}
if isWanted("churn") { results += try await Keeping.churn(calls: number("calls", 10_000)) }
print("[\n  " + results.map(\.json).joined(separator: ",\n  ") + "\n]")
