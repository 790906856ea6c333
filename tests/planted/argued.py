"""Mutants that no test can see, each with the reason why it is the same program."""

ARGUED: dict[str, str] = {}
