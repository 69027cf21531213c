import STUN
import Wire

/// Asks a STUN server what address our datagrams seem to come from (RFC 8489 §6.2.1): one request, repeated until it is
/// answered or given up.
struct BindingQuestion {
  /// How it ended.
  enum Outcome: Equatable {
    /// The address and port that the server sees.
    case seen(TransportAddress)
    /// No answer came, or none with an address.
    case silence
  }

  /// When the request is sent, counted from the beginning; the last is when waiting ends.
  private static let schedule = [0, 500, 1_500, 3_000].map { Duration.milliseconds($0) }

  /// Nil while an answer may come.
  private(set) var outcome: Outcome?
  private let path: Path
  private let transaction: STUNTransactionID
  private let begunAt: Instant
  private var sentCount = 0

  /// A question that leaves by `path`.
  init(on path: Path, random: inout some RandomNumberGenerator, at now: Instant) {
    self.path = path
    transaction = .random(using: &random)
    begunAt = now
  }

  /// Whom it is put to.
  var server: TransportAddress { path.remote }

  /// When to call `advance`; nil once it is over.
  var deadline: Instant? { outcome == nil ? begunAt + Self.schedule[sentCount] : nil }

  /// Sends the request where that is due, and gives up where it was sent often enough.
  mutating func advance(to now: Instant, into outbox: Outbox) {
    guard let deadline, deadline <= now else { return }
    guard sentCount < Self.schedule.count - 1 else {
      outcome = .silence
      return
    }
    sentCount += 1
    outbox.append(on: path, capacity: 28) { output in
      output.beginSTUN(.request, transaction)
      output.finishSTUN()
    }
  }

  /// Takes a datagram; what is not the server's answer to this request is passed over.
  mutating func receive(_ datagram: Span<UInt8>, from sender: TransportAddress) {
    guard outcome == nil, sender == path.remote,
      let message = try? STUNMessage(parsing: datagram),
      message.transactionID == transaction, message.method == .binding,
      message.messageClass == .success || message.messageClass == .error
    else { return }
    let told = (try? message.xorMappedAddress) ?? (try? message.mappedAddress) ?? nil
    guard message.messageClass == .success, let told, told.port != 0, !told.ip.isUnspecified,
      !told.ip.isMulticast
    else {
      outcome = .silence
      return
    }
    outcome = .seen(told)
  }
}
