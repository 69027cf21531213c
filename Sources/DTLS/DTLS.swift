// The room DTLS is being built.
