import Media
import SDP

extension NegotiatedSection {
  /// From the payload type of a codec to that of its repetitions.
  var repairPayloadTypes: [UInt8: UInt8] {
    var types: [UInt8: UInt8] = [:]
    for codec in codecs {
      if let type = codec.rtxPayloadType { types[codec.payloadType] = type }
    }
    return types
  }

  /// The codec to send frames of `kind` with; the best one that frames can be cut for where it is nil.
  func sendingCodec(_ kind: MediaCodec?) -> (codec: NegotiatedCodec, kind: MediaCodec)? {
    for codec in codecs {
      guard let found = codec.mediaCodec, kind == nil || kind == found else { continue }
      return (codec, found)
    }
    return nil
  }
}

extension NegotiatedCodec {
  /// What frames of it are made of; nil where only packets can be sent and received.
  var mediaCodec: MediaCodec? {
    guard let codec = MediaCodec(sdpName: name), codec.clockRate == clockRate else { return nil }
    // In mode 0 a unit cannot be cut (RFC 6184 §6.2).
    guard codec != .h264 || formatParameters.contains("packetization-mode=1") else { return nil }
    return codec
  }
}
