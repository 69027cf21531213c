/// One line of the result: the median of several rounds, and the best.
struct Measurement {
  var name: String
  var unit: String
  var values: [Double]

  init(_ name: String, _ values: [Double], unit: String) {
    self.name = name
    self.unit = unit
    self.values = values.sorted()
  }

  var json: String {
    """
    {"name": "\(name)", "unit": "\(unit)", "median": \(round(values.isEmpty ? 0 : values[values.count / 2])), "best": \(round(values.first ?? 0))}
    """
  }

  private func round(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
