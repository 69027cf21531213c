/// The payload of `diagnosis`: why a participant's media does not get through, as far as the server can see.
public struct Diagnosis: Codable, Sendable, Equatable {
  /// What has come over UDP.
  public enum Finding: String, Codable, Sendable, CaseIterable {
    /// Nothing at all.
    case silent
    /// Something, but no answer to what the server sent.
    case oneWay = "one-way"
    /// Both ways are open, but no keys were agreed on: long packets may get lost.
    case noKeys = "no-keys"
  }

  /// What has come.
  public var finding: Finding
  /// The server's UDP ports that the participant was told of.
  public var ports: [UInt16]
  /// The participant's address as the server sees it.
  public var address: String?

  /// A finding about whoever was told of `ports`.
  public init(_ finding: Finding, ports: [UInt16], address: String? = nil) {
    self.finding = finding
    self.ports = ports
    self.address = address
  }
}
