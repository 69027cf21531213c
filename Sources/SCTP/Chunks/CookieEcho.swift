internal import Wire

extension OutputSpan<UInt8> {
  /// Appends COOKIE ECHO (RFC 9260 §3.3.11): the cookie comes back as it was given.
  @_lifetime(self: copy self)
  mutating func appendCookieEcho(_ cookie: [UInt8]) {
    appendChunk(.cookieEcho, length: 4 + cookie.count)
    append(copying: cookie.span)
    appendPadding(after: cookie.count)
  }

  /// Appends COOKIE ACK (RFC 9260 §3.3.12).
  @_lifetime(self: copy self)
  mutating func appendCookieAcknowledgement() {
    appendChunk(.cookieAcknowledgement, length: 4)
  }
}
