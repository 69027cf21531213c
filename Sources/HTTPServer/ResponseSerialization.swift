/// Responses as they go out (RFC 9112 §4).
struct ResponseSerialization {
  var securityHeaders: [HTTPFields.Field]

  init(_ headers: SecurityHeaders) { securityHeaders = headers.fields }

  /// The header of a response, up to its empty line. A response that would carry a control character is
  /// replaced by a plain 500, so nothing from outside can split a response in two.
  func bytes(
    of given: HTTPResponse, isHead: Bool, keepsAlive: Bool, date: String
  ) -> (head: [UInt8], body: [UInt8]) {
    let response = given.headers.areWellFormed ? given : .status(.internalError)
    let status = (100...999).contains(response.status.rawValue) ? response.status : .internalError
    var text = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\nDate: \(date)\r\n"
    for field in response.headers.fields where !Self.isOurs(field.name) {
      text += "\(field.name): \(field.value)\r\n"
    }
    for field in securityHeaders where response.headers[field.name] == nil {
      text += "\(field.name): \(field.value)\r\n"
    }
    if !status.forbidsBody { text += "Content-Length: \(response.body.count)\r\n" }
    text += keepsAlive ? "\r\n" : "Connection: close\r\n\r\n"
    return (Array(text.utf8), isHead || status.forbidsBody ? [] : response.body)
  }

  /// What the connection decides, whatever the response says.
  private static func isOurs(_ name: String) -> Bool {
    ["content-length", "transfer-encoding", "connection", "date"].contains(name.lowercased())
  }
}

/// A date as HTTP writes it (RFC 9110 §5.6.7).
enum HTTPDate {
  static func text(secondsSince1970 seconds: Int64) -> String {
    let days = seconds.floorDivided(by: 86400)
    let time = seconds &- days &* 86400
    let (year, month, day) = civil(days)
    let weekday = Int((days &+ 4).floorRemainder(by: 7))
    return "\(weekdays[weekday]), \(padded(day)) \(months[Int(month - 1)]) \(year) "
      + "\(padded(time / 3600)):\(padded(time / 60 % 60)):\(padded(time % 60)) GMT"
  }

  /// Day, month and year of a count of days since 1970, counting years from March so that the leap day
  /// is their last.
  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days &+ 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted &- era &* 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0), month, day)
  }

  private static func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    self / divisor - (self % divisor < 0 ? 1 : 0)
  }

  fileprivate func floorRemainder(by divisor: Int64) -> Int64 {
    self &- floorDivided(by: divisor) &* divisor
  }
}
