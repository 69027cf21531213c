import SCTP
import Session

extension RTCError {
  init(_ error: SessionError) {
    switch error {
    case .invalidState(.closed, _): self = .closed
    case .invalidState: self = .invalidState(error.description)
    case .modified, .invalidArgument, .limitReached: self = .invalidArgument(error.description)
    case .description, .candidate: self = .invalidDescription(error.description)
    case .libraryFailed: self = .certificateUnusable
    }
  }
}

extension RTCError {
  init(_ error: DataChannelError) {
    switch error {
    case .invalidOptions, .streamInUse, .tooManyChannels, .messageTooLong, .bufferFull:
      self = .invalidArgument("\(error)")
    case .notOpen, .ended: self = .channelNotOpen
    }
  }
}
