// Layering.
