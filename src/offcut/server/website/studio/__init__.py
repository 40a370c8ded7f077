"""The studio: one photo, the Magic Brush, and how the cut-out is laid out."""
