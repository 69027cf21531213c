import Wire

/// Writes Opus packets into an Ogg file (RFC 3533, RFC 7845).
///
/// What `write` gives is appended to the file, and in the end what `finish` gives: the last page tells that it is.
public struct OggOpusWriter: Sendable {
  /// How much audio goes on a page at most by default: RFC 7845 §6 asks for no more than a second.
  public static let defaultPageDuration: UInt64 = 48_000

  private let serial: UInt32
  private let pageDuration: UInt64
  private var header: [UInt8]
  private var page: OggPage
  /// Samples on the page that is being filled.
  private var pageSamples: UInt64 = 0
  private var origin: UInt32?
  /// Samples from the origin to the newest packet.
  private var position: Int64 = 0
  private var granule: UInt64 = 0

  /// A writer. `serial` is any number that no other stream in the file has. A page is closed with
  /// `pageDuration` samples at 48 kHz.
  public init(
    head: OpusHead = OpusHead(), tags: OpusTags = OpusTags(), serial: UInt32 = 1,
    pageDuration: UInt64 = defaultPageDuration
  ) {
    self.serial = serial
    self.pageDuration = pageDuration
    var number: UInt32 = 0
    header = Self.pages(of: head.bytes, serial: serial, number: &number, startsStream: true)
    header += Self.pages(of: tags.bytes, serial: serial, number: &number, startsStream: false)
    page = OggPage(serial: serial, number: number)
  }

  /// What the packet adds to the file now: the pages before the one it goes on. What is no Opus packet adds nothing.
  ///
  /// A gap between timestamps is one in the file, and starts a page: only pages tell the time.
  public mutating func write(_ frame: EncodedFrame) -> [UInt8] {
    guard let packet = OpusPacket(parsing: frame.bytes.span) else { return [] }
    var output = header
    header = []
    let start = origin ?? frame.timestamp
    origin = start
    let offset = frame.timestamp &- start &- UInt32(truncatingIfNeeded: position)
    position = max(position + Int64(Int32(bitPattern: offset)), 0)
    let followsGap = UInt64(position) > granule && !page.segments.isEmpty
    let count = frame.bytes.count
    let segmentCount = count / 255 + 1
    // Whatever calls itself Opus: longer packets than a page holds do not exist.
    guard segmentCount <= 255 else { return output }
    if followsGap || pageSamples >= pageDuration || page.segments.count + segmentCount > 255 {
      output += page.bytes
      page = OggPage(serial: serial, number: page.number &+ 1)
      pageSamples = 0
    }
    page.segments += [UInt8](repeating: 255, count: segmentCount - 1) + [UInt8(count % 255)]
    page.payload += frame.bytes
    pageSamples += UInt64(packet.sampleCount)
    granule = max(granule, UInt64(position) + UInt64(packet.sampleCount))
    page.granule = granule
    return output
  }

  /// The rest of the file. `endGranule` is where the audio ends, in samples from the start, if the last packet
  /// holds more than that.
  public mutating func finish(endGranule: UInt64? = nil) -> [UInt8] {
    page.flags |= OggPage.endsStream
    page.granule = min(endGranule ?? granule, granule)
    defer { header = [] }
    return header + page.bytes
  }

  /// A header packet on pages of its own.
  private static func pages(
    of packet: [UInt8], serial: UInt32, number: inout UInt32, startsStream: Bool
  ) -> [UInt8] {
    var segments = [UInt8](repeating: 255, count: packet.count / 255) + [UInt8(packet.count % 255)]
    var rest = packet[...]
    var output: [UInt8] = []
    var isFirst = true
    while !segments.isEmpty {
      var page = OggPage(serial: serial, number: number)
      page.flags = isFirst ? (startsStream ? OggPage.startsStream : 0) : OggPage.continuesPacket
      page.segments = Array(segments.prefix(255))
      segments.removeFirst(page.segments.count)
      let count = page.segments.reduce(0) { $0 + Int($1) }
      page.payload = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
      page.granule = segments.isEmpty ? 0 : OggPage.noGranule
      output += page.bytes
      number &+= 1
      isFirst = false
    }
    return output
  }
}
