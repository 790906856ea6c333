"""NumPy's names in terms of the vocabulary, one file per family."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.speech import Speech
from cats.surface import (
    averages,
    calculus,
    comparing,
    convolution,
    creation,
    diagonals,
    einsum,
    elementwise,
    grids,
    gufuncs,
    histograms,
    indexing,
    interpolation,
    joining,
    linalg,
    masks,
    math_names,
    matrix_products,
    methods,
    moving,
    nans,
    norms,
    padding,
    placing,
    polynomials,
    products,
    python_functions,
    quantiles,
    ranges,
    reductions,
    sets,
    shapes,
    sorting,
    structured,
    taking,
    turns,
    ufuncs,
    updates,
)
from cats.surface.later import Later
from cats.surface.reductions import CUMPROD, CUMSUM
from cats.surface.refused import OUTSIDE, REFUSED
from cats.surface.values import present
from cats.tracked import Tracked

NAMES = {
    **ufuncs.NAMES,
    **elementwise.NAMES,
    **comparing.NAMES,
    **creation.NAMES,
    **reductions.NAMES,
    **nans.NAMES,
    **shapes.NAMES,
    **joining.NAMES,
    **ranges.NAMES,
    **grids.NAMES,
    **turns.NAMES,
    **indexing.NAMES,
    **masks.NAMES,
    **moving.NAMES,
    **padding.NAMES,
    **diagonals.NAMES,
    **taking.NAMES,
    **methods.NAMES,
    **math_names.NAMES,
    **products.NAMES,
    **einsum.NAMES,
    **convolution.NAMES,
    **calculus.NAMES,
    **polynomials.NAMES,
    **structured.NAMES,
    **matrix_products.NAMES,
    **gufuncs.NAMES,
    **updates.NAMES,
    **placing.NAMES,
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
        "getitem", "setitem", "write", "fill", "view", "sort", "partition", "astype",
        np.reshape, np.ravel, np.transpose, np.matrix_transpose, np.permute_dims, np.swapaxes,
        np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.flip, np.fliplr, np.flipud,
        np.linalg.matrix_transpose,
        np.rot90, np.broadcast_to, np.broadcast_arrays, np.split, np.array_split, np.hsplit,
        np.vsplit, np.dsplit, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.trim_zeros,
        np.real, np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray,
        np.require, np.diagonal, np.diag, np.einsum, np.meshgrid,
        np.ndenumerate, np.nditer, np.broadcast,
        np.lib.stride_tricks.sliding_window_view, *present(unstack=joining.unstack),
    }
)  # fmt: skip
"""Functions whose results share their entries with their arguments."""

LATER = {"scipy.special": "cats.surface.special", "scipy.linalg": "cats.surface.scipy_linalg"}
"""Modules of SciPy, and where what they have is said."""

WRITES = frozenset({**updates.NAMES, **placing.NAMES}) - {"write", "setitem"}
"""Functions that write into their first argument."""


def _always(first: Any) -> bool:
    return True


def _of_array(first: Any) -> bool:
    return isinstance(first, Tracked) and first.is_array


def _of_number(first: Any) -> bool:
    """Python's numbers become arrays, NumPy's stay scalars."""
    return isinstance(first, Tracked) and first.weak


ARRAYS: dict[Any, Callable[[Any], bool]] = {
    **dict.fromkeys([
        np.where, np.select, np.full, np.full_like, np.roll, np.block, np.apply_along_axis, np.cov,
        np.tensordot, np.cross, np.resize, np.tile, np.broadcast_to, np.copy,
    ], _always),
    **dict.fromkeys(["view", "astype"], _of_array),
    **dict.fromkeys([np.reshape, np.transpose, np.squeeze], _of_number),
}  # fmt: skip
"""Functions whose results without axes are arrays, and of which first arguments."""

INTO = frozenset(
    {
        np.sum, np.prod, np.max, np.amax, np.min, np.amin, np.ptp, np.mean, np.var, np.std,
        np.cumsum, np.cumprod,
        np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd,
        np.nancumsum, np.nancumprod, np.median, np.trace, np.einsum,
        np.dot, np.take, np.compress,
        *present(cumulative_sum=CUMSUM, cumulative_prod=CUMPROD),
        "numpy.ufunc.reduce", "numpy.ufunc.accumulate", "numpy.ufunc.reduceat",
    }
)  # fmt: skip
"""Functions that look at the dtype of `out=`, to compute in it or to refuse it."""

SPEECH = Speech(NAMES, VIEWS, WRITES, REFUSED, OUTSIDE, Later(LATER), ARRAYS, INTO)
