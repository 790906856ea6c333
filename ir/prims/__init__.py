"""The vocabulary: every primitive cats ships, one record each, one file per family."""

from cats.ir.prims import algebra, arrays, choice, contraction, indexing, layout, pairs, smooth

VOCABULARY = (
    *layout.FAMILY,
    *algebra.FAMILY,
    *choice.FAMILY,
    *pairs.FAMILY,
    *smooth.FAMILY,
    *arrays.FAMILY,
    *indexing.FAMILY,
    *contraction.FAMILY,
)

BY_NAME = {op.name: op for op in VOCABULARY}
