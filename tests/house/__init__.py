"""Is the house in order: packages, floors, types, style, and what an import costs."""
