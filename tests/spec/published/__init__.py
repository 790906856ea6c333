"""Published functions, as people write them in NumPy: nothing here knows of cats."""
