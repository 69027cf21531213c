// The room SFU is being built.
