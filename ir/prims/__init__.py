"""The vocabulary: every primitive cats ships, one record each, one file per family."""

from cats.ir.prims import (
    algebra,
    arrays,
    choice,
    contraction,
    determinants,
    factors,
    indexing,
    layout,
    matrix_functions,
    smooth,
    solving,
    spectra,
    stacks,
)

VOCABULARY = (
    *layout.FAMILY,
    *algebra.FAMILY,
    *choice.FAMILY,
    *smooth.FAMILY,
    *arrays.FAMILY,
    *indexing.FAMILY,
    *contraction.FAMILY,
    *stacks.FAMILY,
    *solving.FAMILY,
    *determinants.FAMILY,
    *factors.FAMILY,
    *spectra.FAMILY,
    *matrix_functions.FAMILY,
)

BY_NAME = {op.name: op for op in VOCABULARY}
