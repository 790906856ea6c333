"""NumPy's names in terms of the vocabulary, one file per family."""

import numpy as np

from cats.recorder import Speech
from cats.surface import (
    averages,
    comparing,
    creation,
    elementwise,
    gufuncs,
    histograms,
    indexing,
    interpolation,
    linalg,
    math_names,
    matrix_products,
    methods,
    nans,
    norms,
    products,
    python_functions,
    quantiles,
    reductions,
    sets,
    shapes,
    sorting,
    structured,
    ufuncs,
    updates,
)
from cats.surface.later import Later
from cats.surface.refused import OUTSIDE, REFUSED

NAMES = {
    **ufuncs.NAMES,
    **elementwise.NAMES,
    **comparing.NAMES,
    **creation.NAMES,
    **reductions.NAMES,
    **nans.NAMES,
    **shapes.NAMES,
    **indexing.NAMES,
    **methods.NAMES,
    **math_names.NAMES,
    **products.NAMES,
    **structured.NAMES,
    **matrix_products.NAMES,
    **gufuncs.NAMES,
    **updates.NAMES,
    **python_functions.NAMES,
    **norms.NAMES,
    **linalg.NAMES,
    **sorting.NAMES,
    **sets.NAMES,
    **averages.NAMES,
    **quantiles.NAMES,
    **histograms.NAMES,
    **interpolation.NAMES,
}

VIEWS = frozenset(
    {
        "getitem", "setitem", "write", "fill", "view", "sort", "partition", np.trim_zeros,
        np.reshape, np.ravel, np.transpose, np.matrix_transpose, np.permute_dims, np.swapaxes,
        np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.flip, np.fliplr, np.flipud,
        np.linalg.matrix_transpose,
        np.rot90, np.broadcast_to, np.broadcast_arrays, np.split, np.array_split, np.hsplit,
        np.vsplit, np.dsplit, np.atleast_1d, np.atleast_2d, np.atleast_3d,
        np.real, np.asarray, np.asanyarray, np.ascontiguousarray, np.require,
    }
)  # fmt: skip
"""Functions whose results share their entries with the first argument."""

LATER = {"scipy.special": "cats.surface.special", "scipy.linalg": "cats.surface.scipy_linalg"}
"""Modules of SciPy, and where what they have is said."""

WRITES = frozenset(updates.NAMES) - {"write", "setitem"}
"""Functions that write into their first argument."""

SPEECH = Speech(NAMES, VIEWS, WRITES, REFUSED, OUTSIDE, Later(LATER))
