// The room RTP is being built.
