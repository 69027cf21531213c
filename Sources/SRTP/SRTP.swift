// The room SRTP is being built.
