"""Sorting, searching, sets, and what masks pick out: entries well apart, so that none meet."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.unit.cases_reductions import HOLES, M34, T234, V5, Row, spread

V7 = spread(7, seed=5)
KNOWN = np.array([0.3, -0.4, 0.9])
PART = np.array([0.1, 4.0, -0.2, 0.1])
FLAGS = np.array([True, False, True])
BIG = spread(230, seed=6)


def _sorted_in_place(x: Any) -> Any:
    a, b = x.copy(), np.array(x)
    a.sort()
    b.sort(axis=0)
    a[1].sort()
    return a * a + b


def _partitioned_in_place(x: Any) -> Any:
    a, b = x.copy(), x * 2
    a.partition(1)
    b.partition((0, 2), axis=0)
    return np.cumsum(a, 1) + b * b


def _known_in_place(x: Any) -> Any:
    a = np.array([3.0, 1.0, 2.0])
    a.sort()
    a.partition(1)
    return a * x[:3]


def _unique(x: Any) -> Any:
    twice = np.concatenate([x, x[:2]])
    values, first, inverse, counts = np.unique(twice, True, True, True)
    return values * counts + first, values[inverse] * twice


def _unique_all(x: Any) -> Any:
    found = np.unique_all(np.concatenate([x, x[1:3]]))
    return found.values * found.counts + x[found.indices] + found.inverse_indices[:5]


ROWS: list[Row] = [
    ("sort", lambda x: np.sort(x) ** 2 * np.arange(5), (V5,)),
    ("sort axes", lambda x: np.sort(x, axis=0) * np.sort(x, axis=-1), (M34,)),
    ("sort flat", lambda x: np.sort(x, axis=None) ** 2, (M34,)),
    ("sort middle axis", lambda x: np.sort(x, 1, kind="stable") ** 2, (T234,)),
    ("sort kinds", lambda x: np.sort(x, stable=True) * np.sort(x, kind="heapsort"), (V5,)),
    ("sort in place", _sorted_in_place, (M34,)),
    ("sort what is known", _known_in_place, (V5,)),
    ("sorted", lambda x: sorted(x)[1] * sorted(x, reverse=True)[1], (V5,)),
    ("sort nan", lambda x: np.sort(x, 0)[0] * np.sort(x)[:, 0].sum(), (HOLES,)),
    ("argsort", lambda x: x[np.argsort(x)] ** 2 + x.argsort(kind="stable"), (V5,)),
    ("argsort axis", lambda x: x * np.argsort(x, axis=0) + np.argsort(x, axis=None)[0], (M34,)),
    ("lexsort", lambda x, y: x[np.lexsort((x, y > 0.3))] * y, (V5, spread(5, seed=7))),
    ("lexsort of rows", lambda x: x * np.lexsort((x, x > 0.2), axis=0), (M34,)),
    ("partition", lambda x: np.partition(x, 2) ** 2, (V7,)),
    ("partition many", lambda x: np.partition(x, [0, -2], axis=0) ** 2, (M34,)),
    ("partition flat", lambda x: np.partition(x, (4,), axis=None) ** 2, (M34,)),
    ("partition in place", _partitioned_in_place, (M34,)),
    ("largest three", lambda x: np.sum(np.partition(x, -3)[-3:] ** 2), (BIG,)),
    ("argpartition", lambda x: x[np.argpartition(x, 3)] ** 2 + x.argpartition(1)[1], (V7,)),
    ("searchsorted", lambda x: x * np.searchsorted(np.sort(x), KNOWN).sum(), (V5,)),
    ("searchsorted values", lambda x: x * np.searchsorted(np.sort(KNOWN), x, side="right"), (V5,)),
    ("searchsorted method", lambda x: x * np.sort(x).searchsorted(0.2, "right"), (V5,)),
    ("searchsorted sorter", lambda x: x * np.searchsorted(x, 0.2, sorter=np.argsort(x)), (V5,)),
    ("digitize", lambda x: x * np.digitize(x, [-0.5, 0.0, 0.7]) * np.digitize(x, [1, 0, -1], True),
     (V5,)),
    ("digitize bins", lambda b: b * np.digitize(KNOWN, np.sort(b)).sum(), (V5,)),
    ("extract", lambda x: np.extract(x > 0, x) ** 2, (M34,)),
    ("compress", lambda x: np.compress(FLAGS, x, axis=0) ** 2, (M34,)),
    ("compress method", lambda x: x.compress(x[0] > 0, axis=1) * 2 + x.compress([0, 1])[0], (M34,)),
    ("argwhere", lambda x: x[tuple(np.argwhere(x > 0.5).T)] ** 2, (M34,)),
    ("flatnonzero", lambda x: np.ravel(x)[np.flatnonzero(x > 0.5)] * 2, (M34,)),
    ("trim_zeros", lambda x: np.trim_zeros(np.where(np.arange(5) % 4, x, 0.0)) ** 2, (V5,)),
    ("trim_zeros front", lambda x: np.trim_zeros(x * (np.arange(5) > 1), "f") * 3, (V5,)),
    ("unique", lambda x: np.unique(np.concatenate([x, x[:2]])) ** 2, (V5,)),
    ("unique all", _unique, (M34,)),
    ("unique of ties", lambda x: np.unique(x * x[0], return_counts=True)[0], (V5,)),
    ("unique rows", lambda x: np.unique(np.concatenate([x, x[:1]]), axis=0) ** 2, (M34,)),
    ("unique columns", lambda x: np.unique(x, axis=1, return_index=True)[0] * 2, (M34,)),
    ("unique_all", _unique_all, (V5,)),
    ("unique_counts", lambda x: (lambda u: u.values * u.counts)(np.unique_counts(x)), (V5,)),
    ("unique_inverse", lambda x: (lambda u: u.values[u.inverse_indices] * x)(
        np.unique_inverse(x)), (M34,)),
    ("unique_values", lambda x: np.sort(np.unique_values(x)) ** 2, (V5,)),
    ("union1d", lambda x: np.union1d(x, KNOWN) ** 2, (V5,)),
    ("intersect1d", lambda x: np.intersect1d(x, np.concatenate([x[1:3], [4.0]])) ** 2, (V5,)),
    ("intersect1d indices", lambda x: x * sum(i.sum() for i in np.intersect1d(
        x, np.concatenate([[4.0], x[1:3]]), return_indices=True)[1:]), (V5,)),
    ("intersect1d unique", lambda x: np.intersect1d(x, x[2:], assume_unique=True) * 2, (V5,)),
    ("setdiff1d", lambda x: np.setdiff1d(x, x[1:3]) * np.setdiff1d(x, x[1:3], True), (V5,)),
    ("setxor1d", lambda x: np.setxor1d(x, np.concatenate([x[1:3], [4.0]])) ** 2, (V5,)),
    ("isin", lambda x: x * np.isin(x, x[1:3]) + np.isin(x, [], invert=True), (V5,)),
    ("isin invert", lambda x: x * np.isin(x, PART, invert=True), (V5,)),
]  # fmt: skip
