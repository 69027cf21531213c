// The room SDP is being built.
