"""Special functions: what SciPy computes, and the slopes that it does not.

They are loaded when one of them is asked for, and SciPy when one of them is compiled.
"""

from cats.ir.prims.special import (
    bessel,
    elliptic,
    entropies,
    errors,
    gammas,
    integrals,
    polynomials,
)

FAMILY = (
    *errors.FAMILY,
    *gammas.FAMILY,
    *entropies.FAMILY,
    *bessel.FAMILY,
    *elliptic.FAMILY,
    *integrals.FAMILY,
    *polynomials.FAMILY,
)
