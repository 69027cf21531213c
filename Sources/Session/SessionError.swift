public import SDP

/// Why a call on a session was refused. The session is as it was before.
public enum SessionError: Error, Hashable, Sendable {
  /// The call does not fit the state: `InvalidStateError`. The text says what was attempted.
  case invalidState(SignalingState, String)
  /// The description was not made by this session, or for another moment: `InvalidModificationError`.
  case modified
  /// The description cannot be read or does not fit.
  case description(SDPError)
  /// An argument makes no sense: `TypeError` or `InvalidAccessError`. The text says which.
  case invalidArgument(String)
  /// A candidate that cannot be read, or of an m-section or generation that does not exist: `OperationError`.
  case candidate(String)
  /// There are too many of something.
  case limitReached(String)
  /// The cryptographic library failed.
  case libraryFailed
}

extension SessionError: CustomStringConvertible {
  /// An English sentence for a log.
  public var description: String {
    switch self {
    case .invalidState(let state, let call): "\(call) is not possible in state \(state.rawValue)"
    case .modified: "the description is not what was created last"
    case .description(let error): "the description is refused: \(error)"
    case .invalidArgument(let text): text
    case .candidate(let text): "the candidate is refused: \(text)"
    case .limitReached(let text): "too many \(text)"
    case .libraryFailed: "the cryptographic library failed"
    }
  }
}
