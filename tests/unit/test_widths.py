"""Functions that mix float32 and float64: one derivative in every mode, in the argument's width."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats

A = np.array([[1.0, -2.0, 0.5], [0.25, 1.5, -1.0], [2.0, 0.0, 1.0], [-0.5, 1.0, 3.0]])
B = A.astype(np.float32)
Y = np.array([0.5, -1.0, 2.0, 0.25])
AT = np.array([0.5, -0.25, 1.5])

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "matrix": lambda w: A @ w,
    "layer": lambda w: np.tanh(A @ w),
    "loss": lambda w: np.mean((A @ w - Y) ** 2),
    "narrow matrix": lambda w: np.tanh(B @ w) * Y,
    "there and back": lambda w: (w.astype(np.float32) * 2).astype(np.float64) * w,
    "narrowed": lambda w: np.sin(w[[0, 2]].astype(np.float32)),
    "one entry": lambda w: w[0] * np.ones(3),
    "a number": lambda w: w * np.float64(2.5),
    "scalar": lambda w: math.sin(w[0]) * np.exp(w[1]),
    "convolved": lambda w: np.convolve(w, [1.0, 2.0]),
    "outer": lambda w: np.multiply.outer(w, [1.0, 2.0]),
    "wide mean": lambda w: np.mean(w * w, dtype=np.float64) * w,
    "reordered": lambda w: (w[::-1] * np.float64(3.0))[[2, 0, 1, 1]],
    "chosen": lambda w: np.where(w > 0, w.astype(np.float64), 0.5 * A[0]) ** 2,
    "sandwich": lambda w: A @ np.outer(w, w) @ B.T,
    "transposed": lambda w: (np.outer(w, Y).T.astype(np.float32) @ A.T).T,
    "looped": lambda w: cats.scan(lambda c, r: (c * r, c + A[0]), w.astype(np.float64), w)[1],
    "interpolated": lambda w: np.interp(w, [-1.0, 0.0, 2.0], [0.0, 1.0, 5.0]),
    "summed": lambda w: np.cumsum(w, dtype=np.float64)[1:] + w[:2],
}

MODES: dict[str, Callable[[Any], Any]] = {
    "fwd": cats.jacfwd,
    "rev": cats.jacrev,
    "auto": cats.jacobian,
    "fwd in chunks": lambda f: cats.jacfwd(f, chunk=2),
    "rev in chunks": lambda f: cats.jacrev(f, chunk=2),
    "columns": lambda f: lambda w: np.stack([cats.jvp(f, (w,), (e,))[1] for e in _units(w)], -1),
    "mapped": lambda f: lambda w: cats.vmap(cats.jacfwd(f))(w[None])[0],
}


def _units(w: Any) -> Any:
    return np.eye(len(w), dtype=w.dtype)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_jacobian_has_the_width_of_the_argument(name: str) -> None:
    f = FUNCTIONS[name]
    exactly = cats.jacrev(lambda w: f(w) * np.float64(1))(AT)
    for dtype, (mode, jacobian) in itertools.product(("float32", "float64"), MODES.items()):
        found = jacobian(f)(AT.astype(dtype))
        np.testing.assert_allclose(found, exactly, rtol=2e-5, atol=2e-5, err_msg=mode)
        if mode != "columns":
            assert found.dtype == dtype, mode


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_hessian_has_the_width_of_the_argument(name: str) -> None:
    f = FUNCTIONS[name]
    wide = cats.hessian(lambda w: np.sum(f(w) * np.float64(1)))(AT)
    found = cats.hessian(lambda w: np.sum(f(w)))(AT.astype(np.float32))
    np.testing.assert_allclose(found, wide, rtol=5e-5, atol=5e-5)
    assert found.dtype == np.float32
    batch = cats.vmap(cats.hessian(lambda w: np.sum(f(w))))(AT.astype(np.float32)[None])
    np.testing.assert_array_equal(batch[0], found)


SWAPPED = np.array([1.0, 2.0]).astype(np.dtype(float).newbyteorder())
MANY = np.arange(5000.0).astype(SWAPPED.dtype)
ORDERS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "captured": (lambda x: np.sum(x * SWAPPED), np.ones(2)),
    "captured, read anew": (lambda x: np.sum(x * MANY), np.ones(5000)),
    "given": (lambda x: np.sum(np.sin(x)), SWAPPED),
    "given, narrow": (lambda x: np.sum(x * x), SWAPPED.astype(np.dtype("f4").newbyteorder())),
    "given without axes": (lambda x: x * x * SWAPPED[0], SWAPPED[:1].reshape(())),
    "given and handed out": (lambda x: x[0], SWAPPED),
    "made inside": (lambda x: np.sum(x * np.array([1, 2], SWAPPED.dtype)), np.ones(2)),
}
"""Arrays that lie in memory in the other order of bytes."""


@pytest.mark.parametrize("name", ORDERS)
def test_the_other_order_of_bytes_is_that_of_the_machine(name: str) -> None:
    f, x = ORDERS[name]
    plain = x.astype(x.dtype.newbyteorder("="))
    for backend in (cats.OnNumpy(), cats.OnNumexpr(), cats.OnSource()):
        found, expected = (cats.grad(f, backend=backend)(v) for v in (x, plain))
        assert found.dtype.isnative and found.dtype == plain.dtype
        np.testing.assert_array_equal(found, expected)
    value, pull = cats.vjp(f, x)
    made = (value, pull(value)[0], cats.jvp(f, (x,), (x,))[1], cats.compile(f)(x))
    assert all(v.dtype.isnative for v in made)
    exec(cats.source(f, x), {})
