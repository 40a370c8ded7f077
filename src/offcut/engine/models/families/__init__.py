"""One file an architecture: how a photo becomes its input, and its output a matte."""
