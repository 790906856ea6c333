"""The vocabulary: every primitive cats ships, one record each, one file per family."""

from functools import cache
from importlib import import_module

from cats.ir.primitive import Primitive
from cats.ir.prims import (
    algebra,
    arrays,
    attempts,
    beyond,
    choice,
    contraction,
    determinants,
    factors,
    folds,
    gaps,
    guards,
    indexing,
    joining,
    layout,
    least_squares,
    math_functions,
    matrix_functions,
    pairs,
    searching,
    sliding,
    smooth,
    solving,
    sorting,
    spectra,
    stacks,
    truncation,
    universal,
    updates,
)

VOCABULARY = (
    *layout.FAMILY,
    *algebra.FAMILY,
    *choice.FAMILY,
    *universal.FAMILY,
    *pairs.FAMILY,
    *smooth.FAMILY,
    *arrays.FAMILY,
    *indexing.FAMILY,
    *joining.FAMILY,
    *updates.FAMILY,
    *contraction.FAMILY,
    *stacks.FAMILY,
    *solving.FAMILY,
    *truncation.FAMILY,
    *least_squares.FAMILY,
    *determinants.FAMILY,
    *factors.FAMILY,
    *gaps.FAMILY,
    *spectra.FAMILY,
    *beyond.FAMILY,
    *matrix_functions.FAMILY,
    *math_functions.FAMILY,
    *folds.FAMILY,
    *sorting.FAMILY,
    *searching.FAMILY,
    *sliding.FAMILY,
)

BY_NAME = {op.name: op for op in (*VOCABULARY, guards.guard, *attempts.ATTEMPTS.values())}


def operation(name: str) -> Primitive | None:
    """The operation of that name; special functions are loaded when one of them is asked for.

    >>> operation("sin"), operation("erf"), operation("sine")
    (sin, erf, None)
    """
    return BY_NAME.get(name) or _special().get(name)


@cache
def _special() -> dict[str, Primitive]:
    return {op.name: op for op in import_module("cats.ir.prims.special").FAMILY}
