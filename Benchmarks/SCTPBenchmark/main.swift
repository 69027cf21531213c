import Glibc
import SCTP
import Wire

// How fast one association sends through a link of 1 Gbit/s, in virtual time, and what it costs. Prints JSON.
//
// Arguments choose scenarios by a part of their names. `seconds=30` measures longer.

let arguments = CommandLine.arguments.dropFirst()
let seconds = arguments.compactMap { argument in
  argument.hasPrefix("seconds=") ? Int64(argument.dropFirst(8)) : nil
}
let steady = Duration.seconds(seconds.first ?? 10)
let startUp = Duration.seconds(5)
let filters = arguments.filter { !$0.contains("=") }

func scenarios() -> [Scenario] {
  var all: [Scenario] = []
  let controls: [(String, SCTPOptions.CongestionControl)] = [
    ("delayAware", .delayAware), ("cubic", .cubic), ("standard", .standard),
  ]
  for (label, control) in controls {
    for milliseconds in [2, 20, 50, 100, 300] as [Int64] {
      all.append(
        Scenario(
          name: "sctp.\(label).\(milliseconds)ms", roundTrip: .milliseconds(milliseconds),
          control: control))
    }
    for milliseconds in [100, 200] as [Int64] {
      all.append(
        Scenario(
          name: "sctp.\(label).\(milliseconds)ms.loss1%", roundTrip: .milliseconds(milliseconds),
          loss: 0.01, control: control))
    }
  }
  return all + sharing()
}

/// Two associations through one bottleneck of 100 Mbit/s, the second two seconds later.
func sharing() -> [Scenario] {
  let pairs: [(String, SCTPOptions.CongestionControl, SCTPOptions.CongestionControl)] = [
    ("delayAware+delayAware", .delayAware, .delayAware), ("cubic+cubic", .cubic, .cubic),
    ("delayAware+cubic", .delayAware, .cubic), ("cubic+delayAware", .cubic, .delayAware),
  ]
  return pairs.flatMap { label, first, second in
    [0.25, 1, 4].map { queue in
      Scenario(
        name: "sctp.shared.\(label).40ms.queue\(queue)", roundTrip: .milliseconds(40),
        bitsPerSecond: 100_000_000, control: first, otherControl: second, flowCount: 2,
        flowDelay: .seconds(2), queue: queue)
    }
  }
}

func line(_ scenario: Scenario) -> String {
  var transfer = Transfer(scenario)
  // Processor time: the machine is shared.
  let begun = clock()
  transfer.run(until: .zero + startUp)
  let first = transfer.flows.map(\.receivedByteCount)
  transfer.forward.resetQueueMeasurement()
  transfer.run(until: .zero + startUp + steady)
  let elapsed = clock() - begun
  let last = transfer.flows.map(\.receivedByteCount)
  let rates = zip(first, last).map { Double($1 - $0) * 8 / steady.seconds / 1e6 }
  let total = Double(last.reduce(0, +))
  let processor = Double(elapsed) / Double(CLOCKS_PER_SEC)
  func round(_ value: Double) -> Double { Double(Int(value * 10 + 0.5)) / 10 }
  return """
      {"name": "\(scenario.name)", "megabitsPerSecond": \(rates.map(round)), \
    "withStartUp": \(round(total * 8 / (startUp + steady).seconds / 1e6)), \
    "queueMilliseconds": \(round(transfer.forward.meanQueueMilliseconds)), \
    "drops": \(transfer.forward.dropCount), \
    "retransmissions": \(transfer.flows.map(\.sender.metrics.retransmittedChunks)), \
    "microsecondsPerMegabyte": \(round(processor * 1e6 / max(total / 1e6, 1)))}
    """
}

let chosen = scenarios().filter { scenario in
  filters.isEmpty || filters.contains { scenario.name.contains($0) }
}
print("[\n\(chosen.map(line).joined(separator: ",\n"))\n]")
