/// A metric with all its samples, as OpenMetrics has it.
public struct MetricFamily: Sendable, Equatable {
  /// What its samples mean.
  public enum Kind: String, Sendable {
    /// It only grows while the process lives.
    case counter
    /// It stands where it stands.
    case gauge
    /// How many things so far were of which size.
    case histogram
    /// How many things at this moment are of which size.
    case gaugeHistogram = "gaugehistogram"
    /// What does not change while the process lives, said by labels.
    case info

    /// The end of the name of a sample that is one number.
    fileprivate var suffix: String {
      switch self {
      case .counter: "_total"
      case .info: "_info"
      case .gauge, .histogram, .gaugeHistogram: ""
      }
    }
  }

  /// A unit, which is also the end of the name.
  public enum Unit: String, Sendable {
    /// Seconds.
    case seconds
    /// Bytes.
    case bytes
    /// Bytes per second.
    case bytesPerSecond = "bytes_per_second"
    /// A share, 0–1.
    case ratio
  }

  /// One number.
  struct Sample: Sendable, Equatable {
    var suffix: String
    var labels: [Label]
    var value: Double
  }

  /// A label and its value, one of a few known ones.
  public struct Label: Sendable, Equatable {
    var name: String
    var value: String
  }

  let name: String
  let kind: Kind
  let unit: Unit?
  let help: String
  private(set) var samples: [Sample] = []

  /// A metric without samples. `name` has its unit at its end, but no `_total`.
  init(_ name: String, _ kind: Kind, unit: Unit? = nil, help: String) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.help = help
  }

  /// Adds a number under a label, or under none.
  mutating func add(_ value: Double, _ label: (name: String, value: String)? = nil) {
    samples.append(
      Sample(
        suffix: kind.suffix,
        labels: label.map { [Label(name: $0.name, value: $0.value)] } ?? [], value: value))
  }

  /// Adds what a histogram shows: `counts` are by step and have one more than `bounds`.
  mutating func add(
    bounds: [Double], counts: [UInt64], sum: Double, _ label: (name: String, value: String)? = nil
  ) {
    let common = label.map { [Label(name: $0.name, value: $0.value)] } ?? []
    var running: UInt64 = 0
    for (bound, count) in zip(bounds + [.infinity], counts) {
      running &+= count
      let end = Label(name: "le", value: OpenMetricsText.number(bound, isBound: true))
      samples.append(
        Sample(suffix: "_bucket", labels: common + [end], value: Double(running)))
    }
    let prefix = kind == .gaugeHistogram ? "_g" : "_"
    samples.append(Sample(suffix: prefix + "count", labels: common, value: Double(running)))
    samples.append(Sample(suffix: prefix + "sum", labels: common, value: sum))
  }
}

extension MetricFamily {
  /// A metric of one number.
  init(
    _ name: String, _ kind: Kind, unit: Unit? = nil, help: String, _ value: some BinaryInteger
  ) {
    self.init(name, kind, unit: unit, help: help)
    add(Double(value))
  }

  /// What does not change: labels without a number.
  init(info name: String, help: String, _ labels: KeyValuePairs<String, String>) {
    self.init(name, .info, help: help)
    samples.append(
      Sample(
        suffix: kind.suffix, labels: labels.map { Label(name: $0.key, value: $0.value) }, value: 1))
  }

  /// A metric of one number for each value of a label.
  init(
    _ name: String, _ kind: Kind, unit: Unit? = nil, help: String, by label: String,
    _ values: KeyValuePairs<String, some BinaryInteger>
  ) {
    self.init(name, kind, unit: unit, help: help)
    for (key, value) in values { add(Double(value), (label, key)) }
  }
}
