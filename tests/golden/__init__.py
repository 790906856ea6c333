"""A dozen functions at every level, as text: what the compiler makes of them, read by people.

python -m tests.golden    writes the texts again
"""
