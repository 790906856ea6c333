"""NumPy's names in terms of the vocabulary, one file per family."""

import numpy as np

from cats.recorder import Speech
from cats.surface import (
    creation,
    elementwise,
    indexing,
    linalg,
    norms,
    products,
    reductions,
    shapes,
    updates,
)

NAMES = {
    **elementwise.NAMES,
    **creation.NAMES,
    **reductions.NAMES,
    **shapes.NAMES,
    **indexing.NAMES,
    **products.NAMES,
    **updates.NAMES,
    **norms.NAMES,
    **linalg.NAMES,
}

VIEWS = frozenset(
    {
        "getitem", "setitem", "write", "fill", "view", "astype",
        np.reshape, np.ravel, np.transpose, np.matrix_transpose, np.permute_dims, np.swapaxes,
        np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.flip, np.fliplr, np.flipud,
        np.rot90, np.broadcast_to, np.broadcast_arrays, np.split, np.array_split, np.hsplit,
        np.vsplit, np.dsplit, np.atleast_1d, np.atleast_2d, np.atleast_3d,
        np.real, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require,
    }
)  # fmt: skip
"""Functions whose results share their entries with the first argument."""

WRITES = frozenset(updates.NAMES) - {"write", "setitem"}
"""Functions that write into their first argument."""

SPEECH = Speech(NAMES, VIEWS, WRITES)
