// The room RTCTesting is being built.
