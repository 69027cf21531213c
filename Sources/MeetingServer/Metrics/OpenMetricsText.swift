/// Metrics as OpenMetrics 1.0.0 text.
enum OpenMetricsText {
  static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  static func text(_ families: [MetricFamily]) -> String {
    var text = ""
    for family in families {
      text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
      if let unit = family.unit { text += "# UNIT \(family.name) \(unit.rawValue)\n" }
      text += "# HELP \(family.name) \(escaped(family.help))\n"
      for sample in family.samples {
        text += family.name + sample.suffix
        if !sample.labels.isEmpty {
          let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
          text += "{\(labels.joined(separator: ","))}"
        }
        text += " \(number(sample.value))\n"
      }
    }
    return text + "# EOF\n"
  }

  /// A number as OpenMetrics has it; bounds of histograms are always written as floating point.
  static func number(_ value: Double, isBound: Bool = false) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if !isBound, value.magnitude < 9e15, value == value.rounded(.towardZero) {
      return "\(Int64(value))"
    }
    return "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
