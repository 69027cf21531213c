// The room Net is being built.
