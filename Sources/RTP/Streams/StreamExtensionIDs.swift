/// The numbers under which header extensions travel in an m-section; 0 for one that was not agreed on.
public struct StreamExtensionIDs: Hashable, Sendable {
  /// The m-section's tag (RFC 9143 §15).
  public var mid: UInt8 = 0
  /// The simulcast layer (RFC 8852 §3.1).
  public var rid: UInt8 = 0
  /// The simulcast layer that a retransmission repairs (RFC 8852 §3.2).
  public var repairedRID: UInt8 = 0
  /// The packet's number over all of the transport.
  public var transportSequence: UInt8 = 0
  /// When the packet left.
  public var absoluteSendTime: UInt8 = 0
  /// Loudness (RFC 6464).
  public var audioLevel: UInt8 = 0
  /// How the picture is to be turned.
  public var videoOrientation: UInt8 = 0
  /// Which layer a frame is of and what it needs.
  public var dependencyDescriptor: UInt8 = 0

  /// None at all.
  public init() {}

  /// The ids of the extensions that `id` knows by their URI; it answers 0 for those it does not.
  public init(_ id: (_ uri: String) -> UInt8) {
    mid = id(StreamIdentification.mid)
    rid = id(StreamIdentification.rid)
    repairedRID = id(StreamIdentification.repairedRID)
    transportSequence = id(TransportSequenceNumber.uri)
    absoluteSendTime = id(AbsoluteSendTime.uri)
    audioLevel = id(AudioLevel.uri)
    videoOrientation = id(VideoOrientation.uri)
    dependencyDescriptor = id(DependencyDescriptor.uri)
  }
}
