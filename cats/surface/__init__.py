"""NumPy's names in terms of the vocabulary, one file per family."""

from cats.surface import elementwise, indexing, products, reductions, shapes

NAMES = {
    **elementwise.NAMES,
    **reductions.NAMES,
    **shapes.NAMES,
    **indexing.NAMES,
    **products.NAMES,
}
