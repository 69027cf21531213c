import Wire

extension Double {
  /// Bits per second of `byteCount` bytes over `duration`; 0 where either is not positive.
  static func bitrate(_ byteCount: Int, over duration: Duration) -> Double {
    guard byteCount > 0, duration > .zero else { return 0 }
    return Double(byteCount) * 8 / duration.seconds
  }

  /// The value within `range`; what is not a number becomes its lower bound.
  func clamped(to range: ClosedRange<Double>) -> Double {
    guard !isNaN else { return range.lowerBound }
    return Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }

  /// The natural logarithm of a positive number; that of the smallest normal one for all others.
  ///
  /// The series of the inverse hyperbolic tangent around 1 is right to ten digits.
  var naturalLogarithm: Double {
    guard self >= .leastNormalMagnitude, isFinite else {
      return isFinite || isNaN || self < 0 ? -708.4 : 709.8
    }
    var fraction = significand
    var power = Double(exponent)
    if fraction > 1.4142135623730951 {
      fraction /= 2
      power += 1
    }
    let ratio = (fraction - 1) / (fraction + 1)
    let square = ratio * ratio
    var term = ratio
    var sum = 0.0
    var divisor = 1.0
    while divisor <= 13 {
      sum += term / divisor
      term *= square
      divisor += 2
    }
    return 2 * sum + power * 0.6931471805599453
  }
}

extension Int {
  /// A bitrate as a whole number from 0 to 1 Tbit/s.
  init(bitrate: Double) { self = Int(bitrate.clamped(to: 0...1e12)) }
}

extension Duration {
  /// A length of at most an hour; what is not a number is none.
  init(clampedSeconds seconds: Double) {
    self.init(nanoseconds: Int64(seconds.clamped(to: -3600...3600) * 1e9))
  }

  /// The length in milliseconds, at most an hour either way.
  var clampedMilliseconds: Double { (seconds * 1000).clamped(to: -3.6e6...3.6e6) }
}
