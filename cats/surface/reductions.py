"""NumPy's reductions over axes: sums, products, extremes, truth, means, deviations, running ones.

Entries that `where=` leaves out are replaced before anything is done with them, so that what they
are, nan included, reaches no derivative. `into` is the dtype of the array given as `out=`, which
has a say in the dtype that NumPy computes in; what is written there is written elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.primitive import Primitive
from cats.ir.prims import algebra, arrays, choice, layout
from cats.ir.prims.algebra import div, mul
from cats.ir.prims.choice import equal, not_equal, select
from cats.ir.prims.layout import reshape
from cats.ir.prims.smooth import root
from cats.ir.prims.sorting import argmax, argmin
from cats.ir.spaces import Real, Value
from cats.places import users_place
from cats.surface.elementwise import subtract
from cats.surface.joining import concatenate
from cats.surface.promotion import entrywise
from cats.surface.shapes import ravel
from cats.surface.values import (
    expand,
    lifted,
    normal_axes,
    normal_axis,
    present,
    real,
    recorder_of,
    with_dtype,
)
from cats.traced import Traced

NONE = np._NoValue
Axes = tuple[int, ...]

# What all share


def kept(x: Traced, shape: tuple[int, ...], axes: Axes) -> Traced:
    """The reduced axes back, with length 1."""
    target = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return reshape(x, shape=target)  # type: ignore[no-any-return]


def axes_of(axis: Any, rank: int) -> Axes:
    """The axes that are reduced; a number has one to name, as NumPy has it, and none to reduce."""
    return () if not rank and axis in (0, -1) else normal_axes(axis, rank)


def mask_of(x: Traced, where: Value) -> Traced | None:
    """`where=` as a mask of x; None if all entries count. Raises TraceError if it does not fit."""
    if where is True or where is NONE:
        return None
    mask = with_dtype(lifted(recorder_of(x, where), where), np.bool_)
    if mask.ndim > x.ndim or any(
        n not in (1, m) for n, m in zip(mask.shape[::-1], x.shape[::-1], strict=False)
    ):
        raise TraceError(
            f"where= has shape {mask.shape}, and the array {x.shape}",
            where=users_place(),
            remedy="Give where= a shape that broadcasts to that of the array.",
        )
    return expand(mask, x.shape)


def masked(x: Traced, mask: Traced | None, otherwise: Any) -> Traced:
    """x, and another number where the mask is false."""
    return x if mask is None else select(mask, x, number_like(x, otherwise))


def number_like(x: Traced, value: Any) -> Value:
    """A number beside x: of the dtype of x."""
    if isinstance(x.space, Real):
        return float(value)
    return expand(lifted(x.recorder, np.asarray(value, x.dtype)), x.shape)


def added_in(x: Traced, dtype: Any, into: Any, of: np.ufunc = np.add) -> Any:
    """The dtype in which NumPy adds, or another function takes, the entries; None for its own.

    Of what is written into an array it is that of both, as NumPy says itself.
    """
    if dtype is not None or into is None:
        return dtype
    return of.resolve_dtypes((into, x.dtype, None), casting="unsafe", reduction=True)[0]


def widened(x: Traced, dtype: Any) -> Traced:
    """x in the width in which NumPy adds and multiplies it up."""
    if dtype is not None:
        return with_dtype(x, dtype)
    return with_dtype(x, np.sum(np.zeros(0, x.dtype)).dtype)


# Reductions that begin with a number


@dataclass(frozen=True)
class Fold:
    """One reduction.

    name     as NumPy has it
    reduce   the entries along axes
    neutral  what changes nothing, of a dtype
    join     what is done with the number to begin with
    ready    the array in the dtype in which NumPy computes
    """

    name: str
    reduce: Callable[[Traced, Axes], Traced]
    neutral: Callable[[np.dtype[Any]], Any]
    join: tuple[np.ufunc, Primitive]
    ready: Callable[[Traced, Any], Traced] = widened

    def __call__(
        self,
        a: Value,
        axis: Any = None,
        dtype: Any = None,
        keepdims: Any = False,
        initial: Value = NONE,
        where: Value = True,
        *,
        into: Any = None,
    ) -> Value:
        """The reduction as NumPy writes it."""
        x = lifted(recorder_of(a, initial, where), a)
        x = self.ready(x, added_in(x, dtype, into, self.join[0]))
        axes, mask = axes_of(axis, x.ndim), mask_of(x, where)
        start = None if initial is NONE or initial is None else initial
        if initial is None and (mask is not None or not all(x.shape[a] for a in axes)):
            raise ValueError("initial=None, but no entry is sure to be there to begin with")
        if start is None and mask is not None and self.join[0].identity is None:
            raise TraceError(
                f"{self.name} with where= and no number to begin with",
                where=users_place(),
                remedy="Give initial=, which stands for entries left out.",
            )
        x = masked(x, mask, self.neutral(x.dtype))
        result = self._whole(x, axes, start is not None)
        if start is not None:
            begin = with_dtype(lifted(result.recorder, start), result.dtype)
            result = entrywise(*self.join, begin, result)
        return kept(result, x.shape, axes) if truth(keepdims) else result

    def _whole(self, x: Traced, axes: Axes, begun: bool) -> Traced:
        """The reduction; of no entries what changes nothing, if that is allowed."""
        begun = begun or self.join[0].identity is not None
        if begun and not all(x.shape[a] for a in axes):
            shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
            return expand(lifted(x.recorder, np.asarray(self.neutral(x.dtype), x.dtype)), shape)
        return self.reduce(x, axes) if axes else x

    def untyped(
        self,
        a: Value,
        axis: Any = None,
        keepdims: Any = False,
        initial: Value = NONE,
        where: Value = True,
        *,
        into: Any = None,
    ) -> Value:
        """As NumPy writes those reductions that take no dtype."""
        return self(a, axis, None, keepdims, initial, where, into=into)

    def of_truth(
        self,
        a: Value,
        axis: Any = None,
        keepdims: Any = False,
        *,
        where: Value = True,
    ) -> Value:
        """As NumPy writes np.any and np.all."""
        return self(a, axis, None, keepdims, NONE, where)


def truth(keepdims: Any) -> bool:
    """Whether `keepdims=` asks for the reduced axes."""
    return keepdims is not NONE and bool(keepdims)


def _in_its_dtype(total: Callable[[Traced, Any], Traced]) -> Callable[[Traced, Any], Traced]:
    """The total in the dtype of x: that of whole numbers wraps, that of truth values is one."""
    return lambda x, along: with_dtype(total(widened(x, None), along), x.dtype)


def _prod(x: Traced, axes: Axes) -> Traced:
    """One axis at a time, from the last."""
    for axis in reversed(axes):
        x = arrays.prod(x, axis=axis)
    return x


def _lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else _bounds(dtype)[0]


def _highest(dtype: np.dtype[Any]) -> Any:
    return np.inf if dtype.kind == "f" else _bounds(dtype)[1]


def _bounds(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    if dtype == np.bool_:
        return False, True
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def _as_it_is(x: Traced, dtype: Any) -> Traced:
    return x if dtype is None else with_dtype(x, dtype)


def _flags(x: Traced, dtype: Any) -> Traced:
    return with_dtype(x, np.bool_)


SUM = Fold(
    "np.sum",
    _in_its_dtype(lambda x, axes: layout.sum(x, axes=axes)),
    lambda dtype: 0,
    (np.add, algebra.add),
)
PROD = Fold("np.prod", _in_its_dtype(_prod), lambda dtype: 1, (np.multiply, mul))
MAX = Fold(
    "np.max",
    lambda x, axes: arrays.max(x, axes=axes),
    _lowest,
    (np.maximum, choice.maximum),
    _as_it_is,
)
MIN = Fold(
    "np.min",
    lambda x, axes: arrays.min(x, axes=axes),
    _highest,
    (np.minimum, choice.minimum),
    _as_it_is,
)
ANY = Fold("np.any", MAX.reduce, _lowest, (np.logical_or, choice.logical_or), _flags)
ALL = Fold("np.all", MIN.reduce, _highest, (np.logical_and, choice.logical_and), _flags)


def ptp(a: Value, axis: Any = None, keepdims: Any = False, *, into: Any = None) -> Value:
    """np.ptp: the largest entry less the smallest."""
    high, low = MAX(a, axis, keepdims=keepdims), MIN(a, axis, keepdims=keepdims)
    return subtract(high if into is None else with_dtype(high, into), low)


def count_nonzero(a: Value, axis: Any = None, *, keepdims: Any = False) -> Value:
    """np.count_nonzero."""
    x = lifted(recorder_of(a), a)
    flags = x if x.dtype == np.bool_ else not_equal(x, number_like(x, 0))
    found = SUM(flags, axis, keepdims=keepdims)
    found.weak = axis is None and not keepdims and isinstance(np.count_nonzero(()), int)
    return found


# Means and deviations


def counted(x: Traced, axes: Axes, mask: Traced | None, dtype: Any) -> Value:
    """How many entries there are along axes, as a number or of a dtype."""
    if mask is None:
        return float(np.prod([x.shape[a] for a in axes]))
    count = SUM.reduce(with_dtype(mask, np.int64), axes) if axes else with_dtype(mask, np.int64)
    return with_dtype(count, dtype)


def share(total: Traced, count: Value) -> Traced:
    """The total divided by a count, nan where that is 0; nan reaches no derivative."""
    if not isinstance(count, Traced):
        return div(total, count)  # type: ignore[no-any-return]
    none = equal(count, 0.0)
    return select(none, np.nan, div(total, select(none, 1.0, count)))  # type: ignore[no-any-return]


def average_of(x: Traced, axes: Axes, mask: Traced | None, wanted: Any = None) -> Traced:
    """The mean along axes, of real numbers; `wanted` is the dtype that their sum is divided in."""
    some = masked(x, mask, 0)
    total = real(_as_it_is(SUM.reduce(some, axes) if axes else some, wanted))
    return share(total, counted(x, axes, mask, total.dtype))


def _working(x: Traced, dtype: Any) -> Traced:
    """x in a dtype in which one can divide."""
    return real(_as_it_is(x, dtype))


def widths(x: Traced, dtype: Any, into: Any) -> tuple[Any, Any]:
    """The dtypes in which a mean is added up, and divided; None for its own.

    An array that it is written into has a say in that of real numbers: whole ones are made real.
    """
    if dtype is None and isinstance(x.space, Real) and into is not None and into.kind == "f":
        return added_in(x, None, into), into
    return dtype, dtype


def averaged(x: Traced, axis: Any, where: Value) -> tuple[Axes, Traced | None]:
    """The axes of a mean, and the mask; only with one NumPy lets axes of a number be named."""
    mask = mask_of(x, where)
    return normal_axes(axis, x.ndim) if mask is None else axes_of(axis, x.ndim), mask


def mean(
    a: Value,
    axis: Any = None,
    dtype: Any = None,
    keepdims: Any = False,
    *,
    where: Value = True,
    into: Any = None,
) -> Value:
    """np.mean."""
    x = lifted(recorder_of(a, where), a)
    axes, mask = averaged(x, axis, where)
    added, divided = widths(x, dtype, into)
    found = _as_it_is(average_of(_working(x, added), axes, mask, divided), divided)
    return kept(found, x.shape, axes) if truth(keepdims) else found


def squares(
    x: Traced,
    axes: Axes,
    mask: Traced | None,
    dtype: Any,
    ddof: Value,
    mean: Value,
    narrow: bool = False,
    into: Any = None,
) -> tuple[Traced, Value]:
    """The sum of squared distances from the mean, and how many they are, less `ddof`.

    narrow  whether distances are kept in the dtype of x, whatever dtype they are summed in
    """
    base = _working(x, dtype)
    if mean is NONE:
        centre = kept(_as_it_is(average_of(base, axes, mask), dtype), x.shape, axes)
    else:
        centre = lifted(recorder_of(x, mean), mean)
    away = masked(subtract(x, expand(centre, x.shape)), mask, 0)
    away = with_dtype(away, x.dtype) if narrow else away
    added, divided = widths(x, dtype, into)
    each = with_dtype(mul(away, away), base.dtype if added is None else added)
    total = real(_as_it_is(SUM.reduce(each, axes) if axes else each, divided))
    return total, counted(x, axes, mask, total.dtype) - ddof


def degrees(ddof: Value, correction: Value) -> Value:
    """`ddof=`, also under its other name."""
    if correction is NONE:
        return ddof
    if not isinstance(ddof, Traced) and ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    return correction


def var(
    a: Value,
    axis: Any = None,
    dtype: Any = None,
    ddof: Value = 0,
    keepdims: Any = False,
    *,
    where: Value = True,
    mean: Value = NONE,
    correction: Value = NONE,
    into: Any = None,
) -> Value:
    """np.var: the mean square distance from the mean, with ddof."""
    x = lifted(recorder_of(a, where, mean), a)
    axes, mask = averaged(x, axis, where)
    total, count = squares(x, axes, mask, dtype, degrees(ddof, correction), mean, into=into)
    count = choice.maximum(count, 0.0) if isinstance(count, Traced) else max(float(count), 0.0)
    found = _as_it_is(div(total, count), widths(x, dtype, into)[1])
    return kept(found, x.shape, axes) if truth(keepdims) else found


def std(a: Value, *args: Any, into: Any = None, **options: Any) -> Value:
    """np.std: the square root of the variance; derivative 0 where the variance is 0."""
    square = var(a, *args, into=into, **options)
    found = root(real(square))
    if isinstance(square.space, Real):
        return found
    if square.ndim or into is not None:
        raise TypeError(f"deviations of several lines are not cast to {square.dtype}")
    return with_dtype(found, square.dtype)


# Where the extremes are


def extreme_place(op: Primitive, a: Value, axis: Any, keepdims: Any, skip: bool = False) -> Value:
    """np.argmax and its kin: discrete."""
    x = lifted(recorder_of(a), a)
    line = ravel(x) if axis is None or not x.ndim else x
    axes = axes_of(axis if axis is None else index(axis), x.ndim)
    place = normal_axis(axis, x.ndim) if len(axes) == 1 and x.ndim > 1 else 0
    found = op(line, axis=place, skip=skip and isinstance(x.space, Real))
    return kept(found, x.shape, axes) if truth(keepdims) else found


def _place_of(op: Primitive) -> Callable[..., Value]:
    def call(a: Value, axis: Any = None, *, keepdims: Any = False) -> Value:
        return extreme_place(op, a, axis, keepdims)

    return call


# Running sums and products


@dataclass(frozen=True)
class Run:
    """A running reduction: along an axis, and what it begins with."""

    along: Callable[[Traced, int], Traced]
    start: int

    def __call__(self, a: Value, axis: Any = None, dtype: Any = None, *, into: Any = None) -> Value:
        """As np.cumsum: flat unless an axis is named."""
        x = lifted(recorder_of(a), a)
        x = widened(x, added_in(x, dtype, into))
        if axis is None or (not x.ndim and axis in (0, -1)):
            x, axis = ravel(x), 0
        return self.along(x, normal_axis(axis, x.ndim))

    def cumulative(
        self,
        x: Value,
        /,
        *,
        axis: Any = None,
        dtype: Any = None,
        include_initial: Any = False,
        into: Any = None,
    ) -> Value:
        """As np.cumulative_sum."""
        array = lifted(recorder_of(x), x)
        if not array.ndim:
            array = reshape(array, shape=(1,))
        if axis is None and array.ndim > 1:
            raise ValueError("an array with more than one axis needs axis=")
        place = normal_axis(0 if axis is None else axis, array.ndim)
        found = self(array, place, dtype, into=into)
        if not include_initial:
            return found
        shape = tuple(1 if i == place else n for i, n in enumerate(found.shape))
        return concatenate([np.full(shape, self.start, found.dtype), found], place)


CUMSUM = Run(_in_its_dtype(lambda x, axis: arrays.cumsum(x, axis=axis, reverse=False)), 0)
CUMPROD = Run(_in_its_dtype(lambda x, axis: arrays.cumprod(x, axis=axis)), 1)

NAMES: dict[Any, Callable[..., Value]] = {
    np.sum: SUM,
    np.prod: PROD,
    **dict.fromkeys((np.max, np.amax), MAX.untyped),
    **dict.fromkeys((np.min, np.amin), MIN.untyped),
    np.any: ANY.of_truth,
    np.all: ALL.of_truth,
    np.ptp: ptp,
    np.count_nonzero: count_nonzero,
    np.mean: mean,
    np.var: var,
    np.std: std,
    np.argmax: _place_of(argmax),
    np.argmin: _place_of(argmin),
    np.cumsum: CUMSUM,
    np.cumprod: CUMPROD,
    **present(cumulative_sum=CUMSUM.cumulative, cumulative_prod=CUMPROD.cumulative),
}
