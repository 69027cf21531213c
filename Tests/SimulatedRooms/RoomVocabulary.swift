import RTP
import SFU

/// Numbers that everybody in a simulated room has agreed on.
enum RoomVocabulary {
  static let opus = PayloadCodec(.opus)
  static let vp8 = PayloadCodec(.vp8)
  static let opusType: UInt8 = 111
  static let redundantType: UInt8 = 63
  static let vp8Type: UInt8 = 96
  static let vp8RepairType: UInt8 = 97

  static var extensions: StreamExtensionIDs {
    var ids = StreamExtensionIDs()
    ids.audioLevel = 1
    ids.mid = 2
    ids.rid = 3
    ids.transportSequence = 4
    ids.repairedRID = 5
    return ids
  }
}
