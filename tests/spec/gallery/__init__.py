"""A gallery of traps: patterns known to go silently wrong in systems for automatic differentiation.

Each entry is code as a user writes it, and what must happen: the right value and derivatives at
inputs that take different paths, or a refusal that says what, where and what to do.
"""
