import Wire

/// What was seen of one direction of a peer's media of late.
///
/// All of it is seen by us: of what a peer tells about itself only that counts which answers to something we sent.
struct LinkEvidence: Equatable, Sendable {
  /// Nothing comes any longer, or nothing is answered.
  var isLost = false
  /// Share of packets lost before any repair.
  var loss = 0.0
  /// Share of the sound that was missing after all repair; nil where there is no sound.
  var missingSound: Double?
  /// Time there and back, without what queues in the other direction; nil while it is not known.
  var roundTrip: Duration?
  /// How unevenly packets come (RFC 3550 §6.4.1).
  var jitter = Duration.zero
  /// How long packets wait on the way, beyond its own delay.
  var queueDelay = Duration.zero
  /// Share of the time in which pictures stood still that should have moved.
  var frozen = 0.0
  /// How much of the pictures comes, by height and frame rate, of what is wanted and could be had.
  var pictureShare = 1.0
}
