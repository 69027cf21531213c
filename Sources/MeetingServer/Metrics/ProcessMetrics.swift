import Foundation
import Glibc
import Net
import Wire

/// What the process takes of its machine.
enum ProcessMetrics {
  static var families: [MetricFamily] {
    var cpu = MetricFamily(
      "jumpa_process_cpu_seconds", .counter, unit: .seconds,
      help: "Processor time of the whole process.")
    if let time = ProcessorTime.ofProcess { cpu.add(time.seconds) }
    var families = [
      MetricFamily(
        info: "jumpa_build", help: "Which server this is.",
        ["version": ServerVersion.text, "configuration": ServerVersion.build]),
      cpu,
    ]
    if let pages = residentPages {
      families.append(
        MetricFamily(
          "jumpa_process_resident_memory_bytes", .gauge, unit: .bytes, help: "Memory in use.",
          pages * Int64(sysconf(Int32(_SC_PAGESIZE)))))
    }
    if let count = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
      families.append(
        MetricFamily(
          "jumpa_process_open_descriptors", .gauge, help: "Open file descriptors and sockets.",
          count))
    }
    return families
  }

  /// The second number of `/proc/self/statm` (proc(5)).
  private static var residentPages: Int64? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
      return nil
    }
    let numbers = text.split(separator: " ")
    return numbers.count > 1 ? Int64(numbers[1]) : nil
  }
}
