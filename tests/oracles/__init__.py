"""The oracle: programs and Python functions in 80 digits, and how far from it a result is."""
