"""Meanings along axes: orders, searches, counts and windows, entry by entry and without NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.prims.contraction import parts_of
from cats.ir.spaces import Shape
from tests.oracles.numbers import Array, mpf

Line = list[Any]


def along(f: Callable[..., Sequence[Any]], axis: int, *xs: Array) -> Array:
    """f of the lines of the arrays along one axis; all lines it gives are of one length."""
    first = xs[0].shape
    lines = [*first[:axis], *first[axis + 1 :]]
    given = [np.moveaxis(x, axis, -1) for x in xs]
    rows = {place: f(*[list(x[place]) for x in given]) for place in np.ndindex(*lines)}
    some = [[mpf(0)] * x.shape[-1] for x in given]
    length = len(next(iter(rows.values())) if rows else f(*some))
    found = np.empty((*lines, length), object)
    for place, row in rows.items():
        for i, value in enumerate(row):
            found[(*place, i)] = value
    return np.moveaxis(found, -1, axis)


# Orders


def order(line: Line) -> list[int]:
    """The places in order, equal entries as they came."""
    return sorted(range(len(line)), key=lambda i: line[i])


def _ranked(x: Array, ranks: Array, *, axis: int, nans: bool) -> Array:
    return along(lambda line, wanted: [order(line)[int(r)] for r in wanted], axis, x, ranks)


def _flat_places(places: Array, *, axis: int, length: int, lead: int) -> Array:
    """The number of each place among all entries, those of the leading axes not counted."""
    shape = [*places.shape[:axis], length, *places.shape[axis + 1 :]]
    found = np.empty(places.shape, object)
    for at in np.ndindex(*places.shape):
        number = 0
        for i in range(lead, len(shape)):
            number = number * shape[i] + (int(places[at]) if i == axis else at[i])
        found[at] = number
    return found


# Searches: the first argument is in order, one for each place of the leading axes


def _by_lead(f: Callable[..., Any], lead: int, v: Array, *lines: Array) -> Array:
    """f of each entry of v, and of the lines that go with it."""
    found = np.empty(v.shape, object)
    for place in np.ndindex(*v.shape):
        found[place] = f(v[place], *[list(x[place[:lead]]) for x in lines])
    return found


def _before(value: Any, line: Line) -> int:
    return sum(bool(x < value) for x in line)


def _up_to(value: Any, line: Line) -> int:
    return sum(bool(x <= value) for x in line)


def _searchsorted(a: Array, v: Array, *, side: str, lead: int) -> Array:
    return _by_lead(_before if side == "left" else _up_to, lead, v, a)


def _digitize(a: Array, v: Array, *, right: bool, lead: int) -> Array:
    return _by_lead(_before if right else _up_to, lead, v, a)


def _binned(edges: Array, v: Array, *, lead: int) -> Array:
    """The bin; the last one includes its end."""
    return _by_lead(lambda x, e: _up_to(x, e) - 1 - int(x == e[-1]), lead, v, edges)


def _bincount(x: Array, *, length: int, lead: int) -> Array:
    return along(lambda line: [line.count(k) for k in range(length)], lead, x)


def _interp(x: Array, xp: Array, fp: Array, *, lead: int) -> Array:
    """On the straight line between two knots; beyond them all the value of the last one."""

    def at(x: Any, knots: Line, values: Line) -> Any:
        i = _up_to(x, knots)
        if i == 0 or i == len(knots):
            return values[max(i - 1, 0)]
        part = (x - knots[i - 1]) / (knots[i] - knots[i - 1])
        return values[i - 1] + part * (values[i] - values[i - 1])

    return _by_lead(at, lead, x, xp, fp)


# Places


def _nonzero(mask: Array, *, count: int, rank: int) -> tuple[Array, ...]:
    """The first places that are not zero, then 0."""
    places = [place for place in np.ndindex(*mask.shape) if mask[place]][:count]
    places += [(0,) * rank] * (count - len(places))
    return tuple([np.array([p[i] for p in places], np.int64) for i in range(rank)])


# Windows


def _windows(x: Array, *, axis: int, at: int, length: int) -> Array:
    shape = list(x.shape)
    shape[axis] += 1 - length
    shape.insert(at, length)
    found = np.empty(shape, object)
    for place in np.ndindex(*shape):
        found[place] = x[_under(place, axis, at)]
    return found


def _overlapped(w: Array, *, axis: int, at: int) -> Array:
    shape = list(w.shape)
    length = shape.pop(at)
    shape[axis] += length - 1
    found = np.full(shape, mpf(0), object)
    for place in np.ndindex(*w.shape):
        under = _under(place, axis, at)
        found[under] = found[under] + w[place]
    return found


def _under(place: Shape, axis: int, at: int) -> Shape:
    """The place in the array of an entry of a window."""
    moved = list(place)
    inside = moved.pop(at)
    moved[axis] += inside
    return tuple(moved)


def _convolve(a: Array, b: Array, *, spec: str) -> Array:
    """The sum over all places with z = x + y, every product made and added."""
    operands, out = parts_of(spec)
    sizes = {
        letter: n
        for part, given in zip(operands, (a, b), strict=True)
        for letter, n in zip(part, given.shape, strict=True)
    }
    if "z" not in sizes:
        sizes["z"] = sizes["x"] + sizes["y"] - 1
    for one, other in (("x", "y"), ("y", "x")):
        if one not in sizes:
            sizes[one] = sizes["z"] - sizes[other] + 1
    letters = list(sizes)
    found = np.full(tuple([sizes[c] for c in out]), mpf(0), object)
    for place in itertools.product(*[range(sizes[c]) for c in letters]):
        at = dict(zip(letters, place, strict=True))
        if at["z"] == at["x"] + at["y"]:
            left, right, to = [tuple([at[c] for c in part]) for part in (*operands, out)]
            found[to] = found[to] + a[left] * b[right]
    return found


ENTRIES: dict[str, Callable[..., Any]] = {
    "sort": lambda x, *, axis: along(sorted, axis, x),
    "argsort": lambda x, *, axis, kind: along(order, axis, x),
    "inverse": lambda x, *, axis: along(order, axis, x),
    "ranked": _ranked,
    "flat_places": _flat_places,
    "searchsorted": _searchsorted,
    "digitize": _digitize,
    "binned": _binned,
    "bincount": _bincount,
    "interp": _interp,
    "nonzero": _nonzero,
    "windows": _windows,
    "overlapped": _overlapped,
    "convolve": _convolve,
}
