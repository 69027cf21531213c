// The room Peer is being built.
