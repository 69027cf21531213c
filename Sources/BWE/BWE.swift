// The room BWE is being built.
