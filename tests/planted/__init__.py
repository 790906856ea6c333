"""Planted bugs: mutants of the source, one wrong thing each, and the checks that must see it."""
