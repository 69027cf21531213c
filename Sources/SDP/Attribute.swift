/// One `a=` line (RFC 8866 §5.13).
public struct Attribute: Hashable, Sendable {
  /// What stands before the colon.
  public var name: String
  /// What stands after it; nil for a property attribute such as `rtcp-mux`.
  public var value: String?

  /// `a=name:value`, or `a=name`.
  public init(_ name: String, _ value: String? = nil) {
    self.name = name
    self.value = value
  }
}

/// What holds attributes: the session, and each m-section.
public protocol AttributeCarrier {
  /// The `a=` lines in order, known or not.
  var attributes: [Attribute] { get set }
}

extension AttributeCarrier {
  /// The value of the first attribute of that name; an empty text for a property attribute.
  public func value(of name: String) -> String? {
    attributes.first { $0.name == name }.map { $0.value ?? "" }
  }

  /// The values of all attributes of that name, in order.
  public func values(of name: String) -> [String] {
    attributes.compactMap { $0.name == name ? $0.value ?? "" : nil }
  }

  /// Whether there is an attribute of that name.
  public func has(_ name: String) -> Bool { attributes.contains { $0.name == name } }

  /// Adds an attribute at the end.
  mutating func add(_ name: String, _ value: String? = nil) {
    attributes.append(Attribute(name, value))
  }
}
