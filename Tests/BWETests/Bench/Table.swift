import Foundation

/// The tables of `docs/bwe.md`, printed where `JUMPA_BWE_TABLE` is set in the environment.
enum Table {
  static let isPrinted = ProcessInfo.processInfo.environment["JUMPA_BWE_TABLE"] != nil

  /// Prints a row.
  static func row(_ cells: [String]) {
    if isPrinted { print("| " + cells.joined(separator: " | ") + " |") }
  }

  static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

  static func megabits(_ rate: Double) -> String { String(format: "%.2f", rate / 1e6) }

  static func milliseconds(_ value: Double) -> String { String(format: "%.0f ms", value) }

  static func seconds(_ value: Double?) -> String {
    value.map { String(format: "%.1f s", $0) } ?? "never"
  }
}
