import Synchronization
import Wire

/// Where clients reach the relay, if that is not where they reach the web server. It may change.
final class RelayPlace: Sendable {
  private let value: Mutex<TransportAddress?>

  /// An address to begin with; port 0 stands for the relay's own.
  init(_ address: TransportAddress?) { value = Mutex(address) }

  /// The address; nil where the web server's name leads to the relay too.
  var address: TransportAddress? {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
