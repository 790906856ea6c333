"""The vocabulary: every primitive cats ships, one record each, one file per family."""

from cats.ir.prims import (
    algebra,
    arrays,
    choice,
    contraction,
    determinants,
    factors,
    guards,
    indexing,
    joining,
    layout,
    matrix_functions,
    pairs,
    sliding,
    smooth,
    solving,
    spectra,
    stacks,
    updates,
)

VOCABULARY = (
    *layout.FAMILY,
    *algebra.FAMILY,
    *choice.FAMILY,
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
    *sliding.FAMILY,
)

BY_NAME = {op.name: op for op in (*VOCABULARY, guards.guard)}
