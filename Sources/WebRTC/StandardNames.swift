public import Session

/// The W3C's name (WebRTC §4.6.2).
public typealias RTCSessionDescription = SessionDescriptionText

/// The W3C's name (WebRTC §4.8.1.1).
public typealias RTCIceCandidateInit = CandidateInit

/// The W3C's name (WebRTC §8.4).
public typealias RTCStatsReport = SessionStatistics
