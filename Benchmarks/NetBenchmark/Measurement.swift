/// One line of the result.
struct Measurement: Sendable {
  var name: String
  var value: Double
  var unit: String

  var json: String {
    "{\"name\": \"\(name)\", \"value\": \(rounded), \"unit\": \"\(unit)\"}"
  }

  private var rounded: Double { (value * 1000).rounded() / 1000 }

  /// The median of `values`.
  init(_ name: String, _ values: [Double], unit: String) {
    self.name = name
    value = values.sorted()[values.count / 2]
    self.unit = unit
  }
}
