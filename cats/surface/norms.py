"""Norms of vectors and matrices, condition numbers and ranks, in every order NumPy has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims import determinants, spectra
from cats.ir.prims.algebra import div, mul
from cats.ir.prims.choice import abs as absolute
from cats.ir.prims.choice import equal, greater, isnan, logical_and, logical_not, select
from cats.ir.prims.smooth import root
from cats.ir.prims.solving import inv
from cats.ir.spaces import Real, Value
from cats.places import users_place
from cats.surface.promotion import entrywise
from cats.surface.reductions import NAMES as REDUCTIONS
from cats.surface.shapes import moveaxis, reshape_, squeeze
from cats.surface.ufuncs import power
from cats.surface.values import (
    expand,
    lifted,
    normal_axis,
    real,
    recorder_of,
    with_dtype,
)
from cats.traced import Traced

_SUM, _MAX, _MIN = REDUCTIONS[np.sum], REDUCTIONS[np.max], REDUCTIONS[np.min]


def norm(x: Value, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Value:
    """np.linalg.norm. The derivative is 0 where the norm, or a singular value it counts, is 0.

    The order of a norm of vectors may vary; the derivative in it is 0 at 0 and the infinities.
    """
    array = real(lifted(recorder_of(x, ord), x))
    if axis is None and ord is None:
        return _length(array, None, keepdims)
    axes = tuple(range(array.ndim)) if axis is None else _listed(axis, array.ndim)
    if len(axes) == 1:
        return _vector_norm(array, ord, axes, keepdims)
    if len(axes) == 2 and axes[0] != axes[1]:
        return _matrix_norm(array, ord, axes, keepdims)
    raise TraceError(
        f"np.linalg.norm(ord={ord!r}) over the axes {axes}",
        where=users_place(),
        remedy="A norm of vectors has one axis, one of matrices two different ones.",
    )


def _listed(axis: Any, rank: int) -> tuple[int, ...]:
    given = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(normal_axis(a, rank) for a in given)


def _length(x: Traced, axes: Any, keepdims: bool) -> Value:
    return root(_SUM(mul(x, x), axis=axes, keepdims=keepdims))


def _extreme(x: Traced, sign: float, axis: Any, keepdims: bool) -> Value:
    """The largest entry of what is not negative (0 of nothing), or the smallest."""
    along = axis if isinstance(axis, tuple) else (axis,)
    empty = sign > 0 and any(x.shape[a] == 0 for a in along)
    reduce = _SUM if empty else _MAX if sign > 0 else _MIN
    return reduce(x, axis=axis, keepdims=keepdims)


def _vector_norm(x: Traced, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Value:
    if isinstance(ord, str):
        raise _no_order(ord, "a vector")
    varies = isinstance(ord, Traced) and isinstance(ord.space, Real) and ord.known is None
    if not varies and ord in (None, 2):
        return _length(x, axes, keepdims)
    size = absolute(x)
    if ord in (np.inf, -np.inf):
        return _extreme(size, ord, axes, keepdims)
    if not varies and ord == 1:
        return _SUM(size, axis=axes, keepdims=keepdims)
    if ord == 0:
        return _SUM(with_dtype(size != 0.0, x.dtype), axis=axes, keepdims=keepdims)
    order = with_dtype(ord, x.dtype) if varies else float(ord)
    total = _SUM(power(size, order), axis=axes, keepdims=keepdims)
    zero = equal(total, 0.0)
    least = 0.0 if ord > 0 else np.inf
    return select(zero, least, power(select(zero, 1.0, total), 1.0 / order))


def _matrix_norm(x: Traced, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Value:
    if ord in (None, "fro", "f"):
        return _length(x, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        first, second = axes if abs(ord) == 1 else axes[::-1]
        sums = _SUM(absolute(x), axis=first, keepdims=True)
        total = _extreme(sums, ord, second, True)
    elif ord in (2, -2, "nuc"):
        values = spectra.svdvals(moveaxis(x, axes, (-2, -1)))
        reduced = _SUM(values, axis=-1) if ord == "nuc" else _extreme(values, ord, -1, False)
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        total = reshape_(reduced, shape)
    else:
        raise _no_order(ord, "a matrix")
    return total if keepdims else squeeze(total, axis=axes)


def _no_order(ord: Any, what: str) -> TraceError:
    return TraceError(
        f"the norm of {what} of order {ord!r}",
        where=users_place(),
        remedy="Vectors have norms of every number, matrices of 'fro', 'nuc', 1, 2, inf and "
        "-1, -2, -inf.",
    )


def vector_norm(x: Value, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Value:
    """np.linalg.vector_norm: over any number of axes, as of one long vector."""
    array = real(lifted(recorder_of(x, ord), x))
    axes = tuple(range(array.ndim)) if axis is None else _listed(axis, array.ndim)
    front = moveaxis(array, axes, range(len(axes)))
    rest = front.shape[len(axes) :]
    flat = reshape_(front, (int(np.prod(front.shape[: len(axes)], dtype=int)), *rest))
    found = norm(flat, ord, 0)
    if not keepdims:
        return found
    return reshape_(found, tuple(1 if i in axes else n for i, n in enumerate(array.shape)))


def matrix_norm(x: Value, *, keepdims: bool = False, ord: Any = "fro") -> Value:
    """np.linalg.matrix_norm: of the last two axes."""
    return norm(x, ord, (-2, -1), keepdims)


def cond(x: Value, p: Any = None) -> Value:
    """np.linalg.cond: inf for a singular matrix, and where nothing else comes of it."""
    array = real(lifted(recorder_of(x), x))
    if not array.size:
        raise TraceError(
            "np.linalg.cond is not defined on empty arrays",
            where=users_place(),
            remedy="Check that the array is not empty first.",
        )
    if p in (None, 2, -2):
        s = spectra.svdvals(array)
        most, least = s[..., 0], s[..., -1]
        above, below = (least, most) if p == -2 else (most, least)
        found = div(select(equal(most, 0.0), 1.0, above), below)
    else:
        found = mul(norm(array, p, (-2, -1)), norm(_inverse(array), p, (-2, -1)))
    lost = logical_and(isnan(found), logical_not(REDUCTIONS[np.any](isnan(array), axis=(-2, -1))))
    return select(lost, np.inf, found)


def _inverse(x: Traced) -> Traced:
    """The inverse; nan for a singular matrix."""
    sign, _ = determinants.slogdet(x)
    singular = expand(equal(sign, 0.0)[..., None, None], x.shape)
    unit = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    return select(singular, np.nan, inv(select(singular, unit, x)))  # type: ignore[no-any-return]


def matrix_rank(A: Value, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Value:
    """np.linalg.matrix_rank: how many singular values exceed the tolerance. No derivative."""
    array = real(lifted(recorder_of(A), A))
    if array.ndim < 2:
        raise TraceError(
            "np.linalg.matrix_rank of a vector",
            where=users_place(),
            remedy="Use np.any(x != 0), or give a matrix.",
        )
    s = absolute(spectra.eigvalsh(array, uplo="L")) if hermitian else spectra.svdvals(array)
    if tol is None:
        share = max(array.shape[-2:]) * np.finfo(array.dtype).eps if rtol is None else rtol
        largest = _extreme(s, 1, -1, True)
        limit = largest * np.asarray(share, array.dtype)[..., None]
    else:
        limit = np.asarray(tol, array.dtype)[..., None]
    above = entrywise(np.greater, greater, s, limit)
    return _SUM(above, axis=-1)


NAMES: dict[Any, Callable[..., Value]] = {
    np.linalg.norm: norm,
    np.linalg.vector_norm: vector_norm,
    np.linalg.matrix_norm: matrix_norm,
    np.linalg.cond: cond,
    np.linalg.matrix_rank: matrix_rank,
}
