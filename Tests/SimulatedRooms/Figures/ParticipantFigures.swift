import Wire

/// What became of one participant's meeting.
package struct ParticipantFigures: Sendable {
  package var place = 0
  package var link = ""
  package var loss = 0.0
  /// Broken connections, as either side saw them.
  package var interruptions = 0
  package var failures = 0
  package var isConnected = false
  /// Of all that was spoken by others, what was there when it was due.
  package var heard = 0.0
  /// Milliseconds that sound waited for the sake of even playing.
  package var voiceDelay = 0
  /// Seconds in which pictures were owed, and the share of these in which one stood still.
  package var watched = 0.0
  package var frozen = 0.0
  package var freezeCount = 0
  package var longestFreeze = 0.0
  /// Seconds of pictures that were paused or came as snapshots.
  package var paused = 0.0
  package var snapshot = 0.0
  /// Pictures a second, over those watched.
  package var frameRate = 0.0
  /// The share of pictures of each height.
  package var heights: [Int: Double] = [:]
  /// Milliseconds from the word of a new source to its first picture: median and 95th percentile.
  package var firstPicture = (median: 0, late: 0)
  /// Kilobits per second, all in all.
  package var received = 0
  package var sent = 0
  /// What the links carry.
  package var downCapacity = 0
  package var upCapacity = 0
  /// The median of the estimate of the way up, in kilobits per second.
  package var target = 0
  /// The median of the estimate of the way down, in kilobits per second.
  package var downTarget = 0
  package var repairRequests = 0
  package var repairsReceived = 0
  package var pictureLossesSent = 0
  package var pictureLossesReceived = 0
  package var keyFramesMade = 0
  package var undecodable = 0
  /// Layers its sender switched on or off.
  package var layerSwitches = 0
  /// Kilobits received in each second.
  package var seconds: [Int] = []
  /// The server's estimate of the way down in each, in kilobits per second.
  package var downTargets: [Int] = []
}

/// What came from senders to viewers whose ways lose about the same in all.
package struct PathFigures: Sendable {
  /// The most that both ways together lose.
  package var loss: Double
  package var expectedVoice = 0
  package var heardVoice = 0
  package var losses = VoiceLosses()
  package var watched = 0.0
  package var frozen = 0.0
  package var paused = 0.0
  package var snapshot = 0.0

  /// The share of spoken frames that were there when due.
  package var heard: Double { expectedVoice == 0 ? 1 : Double(heardVoice) / Double(expectedVoice) }
  /// The share of time in which a picture stood still.
  package var frozenShare: Double { watched == 0 ? 0 : frozen / watched }
}
