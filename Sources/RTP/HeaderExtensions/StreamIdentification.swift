/// Names beside packets that tell which m-section and which simulcast layer they belong to.
public enum StreamIdentification {
  /// The m-section's identification tag (RFC 9143 §15).
  public static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
  /// The restriction identifier of a layer (RFC 8852 §3.1).
  public static let rid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
  /// The restriction identifier of the layer that a retransmission repairs (RFC 8852 §3.2).
  public static let repairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
  /// The AV1 dependency descriptor, whose content is passed on as it is.
  public static let dependencyDescriptor =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
}

extension RTPHeader {
  /// The text of the first element with `id`: printable ASCII without blanks, as names are; else nil.
  public func extensionText(id: UInt8, in packet: Span<UInt8>) -> String? {
    guard let range = extensionRange(id: id, in: packet), !range.isEmpty else { return nil }
    let value = packet.extracting(range)
    guard value.indices.allSatisfy({ (0x21...0x7e).contains(value[$0]) }) else { return nil }
    return String(decoding: value.indices.map { value[$0] }, as: UTF8.self)
  }
}
