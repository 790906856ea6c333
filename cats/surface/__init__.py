"""NumPy's names in terms of the vocabulary, one file per family."""

from typing import Any

import numpy as np

from cats.recorder import Speech
from cats.surface import (
    calculus,
    complexes,
    convolution,
    creation,
    diagonals,
    einsum,
    elementwise,
    grids,
    indexing,
    joining,
    linalg,
    moving,
    norms,
    padding,
    placing,
    polynomials,
    products,
    ranges,
    reductions,
    shapes,
    taking,
    updates,
)
from cats.surface.values import present, refusing

NAMES = {
    **elementwise.NAMES,
    **creation.NAMES,
    **reductions.NAMES,
    **shapes.NAMES,
    **joining.NAMES,
    **ranges.NAMES,
    **grids.NAMES,
    **indexing.NAMES,
    **moving.NAMES,
    **padding.NAMES,
    **diagonals.NAMES,
    **taking.NAMES,
    **products.NAMES,
    **einsum.NAMES,
    **convolution.NAMES,
    **calculus.NAMES,
    **polynomials.NAMES,
    **updates.NAMES,
    **placing.NAMES,
    **norms.NAMES,
    **linalg.NAMES,
}

REFUSED: dict[Any, tuple[str, str]] = {
    **creation.REFUSED,
    **convolution.REFUSED,
    **complexes.REFUSED,
}
"""Functions that have no meaning here: why, and what to do."""

VIEWS = frozenset(
    {
        "getitem", "setitem", "write", "fill", "view",
        np.reshape, np.ravel, np.transpose, np.matrix_transpose, np.permute_dims, np.swapaxes,
        np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.flip, np.fliplr, np.flipud,
        np.rot90, np.broadcast_to, np.broadcast_arrays, np.split, np.array_split, np.hsplit,
        np.vsplit, np.dsplit, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.trim_zeros,
        np.real, np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray,
        np.require, np.diagonal, np.diag, np.einsum, np.meshgrid,
        np.lib.stride_tricks.sliding_window_view, *present(unstack=joining.unstack),
    }
)  # fmt: skip
"""Functions whose results share their entries with the first argument."""

WRITES = frozenset({**updates.NAMES, **placing.NAMES}) - {"write", "setitem"}
"""Functions that write into their first argument."""

_REFUSING = {function: refusing(function, *words) for function, words in REFUSED.items()}

SPEECH = Speech({**NAMES, **_REFUSING}, VIEWS, WRITES)
