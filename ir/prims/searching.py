"""Where values fall among others in order: searches, bins, counts, and interpolation.

What is in order lies along an axis of its own; `lead` axes before it count the searches, and are
the first axes of what is looked for too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Join, Linear, Then
from cats.ir.primitive import Domain, Example, Primitive
from cats.ir.prims.algebra import add, div, mul, slope, sub
from cats.ir.prims.choice import (
    equal,
    greater,
    keep,
    less,
    logical_and,
    maximum,
    minimum,
    not_equal,
    select,
)
from cats.ir.prims.indexing import index
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import all_led, reshape
from cats.ir.prims.sorting import along, taking
from cats.ir.spaces import Discrete, Ground, Real, Value, size, space_of


def row_by_row(text: Callable[..., str], lead: int, shape: str, dtype: str, *args: str) -> str:
    """The operation on each row of the leading axes.

    >>> row_by_row("np.bincount({})".format, 1, "(2, 3)", "np.int64", "x")
    'np.array([np.bincount(x[_i]) for _i in np.ndindex(x.shape[:1])], np.int64).reshape((2, 3))'
    """
    each = text(*[f"{a}[_i]" for a in args])
    rows = f"[{each} for _i in np.ndindex({args[0]}.shape[:{lead}])]"
    return f"np.array({rows}, {dtype}).reshape({shape})"


def _in_order(a: Value, *rest: Value) -> tuple[Value, ...]:
    """Arguments of which the first is in order."""
    return np.sort(a, axis=-1), *rest


# Searches


def _search_space(a: Ground, v: Ground, *, lead: Natural) -> Ground:
    if len(a.shape) != lead + 1 or a.shape[:lead] != v.shape[:lead]:
        raise SpaceError(
            f"a search for {v} in {a}, which has not one axis",
            remedy="Search in a sorted array with one axis.",
        )
    return Discrete(v.shape)


def _sided_space(a: Ground, v: Ground, *, lead: Natural, side: Literal["left", "right"]) -> Ground:
    return _search_space(a, v, lead=lead)


def _digitize_space(a: Ground, v: Ground, *, lead: Natural, right: bool) -> Ground:
    return _search_space(a, v, lead=lead)


def _search(
    name: str,
    text: Callable[..., str],
    space: Callable[..., Ground],
    *options: dict[str, Any],
    helpers: str = "",
) -> Primitive:
    """Where the entries of the second argument fall in the first, which is in order.

    text     the search of two texts, and options
    space    of the result
    options  those it is tried with
    """

    def code(a: str, v: str, *, lead: int, **chosen: Any) -> str:
        if not lead:
            return text(a, v, **chosen)
        return row_by_row(partial(text, **chosen), lead, f"{v}.shape", "np.int64", a, v)

    def batch(a: Value, v: Value, *, batched: Sequence[bool], lead: int, **chosen: Any) -> Value:
        if not batched[0] and not lead:
            return op(a, v, lead=0, **chosen)
        return op(*all_led((a, v), batched), lead=lead + 1, **chosen)

    op = Primitive(
        name,
        code,
        space,
        work=lambda spaces, out, params: size(out) * int(spaces[0].shape[-1]).bit_length(),
        kinks=lambda a, v, *, lead, **chosen: not_equal(*_both_sides(a, v, lead)),
        batch=batch,
        helpers=helpers,
        home=__name__,
        domain=(Domain(), Domain()),
        examples=tuple(
            Example(spaces, tuple(sorted({"lead": lead, **chosen}.items())), _in_order)
            for spaces, lead in (
                ((Real((3,)), Real((2, 2))), 0),
                ((Real((4,)), Real(())), 0),
                ((Real((2, 3)), Real((2, 4))), 1),
            )
            for chosen in options
        ),
    )
    return op


def _both_sides(a: Value, v: Value, lead: int) -> tuple[Value, Value]:
    """How many entries are less, and how many are less or equal."""
    return searchsorted(a, v, side="left", lead=lead), searchsorted(a, v, side="right", lead=lead)


searchsorted: Primitive = _search(
    "searchsorted",
    lambda a, v, *, side: f"np.searchsorted({a}, {v}, {side!r})",
    _sided_space,
    {"side": "left"},
    {"side": "right"},
)
digitize = _search(
    "digitize",
    lambda a, v, *, right: f"np.digitize({v}, {a}, right={right})",
    _digitize_space,
    {"right": False},
    {"right": True},
)
binned = _search(
    "binned",
    lambda a, v: f"binned({a}, {v})",
    _search_space,
    {},
    helpers='''
def binned(edges, x):
    """The bin of each entry, as np.histogram counts: the last includes its end. -1 and the number
    of bins are outside. Raises ValueError if the edges do not increase.
    """
    if not np.all(edges[:-1] <= edges[1:]):
        raise ValueError("the edges of bins must be finite and increase")
    return np.searchsorted(edges, x, "right") - 1 - (x == edges[-1])
''',
)

# Counts


def _bincount_space(x: Ground, *, length: Natural, lead: Natural) -> Ground:
    if not isinstance(x, Discrete) or len(x.shape) != lead + 1:
        raise SpaceError(f"{x} does not hold integers along one axis, which can be counted")
    return Discrete((*x.shape[:lead], length))


def _bincount_text(x: str, *, length: int, lead: int) -> str:
    text = f"np.bincount({{}}, minlength={length})".format
    shape = f"(*{x}.shape[:{lead}], {length})"
    return row_by_row(text, lead, shape, "np.int64", x) if lead else text(x)


bincount: Primitive = Primitive(
    "bincount",
    _bincount_text,
    _bincount_space,
    work=lambda spaces, out, params: size(spaces[0]),
    batch=lambda x, *, batched, length, lead: bincount(x, length=length, lead=lead + 1),
    domain=(Domain(0, 2),),
    examples=(
        Example((Discrete((4,)),), (("lead", 0), ("length", 3))),
        Example((Discrete((2, 3)),), (("lead", 1), ("length", 4))),
    ),
)

Estimator = Literal["auto", "doane", "fd", "rice", "scott", "sqrt", "stone", "sturges"]
"""NumPy's rules for how many bins there are."""


