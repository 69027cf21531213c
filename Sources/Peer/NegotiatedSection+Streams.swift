public import RTP
public import SDP

extension NegotiatedSection {
  /// The numbers of the header extensions this side may write.
  public var writtenExtensions: StreamExtensionIDs {
    var ids = StreamExtensionIDs { uri in
      headerExtension(uri).map { $0.weSend ? $0.id : 0 } ?? 0
    }
    // What comes with a key frame does not fit the one-byte form (RFC 8285 §4.1.2).
    if !allowsMixedExtensions { ids.dependencyDescriptor = 0 }
    return ids
  }

  /// The numbers of the header extensions the other side may write.
  public var readExtensions: StreamExtensionIDs {
    StreamExtensionIDs { uri in headerExtension(uri).map { $0.weReceive ? $0.id : 0 } ?? 0 }
  }

  /// From the payload type of repetitions to that of the codec.
  public var repairedPayloadTypes: [UInt8: UInt8] {
    var types: [UInt8: UInt8] = [:]
    for codec in codecs {
      if let type = codec.rtxPayloadType { types[type] = codec.payloadType }
    }
    return types
  }
}
