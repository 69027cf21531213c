/// How a packet goes on to one viewer.
struct LayerVerdict: Equatable {
  /// Its number in the viewer's stream.
  var sequenceNumber: UInt16
  /// Its time in the viewer's stream.
  var timestamp: UInt32
  /// Whether the viewer's picture ends here.
  var marker: Bool
  /// The picture id to write in place of the sender's.
  var pictureID: UInt16?
  /// The TL0PICIDX to write in place of the sender's.
  var baseLayerIndex: UInt8?
  /// Whether the slot's ``SlotLayers/descriptor`` goes beside it.
  var hasDescriptor = false
  /// Nothing of the packet goes on. Its number was kept for it, so it is filled with a packet of padding.
  var isFiller = false
}