def _bin_count_space(x: Ground, low: Ground, high: Ground, *, method: Estimator) -> Ground:
    return Discrete(())


bin_count = Primitive(
    "bin_count",
    "np.int64(len(np.histogram_bin_edges({0}, {method}, ({1}, {2}))) - 1)",
    _bin_count_space,
    work=lambda spaces, out, params: 2 * size(spaces[0]),
    domain=(Domain(), Domain(-3.0, -2.9), Domain(2.9, 3.0)),
    examples=(Example((Real((5,)), Real(()), Real(())), (("method", "sqrt"),)),),
)

# Interpolation


def _interp_space(x: Ground, xp: Ground, fp: Ground, *, lead: int) -> Ground:
    fits = xp == fp and len(xp.shape) == lead + 1 and xp.shape[:lead] == x.shape[:lead]
    if not fits or x.dtype != xp.dtype or (lead and len(x.shape) != lead + 1):
        raise SpaceError(
            f"an interpolation at {x} between knots in {xp} with values in {fp}",
            remedy="Give the knots and their values as two arrays with one axis of one length.",
        )
    if not xp.shape[-1]:
        raise SpaceError("an interpolation between no knots", remedy="Give at least one.")
    return x


def _interp_text(x: str, xp: str, fp: str, *, lead: int) -> str:
    if not lead:
        return f"np.interp({x}, {xp}, {fp}).astype({fp}.dtype, copy=False)"
    text = "np.interp({}, {}, {})".format
    return row_by_row(text, lead, f"{x}.shape", f"{fp}.dtype", x, xp, fp)


def _slopes(xp: Value, fp: Value, lead: int) -> Value:
    """The slopes between knots, by the number of knots before: 0 outside of the first and last."""
    inside = ((None, None, None),) * lead
    ahead, behind = (*inside, (1, None, None)), (*inside, (None, -1, None))
    step = sub(index(xp, key=ahead), index(xp, key=behind))
    rise = sub(index(fp, key=ahead), index(fp, key=behind))
    first = index(fp, key=(*inside, (None, 1, None)))
    zero = keep(less(first, first), first)
    return concatenate(zero, div(rise, _not_zero(step)), zero, axis=lead)


def _not_zero(x: Value) -> Value:
    return select(equal(x, 0.0), add(x, 1.0), x)


def _interp_rule(x: Value, xp: Value, fp: Value, *, out: Value, lead: int) -> Linear:
    """s (dx - dxp there) + dfp there, where `there` is between two knots, at a knot on it.

    At a knot s is the mean of the slopes on both sides; before the first and after the last knot
    it is 0.
    """
    last = space_of(xp).shape[-1] - 1
    left, right = _both_sides(xp, x, lead)
    slopes = _slopes(xp, fp, lead)
    s = mul(0.5, add(along(slopes, left, lead), along(slopes, right, lead)))
    here, ahead = maximum(sub(right, 1), 0), minimum(right, last)
    start = along(xp, here, lead)
    inside = logical_and(greater(right, 0), less(left, last + 1))
    step = _not_zero(sub(along(xp, ahead, lead), start))
    t = div(keep(inside, sub(x, start)), step)
    there = Then(taking(fp, here, lead), slope(sub(1.0, t), x)) + Then(
        taking(fp, ahead, lead), slope(t, x)
    )
    return Join((slope(s, x), -Then(there, slope(s, x)), there))


def _interp_batch(*args: Value, batched: Sequence[bool], lead: int) -> Value:
    if not (batched[1] or batched[2] or lead):
        return interp(*args, lead=0)
    x, xp, fp = all_led(args, batched)
    shape = space_of(x).shape
    if not lead:
        x = reshape(x, shape=(shape[0], int(np.prod(shape[1:]))))
    return reshape(interp(x, xp, fp, lead=lead + 1), shape=shape)


def _knots_in_order(x: Value, xp: Value, fp: Value) -> tuple[Value, ...]:
    return x, np.sort(xp, axis=-1), fp


interp: Primitive = Primitive(
    "interp",
    _interp_text,
    _interp_space,
    work=lambda spaces, out, params: size(out) * (4 + int(spaces[1].shape[-1]).bit_length()),
    linearise=_interp_rule,
    kinks=lambda x, xp, fp, *, lead: not_equal(*_both_sides(xp, x, lead)),
    batch=_interp_batch,
    examples=tuple(
        Example(spaces, (("lead", lead),), _knots_in_order)
        for spaces, lead in (
            ((Real((5,)), Real((3,)), Real((3,))), 0),
            ((Real((2, 2)), Real((4,)), Real((4,))), 0),
            ((Real(()), Real((2,)), Real((2,))), 0),
            ((Real((3,)), Real((1,)), Real((1,))), 0),
            ((Real((2, 3)), Real((2, 4)), Real((2, 4))), 1),
        )
    ),
)

FAMILY = (searchsorted, digitize, binned, bincount, bin_count, interp)
