// The room STUN is being built.
