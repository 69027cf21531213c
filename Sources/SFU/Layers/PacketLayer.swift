import RTP

/// What a packet tells of layers, in the form its codec has for it. Plain data: it is read once and looked at for each viewer.
enum PacketLayer {
  /// Nothing: all of the stream goes on.
  case none
  /// VP8: temporal layers.
  case vp8(VP8PayloadDescriptor)
  /// VP9: spatial and temporal layers, and what the picture refers to, if that is known.
  case vp9(VP9PayloadDescriptor, PictureReferences?)
  /// A dependency descriptor: it is in its stream's `frames`.
  case described(DescribedLayer)
  /// There is no payload: padding, for the sender's estimate only.
  case padding

  /// How a stream tells of its layers.
  enum Form: Equatable { case none, vp8, vp9, described }

  /// How it is told; nil for padding, which may be among any.
  var form: Form? {
    switch self {
    case .none: Form.none
    case .vp8: .vp8
    case .vp9: .vp9
    case .described: .described
    case .padding: nil
    }
  }

  /// Whether it has a payload.
  var isMedia: Bool {
    if case .padding = self { false } else { true }
  }

  /// The spatial layer, as far as it is told.
  var spatial: UInt8 {
    switch self {
    case .none, .vp8, .padding: 0
    case .vp9(let descriptor, _): descriptor.spatialLayer ?? 0
    case .described(let layer): layer.spatial
    }
  }

  /// The temporal layer, as far as it is told.
  var temporal: UInt8 {
    switch self {
    case .none, .padding: 0
    case .vp8(let descriptor): descriptor.temporalLayer ?? 0
    case .vp9(let descriptor, _): descriptor.temporalLayer ?? 0
    case .described(let layer): layer.temporal
    }
  }

  /// The picture's number, and where it lies in the payload.
  var pictureID: PictureID? {
    switch self {
    case .none, .padding: nil
    case .vp8(let descriptor): descriptor.pictureID
    case .vp9(let descriptor, _): descriptor.pictureID
    case .described(let layer): layer.pictureID
    }
  }

  /// TL0PICIDX, and where it lies in the payload.
  var baseLayerIndex: DescriptorByte? {
    switch self {
    case .none, .padding: nil
    case .vp8(let descriptor): descriptor.baseLayerIndex
    case .vp9(let descriptor, _): descriptor.baseLayerIndex
    case .described(let layer): layer.baseLayerIndex
    }
  }

  /// The layers that need this packet, a bit for each place of ``LayerMeter``.
  var targets: UInt16 {
    switch self {
    case .none, .padding: return LayerMeter.upward(0, 0)
    case .vp8: return LayerMeter.upward(0, temporal)
    case .vp9(let descriptor, _):
      let own = LayerMeter.upward(spatial, temporal)
      guard !descriptor.isNotReferenceForUpperLayers, spatial < 3 else { return own }
      return (spatial + 1...3).reduce(own) { $0 | LayerMeter.upward($1, temporal) }
    case .described(let layer): return layer.targets
    }
  }

  /// Puts a viewer's numbers where the sender's are.
  func write(
    _ verdict: LayerVerdict, in bytes: inout MutableSpan<UInt8>, payloadStart: Int
  ) {
    if let number = verdict.pictureID {
      pictureID?.write(number, in: &bytes, payloadStart: payloadStart)
    }
    if let number = verdict.baseLayerIndex {
      baseLayerIndex?.write(number, in: &bytes, payloadStart: payloadStart)
    }
  }
}

/// What is looked at again and again of a packet with a dependency descriptor.
struct DescribedLayer {
  let spatial: UInt8
  let temporal: UInt8
  /// The layers that need it, a bit for each place of ``LayerMeter``.
  let targets: UInt16
  /// VP9 numbers its pictures beside.
  var pictureID: PictureID?
  var baseLayerIndex: DescriptorByte?

  init(_ packet: DependencyDescriptorReader.Packet) {
    spatial = packet.frame.spatialLayer
    temporal = packet.frame.temporalLayer
    var targets: UInt16 = 0
    for (target, indication) in zip(packet.structure.decodeTargets, packet.frame.indications)
    where indication.isPresent && target.spatialLayer < 4 && target.temporalLayer < 4 {
      targets |= 1 << UInt16(LayerMeter.place(target.spatialLayer, target.temporalLayer))
    }
    self.targets = targets
  }
}
