/// The types of H.264 units that matter here (ITU-T H.264 Table 7-1, RFC 6184 Table 3).
enum H264Unit {
  /// Types of the codec itself; RTP uses others for its own structures.
  static let codedTypes: ClosedRange<UInt8> = 1...23
  static let idrSlice: UInt8 = 5
  static let sequenceParameters: UInt8 = 7
  static let pictureParameters: UInt8 = 8
  static let delimiter: UInt8 = 9
  static let singleTimeAggregation: UInt8 = 24
  static let fragmentation: UInt8 = 28

  /// The type in a unit's first byte.
  static func type(_ header: UInt8) -> UInt8 { header & 0x1f }

  static func isParameterSet(_ header: UInt8) -> Bool {
    type(header) == sequenceParameters || type(header) == pictureParameters
  }
}
