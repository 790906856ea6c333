"""Random programs over the whole vocabulary, checked against 80 digits."""
