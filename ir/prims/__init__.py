"""The vocabulary: every primitive cats ships, one record each, one file per family."""

from cats.ir.prims import (
    algebra,
    arrays,
    choice,
    contraction,
    guards,
    indexing,
    joining,
    layout,
    pairs,
    smooth,
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
)

BY_NAME = {op.name: op for op in (*VOCABULARY, guards.guard)}
