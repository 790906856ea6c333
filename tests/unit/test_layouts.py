"""Every case of the surface on arrays as they may come: empty, alone, backwards, fixed, aliased.

The value is that of the function itself, and the two modes are one map: the law of the dot product.
What the function itself refuses, cats refuses.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

import cats
from cats.tree import flatten, unflatten
from tests.unit.surface_cases import CASES, Case
from tests.unit.test_surface import active, direction, leaves

Array = np.ndarray[Any, Any]


def _gapped(a: Array) -> Array:
    """The array, with gaps between its entries."""
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


def _fixed(a: Array) -> Array:
    """The array, which may not be written into."""
    made = a.copy()
    made.setflags(write=False)
    return made


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "backwards": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "columns first": np.asfortranarray,
    "gapped": _gapped,
    "read-only": _fixed,
    "empty": lambda a: a[:0],
    "rows empty": lambda a: a[..., :0],
    "alone": lambda a: a[:1],
    "zeros": lambda a: a * 0,
    "equal": lambda a: a * 0 + 0.5,
}
ALL = list(itertools.product(LAYOUTS, range(len(CASES))))
IN_CI = 500
LENIENT = {
    "put", "nditer", "nditer of two", "piecewise alone", "nanquantile weights", "tensorinv",
    "tensorinv 1", "sp eigh b", "average",
}  # fmt: skip
"""What NumPy cannot do of nothing, or of what is fixed, and a trace can."""
LOOSE = {"sp eigh b", "sp eigh by value"}
"""Whose value is any basis where eigenvalues are equal."""


def laid(layout: str, case: Case) -> tuple[Any, ...]:
    """The arguments in a layout; numbers as they are."""
    return tuple(
        LAYOUTS[layout](a) if isinstance(a, np.ndarray) and a.ndim and a.dtype.kind == "f" else a
        for a in case.args
    )


def compare(case: Case, args: tuple[Any, ...]) -> None:
    """Value and law, or an error where NumPy has one."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            expected = case.f(*args)
        except Exception:
            if case.name in LENIENT:
                return
            with pytest.raises(Exception):  # noqa: B017
                cats.compile(case.f)(*args)
            return
        try:
            found = cats.compile(case.f)(*args)
        except (cats.CatsError, np.linalg.LinAlgError):
            return
        if case.name in LOOSE:
            return
        for a, b in zip(leaves(found), leaves(expected), strict=True):
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
        if all(a.dtype.kind == "f" and np.all(np.isfinite(a)) for a in leaves(expected)):
            both_modes(case, args)


def _weights(a: Array) -> Array:
    """Numbers in the shape of the array; zeros where it does not vary."""
    varies = a.dtype.kind == "f"
    return np.asarray(varies * np.cos(1.0 + np.arange(a.size))).reshape(a.shape)


def both_modes(case: Case, args: tuple[Any, ...]) -> None:
    """The law of the dot product, where both sides are finite; else neither is."""
    along = direction(args, 1)
    try:
        out, push = cats.jvp(case.f, args, along)
        pull = cats.vjp(case.f, *args)[1]
    except (cats.CatsError, np.linalg.LinAlgError):
        return
    weights = unflatten(flatten(out)[1], [_weights(v) for v in leaves(out)])
    pulled = pull(weights)
    left = sum(np.vdot(w, p) for w, p in zip(leaves(weights), leaves(push), strict=True))
    right = sum(np.vdot(pulled[i], along[i]) for i in active(case))
    assert np.isfinite(left) == np.isfinite(right)
    if np.isfinite(left):
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9)


def named(pair: tuple[str, int]) -> str:
    """How a pair is written."""
    return f"{pair[0]} {pair[1]} {CASES[pair[1]].name}"


@pytest.mark.parametrize("pair", Random(7).sample(ALL, IN_CI), ids=named)
def test_a_sample_of_cases_in_layouts(pair: tuple[str, int]) -> None:
    compare(CASES[pair[1]], laid(pair[0], CASES[pair[1]]))


@pytest.mark.slow
@pytest.mark.parametrize("pair", ALL, ids=named)
def test_every_case_in_every_layout(pair: tuple[str, int]) -> None:
    compare(CASES[pair[1]], laid(pair[0], CASES[pair[1]]))


ALIASED = [case for case in CASES if len({np.shape(a) for a in case.args}) < len(case.args)]


@pytest.mark.parametrize("case", ALIASED, ids=lambda c: c.name)
def test_one_array_in_two_places(case: Case) -> None:
    """Where two arguments have one shape, one array stands for both."""
    first: dict[Any, Any] = {}
    args = tuple(first.setdefault((np.shape(a), np.asarray(a).dtype), a) for a in case.args)
    compare(case, args)
