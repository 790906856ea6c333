"""The laws, one file per family; each ends with RULES = (...).

FAMILIES are the rules on programs that are exact in IEEE arithmetic, by family; EXACT is all of
them, in the order they are tried. SMOOTHINGS are the rules of derivatives of compositions.
"""

from cats.ir.rules import arrays, scalars, sharing, smoothing, tails

FAMILIES = {"scalars": scalars.RULES, "arrays": arrays.RULES, "sharing": sharing.RULES}

EXACT = tuple(rule for family in FAMILIES.values() for rule in family)

SMOOTHINGS = (*smoothing.SMOOTHINGS, *tails.SMOOTHINGS)
