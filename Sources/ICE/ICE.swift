// The room ICE is being built.
