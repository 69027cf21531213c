import Wire

/// The identification header of Opus in Ogg (RFC 7845 §5.1).
public struct OpusHead: Sendable, Hashable {
  /// How the channels of the streams are mapped (RFC 7845 §5.1.1).
  public struct ChannelMapping: Sendable, Hashable {
    /// 1 for Vorbis order, 255 for no order.
    public var family: UInt8
    /// Streams in each packet.
    public var streamCount: UInt8
    /// How many of them have two channels.
    public var coupledCount: UInt8
    /// The decoded channel of each output channel.
    public var table: [UInt8]

    /// A mapping.
    public init(family: UInt8, streamCount: UInt8, coupledCount: UInt8, table: [UInt8]) {
      self.family = family
      self.streamCount = streamCount
      self.coupledCount = coupledCount
      self.table = table
    }
  }

  /// Output channels, at least 1.
  public var channelCount: UInt8
  /// Samples at 48 kHz that a decoder leaves out at the start.
  public var preSkip: UInt16
  /// The sample rate before encoding in Hz; it says nothing about decoding.
  public var inputSampleRate: UInt32
  /// Gain to apply when decoding, in 1/256 dB.
  public var outputGain: Int16
  /// Nil in family 0: one stream with one or two channels, as in RTP.
  public var mapping: ChannelMapping?

  /// A header of one stream.
  public init(
    channelCount: UInt8 = 2, preSkip: UInt16 = 312, inputSampleRate: UInt32 = 48_000,
    outputGain: Int16 = 0, mapping: ChannelMapping? = nil
  ) {
    self.channelCount = channelCount
    self.preSkip = preSkip
    self.inputSampleRate = inputSampleRate
    self.outputGain = outputGain
    self.mapping = mapping
  }

  init(parsing packet: Span<UInt8>) throws(MediaFileError) {
    var reader = FieldReader(packet)
    do throws(MediaFileError) {
      for byte in "OpusHead".utf8 {
        guard try reader.readUInt8() == byte else { throw .notThisFormat }
      }
      guard try reader.readUInt8() & 0xf0 == 0 else { throw .unsupported }
      channelCount = try reader.readUInt8()
      preSkip = try reader.readUInt16()
      inputSampleRate = try reader.readUInt32()
      outputGain = Int16(bitPattern: try reader.readUInt16())
      let family = try reader.readUInt8()
      guard family != 0 else {
        guard channelCount == 1 || channelCount == 2 else { throw .malformed }
        return
      }
      let streamCount = try reader.readUInt8()
      let coupledCount = try reader.readUInt8()
      let table = try reader.take(Int(channelCount))
      guard streamCount > 0, coupledCount <= streamCount, channelCount > 0 else {
        throw .malformed
      }
      mapping = ChannelMapping(
        family: family, streamCount: streamCount, coupledCount: coupledCount,
        table: table.indices.map { table[$0] })
    } catch {
      // The packet is whole: it is the fields that do not fit it.
      throw error == .truncated ? .malformed : error
    }
  }

  var bytes: [UInt8] {
    let tableCount = mapping?.table.count ?? 0
    return [UInt8](capacity: 21 + tableCount) { output in
      for byte in "OpusHead".utf8 { output.append(byte) }
      output.append(1)
      output.append(channelCount)
      output.append(littleEndian: preSkip)
      output.append(littleEndian: inputSampleRate)
      output.append(littleEndian: UInt16(bitPattern: outputGain))
      output.append(mapping?.family ?? 0)
      guard let mapping else { return }
      output.append(mapping.streamCount)
      output.append(mapping.coupledCount)
      output.append(copying: mapping.table.span)
    }
  }
}
