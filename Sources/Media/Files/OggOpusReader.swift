import Wire

/// Reads the packets of an Ogg Opus file (RFC 3533, RFC 7845), whose bytes may come in pieces of any length.
///
/// The first Opus stream is read; pages of others beside or after it are passed over.
public struct OggOpusReader: Sendable {
  /// The longest packet that is read by default; headers with pictures may be longer than audio.
  public static let defaultPacketLimit = 1 << 20

  /// The identification header, once it has been read.
  public private(set) var head: OpusHead?
  /// The comment header, once it has been read.
  public private(set) var tags: OpusTags?
  /// Where the stream ends, in samples from its start, once its last page has been read. Less than the frames make
  /// together where the last ones are cut.
  public private(set) var endGranule: UInt64?

  private let packetLimit: Int
  private var pending = PendingBytes()
  private var serial: UInt32?
  private var pageNumber: UInt32 = 0
  /// A packet that goes on with the next page.
  private var cut: [UInt8]?
  private var isSkippingContinuation = false
  private var frames: [EncodedFrame] = []
  /// Taken out of `frames`.
  private var framesTaken = 0
  /// The time of the next frame in samples.
  private var time: UInt64?

  /// A reader that takes bytes with `append`. A longer packet than `maximumPacketSize` is an error.
  public init(maximumPacketSize: Int = defaultPacketLimit) { packetLimit = maximumPacketSize }

  /// A reader of a whole file.
  public init(parsing file: Span<UInt8>, maximumPacketSize: Int = defaultPacketLimit) {
    self.init(maximumPacketSize: maximumPacketSize)
    append(file)
    finish()
  }

  /// Takes the next bytes of the file. What is not read yet is held.
  public mutating func append(_ bytes: Span<UInt8>) { pending.append(bytes) }

  /// Tells that the file ends here.
  public mutating func finish() { pending.finish() }

  /// The next packet; nil at the end, or where more bytes are needed. Its timestamp counts samples at 48 kHz from the
  /// start, those included that a decoder leaves out.
  ///
  /// A file that ends within a page gives all packets before, and then `truncated`.
  public mutating func next() throws(MediaFileError) -> EncodedFrame? {
    while true {
      if framesTaken < frames.count {
        defer { framesTaken += 1 }
        return frames[framesTaken]
      }
      guard let (page, count) = try OggPage.parse(pending.span) else {
        guard pending.isFinished, !pending.isEmpty || tags == nil else { return nil }
        throw .truncated
      }
      try read(page)
      pending.consume(count)
    }
  }

  private mutating func read(_ page: OggPage) throws(MediaFileError) {
    let startsStream = page.flags & OggPage.startsStream != 0
    if serial == nil {
      guard startsStream else { throw .malformed }
      // Another codec's stream beside ours starts with its own page.
      guard page.payload.starts(with: "OpusHead".utf8) else { return }
      serial = page.serial
      pageNumber = page.number
    }
    guard page.serial == serial, endGranule == nil, !startsStream || head == nil else { return }
    if page.number != pageNumber { cut = nil }
    pageNumber = page.number &+ 1
    let packets = try split(page)
    var audio: [[UInt8]] = []
    for packet in packets {
      if head == nil {
        head = try OpusHead(parsing: packet.span)
      } else if tags == nil {
        tags = try OpusTags(parsing: packet.span)
      } else if OpusPacket(parsing: packet.span) != nil {
        audio.append(packet)
      }
    }
    place(audio, of: page)
    if page.flags & OggPage.endsStream != 0 {
      endGranule = page.granule == OggPage.noGranule ? time ?? 0 : page.granule
    }
  }

  /// The packets that end on the page. A rest of one whose start is missing is left out.
  private mutating func split(_ page: OggPage) throws(MediaFileError) -> [[UInt8]] {
    var packets: [[UInt8]] = []
    var start = 0
    var packet: [UInt8]? = []
    if page.flags & OggPage.continuesPacket != 0 {
      packet = cut
    }
    cut = nil
    for (index, segment) in page.segments.enumerated() {
      let end = start + Int(segment)
      packet? += page.payload[start..<end]
      start = end
      guard packet?.count ?? 0 <= packetLimit else { throw .tooLong }
      if segment < 255 {
        if let packet { packets.append(packet) }
        packet = []
      } else if index + 1 == page.segments.count {
        cut = packet
      }
    }
    return packets
  }

  /// Gives the page's packets their time: they end at its granule position, but for the last page, whose position
  /// may cut them short (RFC 7845 §4).
  private mutating func place(_ packets: [[UInt8]], of page: OggPage) {
    frames.removeAll(keepingCapacity: true)
    framesTaken = 0
    guard !packets.isEmpty else { return }
    let counts = packets.map { UInt64(OpusPacket(parsing: $0.span)?.sampleCount ?? 0) }
    let sum = counts.reduce(0, +)
    var start = time ?? 0
    if page.granule != OggPage.noGranule, page.granule >= sum {
      let told = page.granule - sum
      start = page.flags & OggPage.endsStream != 0 ? max(start, told) : told
    }
    for (packet, count) in zip(packets, counts) {
      frames.append(EncodedFrame(bytes: packet, timestamp: UInt32(truncatingIfNeeded: start)))
      start &+= count
    }
    time = start
  }
}
