import RTP

/// What forwarding must know of a video packet. Nothing in it is ever an error: what cannot be read is
/// simply no key frame.
struct FrameInspection {
  /// Set where a key frame starts.
  private(set) var keyFrame: KeyFrameStart?
  /// What is told of layers.
  private(set) var layer = PacketLayer.none
  /// Whether its descriptor means nothing: the packet that would explain it was lost, or has not come yet.
  private(set) var isUnreadable = false

  /// Looks into the payload of a packet and, if there is one, into the dependency descriptor beside it.
  init(
    _ packet: Span<UInt8>, payload: Range<Int>, descriptor: Range<Int>?, codec: PayloadCodec,
    index: Int64, timestamp: UInt32, of stream: IncomingStream
  ) {
    self.init(packet.extracting(payload), codec: codec, of: stream)
    if codec.name == .h264 {
      keyFrame = stream.keyPictures.start(
        in: packet.extracting(payload), index: index, timestamp: timestamp)
    }
    guard codec.name != .vp8, let descriptor else { return }
    take(packet.extracting(descriptor), index, of: stream)
  }

  /// Looks once more into the payload of a packet that came a while ago.
  init(
    again payload: Span<UInt8>, codec: PayloadCodec, index: Int64, of stream: IncomingStream
  ) {
    self.init(payload, codec: codec, of: stream)
    if let place = stream.frames.place(of: index) { take(stream.frames.entries[place].packet) }
  }

  private init(_ payload: Span<UInt8>, codec: PayloadCodec, of stream: IncomingStream) {
    switch codec.name {
    case .vp8:
      guard let descriptor = VP8PayloadDescriptor(parsing: payload) else { return }
      keyFrame = descriptor.keyFrameStart(in: payload)
      layer = .vp8(descriptor)
    case .vp9:
      guard let descriptor = VP9PayloadDescriptor(parsing: payload) else { return }
      keyFrame = descriptor.keyFrameStart
      let references = stream.references.references(of: descriptor, in: payload)
      layer = .vp9(descriptor, references)
      stream.note(heightsOf: descriptor)
    case .h264:
      keyFrame = VideoPayloadFormat.h264.keyFrameStart(in: payload)
    case .av1:
      keyFrame = VideoPayloadFormat.av1.keyFrameStart(in: payload)
    case .opus, .other:
      // Of an unknown codec every packet may be the start: nothing better is known.
      keyFrame = KeyFrameStart()
    }
  }

  /// The descriptor goes before what the payload tells. One that cannot be understood says that the packet is of no use;
  /// but a stream that has never told its structure is forwarded whole.
  private mutating func take(
    _ value: Span<UInt8>, _ index: Int64, of stream: IncomingStream
  ) {
    guard let packet = try? stream.descriptors.read(value) else {
      if !stream.descriptors.needsKeyFrame {
        layer = .padding
        keyFrame = nil
        isUnreadable = true
      }
      return
    }
    if packet.descriptor.structure != nil { stream.note(heightsOf: packet.structure) }
    stream.frames.note(packet, at: index)
    take(packet)
  }

  private mutating func take(_ packet: DependencyDescriptorReader.Packet) {
    var described = DescribedLayer(packet)
    described.pictureID = layer.pictureID
    described.baseLayerIndex = layer.baseLayerIndex
    layer = .described(described)
    let startsSequence = packet.startsSequence && packet.descriptor.startsFrame
    keyFrame = startsSequence ? keyFrame ?? KeyFrameStart() : nil
  }
}

extension IncomingStream {
  fileprivate func note(heightsOf descriptor: VP9PayloadDescriptor) {
    guard descriptor.spatialLayerCount > 0 else { return }
    for layer in 0..<UInt8(LayerMeter.layerLimit) {
      layerHeights[Int(layer)] = descriptor.height(ofLayer: layer)
    }
  }

  fileprivate func note(heightsOf structure: FrameDependencyStructure) {
    guard !structure.resolutions.isEmpty else { return }
    for layer in layerHeights.indices {
      layerHeights[layer] =
        layer < structure.resolutions.count ? structure.resolutions[layer].height : nil
    }
    height = structure.resolutions.last?.height ?? height
  }
}
