"""The vocabulary: every primitive cats ships, one record each, one file per family."""

from cats.ir.prims import (
    algebra,
    arrays,
    choice,
    contraction,
    determinants,
    factors,
    folds,
    guards,
    indexing,
    joining,
    layout,
    math_functions,
    matrix_functions,
    pairs,
    smooth,
    solving,
    spectra,
    stacks,
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
    *determinants.FAMILY,
    *factors.FAMILY,
    *spectra.FAMILY,
    *matrix_functions.FAMILY,
    *math_functions.FAMILY,
    *folds.FAMILY,
)

BY_NAME = {op.name: op for op in (*VOCABULARY, guards.guard)}
