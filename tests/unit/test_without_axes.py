"""Without axes a value is an array exactly where NumPy's is, and a scalar where NumPy's is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats

X = np.array([1.0, 2.0, 3.0])
M = np.array([[1.0, 2.0], [3.0, 4.0]])

MAKERS: list[Callable[[Any], Any]] = [
    lambda x: np.where(x > 0, x, 0.0),
    lambda x: np.select([x > 0], [x], 0.0),
    lambda x: np.reshape(x, ()),
    lambda x: np.full((), x),
    lambda x: np.full_like(x, x),
    np.transpose,
    lambda x: np.roll(x, 1),
    np.block,
    lambda x: np.apply_along_axis(np.sum, 0, X * x),
    lambda x: np.cov(X * x),
    lambda x: np.corrcoef(X * x),
    lambda x: np.tensordot(X * x, X, 1),
    lambda x: np.einsum("i,i", X * x, X),
    lambda x: np.broadcast_to(x, ()),
    lambda x: np.broadcast_to(x, ()).copy(),
    np.array,
    np.asarray,
    np.copy,
    lambda x: np.array(x).copy(),
    lambda x: np.array(x).astype(float),
    lambda x: np.array(x).astype(np.float32),
    lambda x: np.array(x).view(),
    lambda x: np.array(x).reshape(()),
    lambda x: np.array(x).T,
    lambda x: np.array(x)[()],
    lambda x: np.array(x)[...],
    lambda x: np.array(x).sum(),
    lambda x: np.array(x).clip(0, 5),
    lambda x: np.array(x) + 1.0,
    lambda x: (X * x)[0].copy(),
    lambda x: (X[:1] * x).squeeze(),
    lambda x: (X * x)[1, ...],
    lambda x: np.take(X * x, np.array(1)),
    np.flip,
    np.squeeze,
    lambda x: np.vectorize(lambda t: t * 2)(x),
    lambda x: np.resize(x, ()),
    lambda x: np.tile(x, ()),
    lambda x: np.zeros_like(x),
    lambda x: np.piecewise(x, [x > 0], [lambda t: t, lambda t: -t]),
    lambda x: np.linalg.det(M * x),
    lambda x: np.interp(x, X, X),
    lambda x: np.i0(x),
]


@pytest.mark.parametrize("number", range(len(MAKERS)))
def test_it_is_an_array_where_numpys_is(number: int) -> None:
    make = MAKERS[number]

    def kind(x: Any) -> Any:
        return x * 0.0 + (1.0 if isinstance(make(x), np.ndarray) else 2.0)

    for x in (2.0, np.float64(2.0), np.array(2.0)):
        assert cats.compile(kind)(x) == kind(x), (number, type(x))


def alias(x: Any) -> Any:
    total = np.where(x > 0, x, 0.0)
    other = total
    other *= 3.0
    return total + 0.0


def entry(x: Any) -> Any:
    a = np.where(x > 0, x, 0.0)
    a[...] = x * x
    return a * 1.0


def test_what_is_written_into_an_array_without_axes_is_seen_by_its_names() -> None:
    assert cats.value_and_grad(alias)(2.0) == (alias(2.0), 3.0)
    assert cats.value_and_grad(entry)(2.0) == (entry(2.0), 4.0)
