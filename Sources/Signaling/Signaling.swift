// The room Signaling is being built.
