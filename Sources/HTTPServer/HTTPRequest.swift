/// One request, whole.
public struct HTTPRequest: Sendable {
  /// A request method (RFC 9110 §9).
  public struct Method: RawRepresentable, Hashable, Sendable {
    /// The method's name, case-sensitive.
    public let rawValue: String

    /// The method of that name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// GET
    public static let get = Method(rawValue: "GET")
    /// HEAD
    public static let head = Method(rawValue: "HEAD")
    /// POST
    public static let post = Method(rawValue: "POST")
    /// PUT
    public static let put = Method(rawValue: "PUT")
    /// PATCH
    public static let patch = Method(rawValue: "PATCH")
    /// DELETE
    public static let delete = Method(rawValue: "DELETE")
    /// OPTIONS
    public static let options = Method(rawValue: "OPTIONS")
  }

  /// Where a connection comes from.
  public struct Peer: Hashable, Sendable {
    /// Numeric IPv4 or IPv6 address; IPv4 in IPv6 is written as IPv4.
    public var address: String
    /// TCP port.
    public var port: UInt16

    /// That address and port.
    public init(address: String, port: UInt16) {
      self.address = address
      self.port = port
    }

    /// Which of the connections one client's count: an IPv4 address or an IPv6 /64.
    public var client: String { SocketAddress.client(address) }

    /// Whether it is this machine itself, as a reverse proxy on it is.
    public var isLoopback: Bool { address.hasPrefix("127.") || address == "::1" }
  }

  /// The method.
  public var method: Method
  /// The path, percent-decoded, without empty, `.` or `..` segments; begins with `/`.
  public var path: String
  /// The query's parameters, decoded.
  public var query: Query
  /// The header fields.
  public var headers: HTTPFields
  /// The body, at most the configured limit.
  public var body: [UInt8]
  /// Who sent it.
  public var peer: Peer
  /// Whether it came over TLS.
  public var isSecure: Bool

  /// A request made by hand, for tests.
  public init(
    method: Method = .get, path: String = "/", query: Query = Query(),
    headers: HTTPFields = HTTPFields(), body: [UInt8] = [],
    peer: Peer = Peer(address: "127.0.0.1", port: 0), isSecure: Bool = false
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.peer = peer
    self.isSecure = isSecure
  }
}

/// The parameters of a request's query, decoded, in order.
public struct Query: Sendable, Equatable {
  /// One parameter.
  public struct Parameter: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its value; empty where there was no `=`.
    public var value: String

    /// A parameter of that name and value.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// All parameters in order.
  public var parameters: [Parameter]

  /// These parameters.
  public init(_ parameters: [Parameter] = []) { self.parameters = parameters }

  /// The first value under a name.
  public subscript(name: String) -> String? {
    parameters.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }
}
