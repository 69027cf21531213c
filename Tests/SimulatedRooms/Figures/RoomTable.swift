import Wire

/// Figures as text.
package enum RoomTable {
  /// A line for each participant.
  package static func participants(_ figures: RoomFigures) -> String {
    var lines = [
      "| link | down / up, kbit/s | got | sent | heard | held back | frozen | freezes | longest | frames/s | heights | paused | snapshots | first picture |",
      "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|--:|--:|",
    ]
    for one in figures.participants {
      let heights = one.heights.sorted { $0.key < $1.key }.filter { $0.value >= 0.005 }.map {
        "\($0.key): \(percent($0.value, digits: 0))"
      }.joined(separator: ", ")
      lines.append(
        "| \(one.link) | \(one.downCapacity) / \(one.upCapacity) | \(one.received) | \(one.sent) | \(percent(one.heard, digits: 2)) | \(one.voiceDelay) ms | \(percent(one.frozen, digits: 2)) | \(one.freezeCount) | \(fixed(one.longestFreeze, 1)) s | \(fixed(one.frameRate, 1)) | \(heights) | \(fixed(one.paused, 0)) s | \(fixed(one.snapshot, 0)) s | \(one.firstPicture.median) / \(one.firstPicture.late) ms |"
      )
    }
    return lines.joined(separator: "\n")
  }

  /// A line for each loss of both ways together.
  package static func paths(_ figures: RoomFigures) -> String {
    var lines = [
      "| lost on both ways together | spoken frames heard in time | pictures watched | frozen | snapshots | paused |",
      "|--:|--:|--:|--:|--:|--:|",
    ]
    for path in figures.paths where path.expectedVoice > 0 || path.watched > 0 {
      lines.append(
        "| ≤ \(percent(path.loss, digits: 1)) | \(percent(path.heard, digits: 2)) of \(path.expectedVoice) | \(fixed(path.watched, 0)) s | \(percent(path.frozenShare, digits: 2)) | \(fixed(path.snapshot, 0)) s | \(fixed(path.paused, 0)) s |"
      )
    }
    return lines.joined(separator: "\n")
  }

  /// Why spoken frames were not heard, for each loss of both ways together.
  package static func losses(_ figures: RoomFigures) -> String {
    var lines = [
      "| lost on both ways together | spoken frames missed | beginnings | by all: late | never came | by some: late | never came |",
      "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for path in figures.paths where path.expectedVoice > 0 {
      let shares = [
        path.losses.beginnings, path.losses.lateForAll, path.losses.lostForAll, path.losses.late,
        path.losses.lost,
      ].map { percent(Double($0) / Double(path.expectedVoice), digits: 2) }
      lines.append(
        "| ≤ \(percent(path.loss, digits: 1)) | \(percent(1 - path.heard, digits: 2)) | \(shares.joined(separator: " | ")) |"
      )
    }
    return lines.joined(separator: "\n")
  }

  /// `value` as hundredths.
  package static func percent(_ value: Double, digits: Int) -> String {
    fixed(value * 100, digits) + " %"
  }

  /// `value` with so many digits behind the point.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = [1, 10, 100, 1000][min(max(digits, 0), 3)]
    let scaled = Int((value.magnitude * Double(scale) + 0.5).rounded(.down))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard scale > 1 else { return sign + String(scaled) }
    let rest = String(scaled % scale)
    let zeros = String(repeating: "0", count: String(scale).count - 1 - rest.count)
    return sign + String(scaled / scale) + "." + zeros + rest
  }
}
