"""Sorting, ranks, searches and sets: the laws of order, with ties and nan, in place and guarded.

A tie is decided as if of two equal entries the first were a little smaller: so the derivative at
ties is that of data a little apart, which has no ties.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.ir.prims import sorting
from cats.ir.prims.searching import bincount, interp, searchsorted
from cats.ir.spaces import INT, Discrete, R, Real
from cats.ir.wire import Builder
from tests.unit.cases_statistics import METHODS

Function = Callable[..., Any]
Array = np.ndarray[Any, Any]

INTERP: Any = np.interp
tied = st.lists(st.integers(-2, 2), min_size=1, max_size=9).map(lambda n: np.array(n, float))
holed = st.lists(st.sampled_from([0.0, 1.0, 2.0, np.nan]), min_size=1, max_size=9).map(np.array)


def apart(x: Array, step: float = 1e-4) -> Array:
    """The data with ties in order: of two equal entries the first is a little smaller."""
    found: Array = x + step * np.arange(x.size).reshape(x.shape)
    return found


# Sorted arrays


@given(tied)
def test_the_gradient_of_a_sorted_array_is_the_inverse_permutation(x: Array) -> None:
    weights = np.arange(1.0, x.size + 1)
    order = np.argsort(x, kind="stable")
    expected = np.empty_like(weights)
    expected[order] = weights
    for kind in (None, "stable", "heapsort"):
        found = cats.grad(lambda x, k=kind: np.sum(weights * np.sort(x, kind=k)))(x)
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(cats.jvp(np.sort, (x,), (weights,))[1], weights[order])
    square = cats.hvp(lambda x: np.sum(weights * np.sort(x) ** 2), (x,), (weights,))
    np.testing.assert_allclose(square, 2 * expected * weights)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, None])
def test_every_line_is_sorted_by_itself(axis: int | None) -> None:
    x = np.random.default_rng(0).integers(0, 3, (2, 3, 4)).astype(float)
    v = np.random.default_rng(1).normal(size=x.shape)
    order = np.argsort(x, axis=axis, kind="stable")
    lines, along = (x.ravel(), 0) if axis is None else (x, axis)
    moved = np.take_along_axis(v.reshape(lines.shape), order, along)
    value, push = cats.jvp(lambda x: np.sort(x, axis=axis), (x,), (v,))
    np.testing.assert_array_equal(value, np.sort(x, axis=axis))
    np.testing.assert_array_equal(push, moved)
    (pulled,) = cats.vjp(lambda x: np.sort(x, axis=axis), x)[1](moved)
    np.testing.assert_array_equal(pulled, v)


@given(holed)
def test_nan_stands_last_and_varies_alone(x: Array) -> None:
    value, push = cats.jvp(np.sort, (x,), (np.arange(1.0, x.size + 1),))
    np.testing.assert_array_equal(value, np.sort(x))
    np.testing.assert_array_equal(push, 1.0 + np.argsort(x, kind="stable"))


@given(tied, st.data())
def test_a_partition_moves_tangents_as_it_moves_entries(x: Array, data: Any) -> None:
    kth = data.draw(st.lists(st.integers(-x.size, x.size - 1), min_size=1, max_size=2))
    tangent = np.arange(x.size) / 8
    value, push = cats.jvp(lambda x: np.partition(x, kth), (x,), (tangent,))
    np.testing.assert_array_equal(value, np.partition(x, kth))
    places = (8 * push).astype(int)
    assert sorted(places) == list(range(x.size))
    np.testing.assert_array_equal(x[places], value)
    stable = np.argsort(x, kind="stable")
    for k in kth:
        assert places[k] == stable[k] or np.sum(x == value[k]) > 1
    total = cats.grad(lambda x: np.sum(np.partition(x, kth)))(x)
    np.testing.assert_array_equal(total, np.ones(x.size))


# Orders


@pytest.mark.parametrize("shape", [(6000,), (2, 5000), (4000, 2)])
@pytest.mark.parametrize("data", ["apart", "ties", "nan", "whole"])
def test_the_stable_order_of_much_data_is_numpys(shape: tuple[int, ...], data: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=shape)
    x = {"apart": x, "ties": np.round(x, 1), "whole": (9 * x).astype(int)}.get(data, x)
    if data == "nan":
        x = np.where(rng.random(shape) < 0.2, np.nan, np.round(x, 1))
    for axis in range(x.ndim):
        found = sorting.argsort(x, axis=axis, kind="stable")
        np.testing.assert_array_equal(found, np.argsort(x, axis=axis, kind="stable"))
        back = sorting.inverse(found, axis=axis)
        np.testing.assert_array_equal(back, np.argsort(found, axis=axis))


@pytest.mark.parametrize("n", [1, 7, 1000, 4000])
def test_entries_of_given_ranks_are_found_as_in_the_stable_order(n: int) -> None:
    rng = np.random.default_rng(n)
    for x in (
        rng.normal(size=(3, n)),
        rng.integers(0, 5, (3, n)),
        np.where(rng.random((3, n)) < 0.4, np.nan, rng.integers(0, 5, (3, n))),
    ):
        ranks = np.stack([rng.choice([0, n // 3, n // 2, n - 1], 4) for _ in range(3)])
        order = np.argsort(x, axis=1, kind="stable")
        found = sorting.ranked(x, ranks, axis=1, nans=False)
        np.testing.assert_array_equal(found, np.take_along_axis(order, ranks, 1))
        turned = sorting.ranked(x.T, ranks.T, axis=0, nans=False)
        np.testing.assert_array_equal(turned.T, found)
        first = sorting.ranked(x, ranks, axis=1, nans=True)
        holes = np.isnan(x)
        for i in range(3):
            place = holes[i].argmax() if holes[i].any() else found[i]
            np.testing.assert_array_equal(first[i], np.broadcast_to(place, 4))


@given(tied)
def test_an_order_is_numpys_and_does_not_vary(x: Array) -> None:
    for kind in (None, "stable", "heapsort"):
        found = cats.compile(lambda x, k=kind: np.argsort(x, kind=k))(x)
        np.testing.assert_array_equal(found, np.argsort(x, kind=kind))
    read = cats.grad(lambda x: np.sum(x[np.argsort(x)] * np.arange(x.size)))(x)
    expected = np.empty(x.size)
    expected[np.argsort(x)] = np.arange(x.size)
    np.testing.assert_array_equal(read, expected)
    keys = np.stack([x, -x % 2, x > 0])
    np.testing.assert_array_equal(cats.compile(lambda x: np.lexsort((x, -x % 2, x > 0)))(x),
                                  np.lexsort(keys))  # fmt: skip


# Ties


RANKED: dict[str, Function] = {
    "sort": lambda x: np.sum(np.sort(x) * np.arange(1.0, x.size + 1) ** 2),
    "median": np.median,
    "largest two": lambda x: np.sum(np.sort(x)[-2:] ** 2),
    "partition": lambda x: np.partition(x, x.size // 2)[x.size // 2] ** 2,
    **{m: lambda x, m=m: np.quantile(x, 0.37, method=m) for m in METHODS},
    "nanmedian": lambda x: np.nanmedian(np.append(x, np.nan)),
    "nanquantile": lambda x: np.nanquantile(np.append(np.nan, x), 0.63),
}


@pytest.mark.parametrize("name", RANKED)
@pytest.mark.parametrize(
    "x", [[1.0, 0, 1, 0, 1], [2.0, 2, 2, 2], [0.0, 1, 2, 1, 0, 1, 1, 0]], ids=str
)
def test_ties_are_those_of_data_a_little_apart(name: str, x: list[float]) -> None:
    f, at = RANKED[name], np.array(x)
    expected = cats.grad(f)(apart(at))
    np.testing.assert_allclose(cats.grad(f)(at), expected, atol=1e-2)
    np.testing.assert_allclose(cats.jacobian(f, mode="fwd")(at), expected, atol=1e-2)


def test_kinks_are_told_at_ties_and_nowhere_else() -> None:
    x, y = np.array([3.0, 1.0, 3.0, 2.0]), np.array([3.0, 1.0, 2.5, 2.0])
    for f, where in (
        (np.sort, [False, False, True, True]),
        (lambda x: np.partition(x, 2), [True, False, True, False]),
        (lambda x: x[np.argsort(x)], [True, False, True, False]),
        (lambda x: x[np.argmax(x)], [True, False, True, False]),
    ):
        (kink,) = cats.kinks(f, x)
        assert kink.entries == tuple((int(i),) for i in np.flatnonzero(where))
        assert not cats.kinks(f, y)
    assert not cats.kinks(np.median, y) and cats.kinks(lambda x: np.quantile(x, 0.7), x)
    assert not cats.kinks(lambda x: np.quantile(x, 0.3), x)
    for edge, count in ((2.0, 1), (2.2, 0)):
        found = cats.kinks(lambda x, e=edge: x * np.searchsorted([e, 5.0], x), y)
        assert len(found) == count


# In place


def test_an_argument_is_not_sorted_in_place_and_a_view_is_seen() -> None:
    x = np.array([[3.0, 1.0, 2.0], [0.5, 0.7, 0.1]])
    for write in (lambda a: a.sort(), lambda a: a.partition(1), lambda a: a[0].sort()):
        with pytest.raises(cats.CatsError, match="writing into an argument"):
            cats.compile(write)(x)

    def f(x: Any) -> Any:
        a = x * 1.0
        row, column = a[1], a[:, 0]
        row.sort()
        a[:1].partition(0, axis=0)
        return a * column[1] + row

    np.testing.assert_array_equal(cats.compile(f)(x), f(x))
    expected = np.array([[0.1, 0.5, 0.7], [0.1, 0.5, 0.7]])
    np.testing.assert_array_equal(cats.compile(lambda x: f(x) - f(x) + f(x))(x), f(x))
    assert np.allclose(f(x)[1], expected[1] * 0.1 + expected[1])


# Searches


@given(tied, tied)
def test_searches_are_numpys(x: Array, v: Array) -> None:
    ordered = np.sort(x)
    for side in ("left", "right"):
        found = cats.compile(lambda x, v, s=side: np.searchsorted(np.sort(x), v, side=s))(x, v)
        np.testing.assert_array_equal(found, np.searchsorted(ordered, v, side=side))
    for right in (False, True):
        for bins in (ordered, ordered[::-1]):
            found = cats.compile(lambda v, b, r=right: np.digitize(v, b, r))(v, bins)
            np.testing.assert_array_equal(found, np.digitize(v, bins, right))
    np.testing.assert_array_equal(cats.compile(np.isin)(x, v), np.isin(x, v))


def test_bins_out_of_order_are_refused_as_numpy_refuses_them() -> None:
    bins, x = np.array([1.0, 3.0, 2.0]), np.array([1.5])
    for f in (np.digitize, np.histogram):
        with pytest.raises(ValueError, match="increas"):
            cats.compile(lambda x, b, f=f: f(x, b))(x, bins)


# Sets: what comes out has a length that is observed


SETS: dict[str, Function] = {
    "unique": np.unique,
    "indices": lambda x: np.unique(x, return_index=True, return_counts=True),
    "inverse": lambda x: np.unique(x, return_inverse=True, equal_nan=False),
    "union": lambda x: np.union1d(x, [0.0, 5.0]),
    "intersection": lambda x: np.intersect1d(x, [0.0, 1.0, 5.0], return_indices=True),
    "difference": lambda x: np.setdiff1d(x, [0.0, 5.0]),
    "symmetric": lambda x: np.setxor1d(x, [0.0, 5.0]),
    "extract": lambda x: np.extract(x > 0, x),
    "argwhere": lambda x: np.argwhere(x),
    "trim": np.trim_zeros,
}


@pytest.mark.parametrize("name", SETS)
def test_a_length_that_changes_leads_to_another_path(name: str) -> None:
    f = SETS[name]
    compiled = cats.compile(f)
    for x in (
        [0.0, 2, 1, 0, 2],
        [0.0, 0, 0, 1, 0],
        [1.0, 2, 3, 4, 5],
        [0.0] * 5,
        [0.0, 2, 1, 0, 2],
    ):
        expected, found = f(np.array(x)), compiled(np.array(x))
        parts = zip(*(v if isinstance(v, tuple) else (v,) for v in (found, expected)), strict=True)
        for a, b in parts:
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@given(holed)
def test_unique_entries_are_numpys_and_vary_with_the_first_of_them(x: Array) -> None:
    values, first = np.unique(x, return_index=True)
    np.testing.assert_array_equal(cats.compile(np.unique)(x), values)
    push = cats.jvp(np.unique, (x,), (np.arange(1.0, x.size + 1),))[1]
    np.testing.assert_array_equal(push, first + 1.0)


def test_named_results_of_sets_keep_their_names() -> None:
    found = cats.compile(lambda x: np.unique_all(x).counts + np.unique_inverse(x).values.size)(
        np.array([1.0, 2.0, 1.0])
    )
    np.testing.assert_array_equal(found, [4, 3])


def test_helpers_that_operations_share_are_written_once() -> None:
    x = np.arange(5.0)
    text = cats.source(cats.grad(lambda x: np.median(x) * np.sum(np.sort(x) ** 2)), x)
    assert text.count("def stable_order(") == text.count("def ranked(") == 1
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    found = next(v for k, v in namespace.items() if k.startswith("grad_"))(x)
    np.testing.assert_allclose(found, [0.0, 4.0, 38.0, 12.0, 16.0])


# Spaces


WRONG: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (sorting.sort, (Real((3,)),), {"axis": 1}, "1 is not an axis of R[3]"),
    (sorting.argsort, (R,), {"axis": 0, "kind": None}, "0 is not an axis of R"),
    (sorting.flat_places, (INT,), {"axis": 0, "length": 2, "lead": 0}, "0 is not an axis of Int"),
    (sorting.inverse, (Real((3,)),), {"axis": 0}, "R[3] holds no places"),
    (sorting.ranked, (Real((3,)), INT), {"axis": 0, "nans": True}, "as many for each line"),
    (sorting.ranked, (Real((2, 3)), Discrete((1, 2))), {"axis": 1, "nans": True}, "are no ranks"),
    (sorting.partition, (Real((3,)),), {"axis": 0, "kth": (3,)}, "a partition at 3 of an axis"),
    (sorting.argmax, (Real((2, 0)),), {"axis": 1, "skip": False}, "there is none"),
    (searchsorted, (R, R), {"side": "left", "lead": 0}, "which has not one axis"),
    (searchsorted, (Real((2, 3)), Real((3,))), {"side": "left", "lead": 1}, "has not one axis"),
    (bincount, (Real((3,)),), {"length": 2, "lead": 0}, "R[3] does not hold integers"),
    (interp, (R, Real((2,)), Real((3,))), {"lead": 0}, "an interpolation at R between knots"),
    (interp, (R, Real((0,)), Real((0,))), {"lead": 0}, "an interpolation between no knots"),
]


@pytest.mark.parametrize(("op", "spaces", "params", "says"), WRONG)
def test_arguments_that_do_not_fit_are_refused_in_a_sentence(
    op: Any, spaces: tuple[Any, ...], params: dict[str, Any], says: str
) -> None:
    with pytest.raises(cats.SpaceError, match=re.escape(says)):
        op.space(*spaces, **params)


# The batch axis


def test_a_batch_shares_what_it_can() -> None:
    """One search in what all share; one sort of all lines; a row for each where knots differ."""
    rng = np.random.default_rng(0)
    a, v = np.sort(rng.normal(size=5)), rng.normal(size=(3, 4))
    builder = Builder([cats.Spec((5,)).space, cats.Spec((3, 4)).space])
    assert searchsorted.batch is not None and interp.batch is not None
    searchsorted.batch(*builder.wires, batched=(False, True), side="left", lead=0)
    assert [s.op for s in builder.steps] == [searchsorted]
    rows = np.sort(rng.normal(size=(3, 5)), axis=1)
    for have in itertools.product((True, False), repeat=3):
        if not any(have):
            continue
        args = [v if have[0] else v[0], rows if have[1] else a, rows**2 if have[2] else a**2]
        found = interp.batch(*args, batched=have, lead=0)
        for i in range(3):
            one: list[Any] = [x[i] if h else x for x, h in zip(args, have, strict=True)]
            np.testing.assert_array_equal(found[i], INTERP(*one))
    assert bincount(np.zeros((0, 3), int), length=2, lead=1).shape == (0, 2)
