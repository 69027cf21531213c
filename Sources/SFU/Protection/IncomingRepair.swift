import Media
import RTP
import Wire

/// Brings lost packets of one incoming stream back with the sender's repair packets
/// (draft-ietf-payload-flexible-fec-scheme-03).
///
/// Packets are copied only while repair packets come.
struct IncomingRepair {
  /// So long after its last repair packet a stream counts as unprotected.
  private static let patience = Duration.seconds(3)

  private let ssrc: UInt32
  private var decoder: FlexibleFECDecoder?
  private var lastRepairAt: Instant?

  /// Repair for the packets of `ssrc`.
  init(ssrc: UInt32) { self.ssrc = ssrc }

  /// Whether packets are to be noted.
  var isActive: Bool { decoder != nil }

  /// Remembers a packet of the stream. `volatile` is what of it is not protected.
  mutating func note(_ packet: Span<UInt8>, volatile: Range<Int>, at now: Instant) {
    guard let lastRepairAt, now - lastRepairAt < Self.patience else {
      decoder = nil
      return
    }
    // What a packet of media brings back lies nowhere in the turn's bytes; such packets are asked for.
    _ = decoder?.receive(media: packet, volatile: volatile)
  }

  /// Takes the payload of a repair packet; the packet it brings back, if it does.
  mutating func take(_ payload: Span<UInt8>, at now: Instant) -> [UInt8]? {
    lastRepairAt = now
    if decoder == nil { decoder = FlexibleFECDecoder(ssrc: ssrc) }
    return decoder?.receive(repair: payload).first
  }
}
