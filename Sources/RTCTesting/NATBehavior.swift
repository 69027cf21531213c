public import Wire

/// How an address translator maps and filters (RFC 4787 §4.1, §5).
public struct NATBehavior: Sendable, Equatable {
  /// What an outside port or a permission depends on.
  public enum Dependence: Sendable, Equatable {
    /// Nothing but the inside address.
    case endpointIndependent
    /// The outside host.
    case addressDependent
    /// The outside host and its port.
    case addressAndPortDependent
  }

  /// When an inside address gets another outside port.
  public var mapping: Dependence
  /// Who may send to a mapped port.
  public var filtering: Dependence
  /// A mapping that was not used for so long is forgotten (RFC 4787 §4.3).
  public var timeout: Duration

  /// A translator of the given kind.
  public init(
    mapping: Dependence, filtering: Dependence, timeout: Duration = .seconds(120)
  ) {
    self.mapping = mapping
    self.filtering = filtering
    self.timeout = timeout
  }

  /// One port for all, open to all.
  public static let fullCone = Self(
    mapping: .endpointIndependent, filtering: .endpointIndependent)
  /// One port for all, open to hosts that were sent to.
  public static let addressRestricted = Self(
    mapping: .endpointIndependent, filtering: .addressDependent)
  /// One port for all, open to addresses that were sent to.
  public static let portRestricted = Self(
    mapping: .endpointIndependent, filtering: .addressAndPortDependent)
  /// A port for each destination, open to that alone.
  public static let symmetric = Self(
    mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
}
