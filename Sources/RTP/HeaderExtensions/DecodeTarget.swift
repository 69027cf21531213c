/// A part of a scalable stream that can be decoded by itself (AV1 RTP specification A.2).
public struct DecodeTarget: Hashable, Sendable {
  /// The highest spatial layer in it, 0–3.
  public let spatialLayer: UInt8
  /// The highest temporal layer in it, 0–7.
  public let temporalLayer: UInt8
  /// The chain that protects it, where the stream has chains.
  public let chain: UInt8?
}
