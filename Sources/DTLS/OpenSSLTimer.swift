import COpenSSL
import Wire

// OpenSSL runs its own retransmission timer, and reads the time of day for it: the one clock below
// the line. What is left to wait is asked of it after each call and counted from the time we were
// told; a wrong or jumping clock delays its retransmissions, and nothing else depends on it.

extension OpenSSLSession {
  /// How long until OpenSSL wants to retransmit; `nil` if it does not.
  var timeToRetransmission: Duration? {
    var remaining = timeval()
    guard unsafe openssl_dtlsv1_get_timeout(ssl, &remaining) == 1 else { return nil }
    return .seconds(Int64(remaining.tv_sec)) + .microseconds(Int64(remaining.tv_usec))
  }

  /// Retransmits the last flight if OpenSSL's clock, too, says that it is time.
  func retransmit() -> Progress {
    ERR_clear_error()
    let result = unsafe openssl_dtlsv1_handle_timeout(ssl)
    return result < 0 ? progress(after: -1) : .waiting
  }
}

/// The waits between retransmissions, in microseconds: OpenSSL's first of 1 s is long for a call
/// that people wait for. It gives up after twelve; these last for 30 s.
func nextTimeout(_ ssl: OpaquePointer?, _ previous: UInt32) -> UInt32 {
  previous == 0 ? 400_000 : min(previous &* 2, 3_000_000)
}
