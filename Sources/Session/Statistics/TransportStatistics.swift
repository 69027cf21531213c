/// The transport that everything shares (RTCTransportStats).
public struct TransportStatistics: Sendable, Hashable {
  /// Datagrams sent.
  public var packetsSent: UInt64?
  /// Datagrams received.
  public var packetsReceived: UInt64?
  /// Bytes of these, without IP and UDP.
  public var bytesSent: UInt64?
  /// Bytes of these, without IP and UDP.
  public var bytesReceived: UInt64?
  /// `controlling` or `controlled`; `unknown` before an exchange.
  public var iceRole: String?
  /// This side's user name fragment.
  public var iceLocalUsernameFragment: String?
  /// How the search for a path is.
  public var iceState: String?
  /// How the handshake is.
  public var dtlsState: String
  /// `client` or `server`; `unknown` before it is agreed.
  public var dtlsRole: String?
  /// The version in hexadecimal: `FEFD` for DTLS 1.2.
  public var tlsVersion: String?
  /// The protection profile of media, as RFC 5764 and RFC 7714 call it.
  public var srtpCipher: String?
  /// The pair in use.
  public var selectedCandidatePairId: String?
  /// How many times the pair in use changed.
  public var selectedCandidatePairChanges: UInt64?
  /// This side's certificate.
  public var localCertificateId: String?
  /// The other side's certificate.
  public var remoteCertificateId: String?

  init(dtlsState: String) {
    self.dtlsState = dtlsState
  }

  func write(into members: inout StatisticsMembers) {
    members.set("packetsSent", packetsSent)
    members.set("packetsReceived", packetsReceived)
    members.set("bytesSent", bytesSent)
    members.set("bytesReceived", bytesReceived)
    members.set("iceRole", iceRole)
    members.set("iceLocalUsernameFragment", iceLocalUsernameFragment)
    members.set("iceState", iceState)
    members.set("dtlsState", dtlsState)
    members.set("dtlsRole", dtlsRole)
    members.set("tlsVersion", tlsVersion)
    members.set("srtpCipher", srtpCipher)
    members.set("selectedCandidatePairId", selectedCandidatePairId)
    members.set("selectedCandidatePairChanges", selectedCandidatePairChanges)
    members.set("localCertificateId", localCertificateId)
    members.set("remoteCertificateId", remoteCertificateId)
  }
}
