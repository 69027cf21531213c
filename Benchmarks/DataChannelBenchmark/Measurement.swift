import Foundation

/// One line of the result.
struct Measurement {
  var name: String
  var value: Double
  var unit: String

  init(_ name: String, _ value: Double, _ unit: String) {
    self.name = name
    self.value = value
    self.unit = unit
  }

  var json: String {
    "{\"name\": \"\(name)\", \"value\": \((value * 1000).rounded() / 1000), \"unit\": \"\(unit)\"}"
  }
}

/// What a process has used so far.
struct Usage {
  /// Seconds of the clock on the wall.
  let time: Double
  /// Seconds of processor time of all threads, the kernel's part included.
  let processor: Double

  static func now() -> Usage {
    Usage(time: read(CLOCK_MONOTONIC), processor: read(CLOCK_PROCESS_CPUTIME_ID))
  }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    // The time is written within the call.
    _ = unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// Processor time of each thread that is alive, by its name.
func threadTimes() -> [String: Double] {
  var times: [String: Double] = [:]
  for id in entries(of: "/proc/self/task") {
    guard let name = line("/proc/self/task/\(id)/comm"),
      let spent = line("/proc/self/task/\(id)/schedstat")?.split(separator: " ").first
    else { continue }
    times[name, default: 0] += (Double(spent) ?? 0) / 1e9
  }
  return times
}

/// How many descriptors are open.
func descriptorCount() -> Int { entries(of: "/proc/self/fd").count }

/// Bytes of memory that are resident.
func residentByteCount() -> Int {
  let fields = line("/proc/self/statm")?.split(separator: " ") ?? []
  return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
}

private func entries(of folder: String) -> [String] {
  (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
}

/// The first line of a file.
private func line(_ path: String) -> String? {
  let text = try? String(contentsOfFile: path, encoding: .utf8)
  return text?.split(separator: "\n").first.map(String.init)
}
