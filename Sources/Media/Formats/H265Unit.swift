/// The types of H.265 units that matter here (ITU-T H.265 Table 7-1, RFC 7798 §4.4).
enum H265Unit {
  /// Types of the codec itself; RTP uses others for its own structures.
  static let codedTypes: ClosedRange<UInt8> = 0...47
  static let intraPictures: ClosedRange<UInt8> = 16...23
  static let videoParameters: UInt8 = 32
  static let sequenceParameters: UInt8 = 33
  static let pictureParameters: UInt8 = 34
  static let delimiter: UInt8 = 35
  static let aggregation: UInt8 = 48
  static let fragmentation: UInt8 = 49

  /// The type in a unit's first byte.
  static func type(_ header: UInt8) -> UInt8 { header >> 1 & 0x3f }

  /// A picture decoding can begin with (IRAP).
  static func isIntraPicture(_ header: UInt8) -> Bool { intraPictures.contains(type(header)) }

  static func isParameterSet(_ header: UInt8) -> Bool {
    (videoParameters...pictureParameters).contains(type(header))
  }
}
