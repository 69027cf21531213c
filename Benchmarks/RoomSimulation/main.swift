import CAllocations
import Glibc
import Net
import SimulatedRooms
import Wire

// Rooms full of people on links of all kinds, in virtual time. Prints a line of JSON for each participant and for the
// room, and tables where asked: RoomSimulation --people 20 --minutes 10 --seed 1 --table

let arguments = Array(CommandLine.arguments.dropFirst())

func value(_ name: String, _ otherwise: Double) -> Double {
  guard let place = arguments.firstIndex(of: "--" + name), place + 1 < arguments.count else {
    return otherwise
  }
  return Double(arguments[place + 1]) ?? otherwise
}

/// The links that are named, separated by commas; those of the mixture where none are.
func links(_ count: Int) -> [AccessLink] {
  guard let place = arguments.firstIndex(of: "--links"), place + 1 < arguments.count else {
    return (0..<count).map { AccessLink.mixed[$0 % AccessLink.mixed.count] }
  }
  return arguments[place + 1].split(separator: ",").compactMap { name in
    AccessLink.all.first { $0.name == name }
  }
}

let chosen = links(max(Int(value("people", 4)), 2))
let people = chosen.count
let seconds = max(Int64(value("minutes", 1) * 60), 1)
var options = SimulatedRoom.Options(links: chosen)
options.seed = UInt64(max(value("seed", 1), 0))
options.duration = .seconds(seconds)
options.joining = .milliseconds(Int64(people) * 100)
options.hasAsides = !arguments.contains("--no-asides")
options.hasScreen = arguments.contains("--screen")
if arguments.contains("--changes") {
  options.changes = SimulatedRoom.LinkChange.schedule(for: options.links)
}

let heapBefore = heap_byte_count()
let start = MonotonicClock.threadTime()
let room = SimulatedRoom(options, processorTime: MonotonicClock.threadTime)
if arguments.contains("--progress") {
  room.progress = { second in if second % 10 == 0 { print("# \(second) s") } }
}
room.run()
let elapsed = MonotonicClock.threadTime() - start
let figures = room.figures
for one in figures.participants { print(one.json) }
print(figures.json(elapsed: elapsed))
for recovery in room.recoveries { print(recovery.json) }
if arguments.contains("--table") {
  print(
    RoomTable.participants(figures) + "\n\n" + RoomTable.paths(figures) + "\n\n"
      + RoomTable.losses(figures))
}
// The aims are for links that stay as they are.
if options.changes.isEmpty { for line in figures.shortfalls { print("# short: " + line) } }
if arguments.contains("--seconds") {
  for one in figures.participants {
    print("# \(one.place) on \(one.link) got \(one.seconds), thought to carry \(one.downTargets)")
  }
}
if arguments.contains("--pairs") { print(RoomTable.pairs(room) + "\n" + room.slotLines) }
if options.changes.isEmpty, !figures.regressions.isEmpty {
  for line in figures.regressions { print("# step back: " + line) }
  exit(1)
}
