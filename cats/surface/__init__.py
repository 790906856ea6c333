"""NumPy's names in terms of the vocabulary, one file per family."""

from cats.surface import elementwise, indexing, linalg, norms, products, reductions, shapes

NAMES = {
    **elementwise.NAMES,
    **reductions.NAMES,
    **shapes.NAMES,
    **indexing.NAMES,
    **products.NAMES,
    **norms.NAMES,
    **linalg.NAMES,
}
