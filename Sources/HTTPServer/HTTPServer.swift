// The room HTTPServer is being built.
