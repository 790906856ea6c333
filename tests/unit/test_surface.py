"""Plain NumPy functions mean what NumPy says, and have the derivatives they should, in every mode.

For each case: the value, bit for bit in shape and dtype; forward mode against central
differences; reverse against forward by the law of the dot product; the Jacobian in both modes; the
second derivative against differences of the first.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import cats
from cats.surface import NAMES, SPEECH
from cats.tree import flatten, unflatten
from tests.unit.surface_cases import CASES, Case

STEP = 1e-6
IDS = [f"{i} {c.name}" for i, c in enumerate(CASES)]


def leaves(value: Any) -> list[Any]:
    """The arrays of a result."""
    if isinstance(value, np.generic | int):
        return [np.asarray(value)]
    return [np.asarray(v) for v in flatten(value)[0]]


def active(case: Case) -> tuple[int, ...]:
    """The real arguments."""
    return tuple(i for i, a in enumerate(case.args) if np.asarray(a).dtype.kind == "f")


def direction(args: Sequence[Any], seed: int) -> tuple[Any, ...]:
    """A tangent for each argument, None for the integer ones."""
    draw = np.random.default_rng(seed)
    return tuple(
        draw.uniform(-1, 1, np.shape(a)) if np.asarray(a).dtype.kind == "f" else None for a in args
    )


def moved(args: Sequence[Any], along: Sequence[Any], step: float) -> tuple[Any, ...]:
    """The arguments a step further."""
    return tuple(a if d is None else a + step * d for a, d in zip(args, along, strict=True))


def difference(f: Callable[..., Any], args: Sequence[Any], along: Sequence[Any]) -> list[Any]:
    """Central differences of the real results."""
    ahead, behind = leaves(f(*moved(args, along, STEP))), leaves(f(*moved(args, along, -STEP)))
    return [(a - b) / (2 * STEP) for a, b in zip(ahead, behind, strict=True) if a.dtype.kind == "f"]


def close(found: Sequence[Any], expected: Sequence[Any], rtol: float = 1e-6) -> None:
    """All leaves agree, relative to the largest number about."""
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale)


def weighted(case: Case) -> Callable[..., Any]:
    """A scalar function that depends on every result."""

    def scalar(*args: Any) -> Any:
        parts = flatten(case.f(*args))[0]
        return sum(np.sum(np.sin(0.3 * p + 0.1 * i)) for i, p in enumerate(parts))

    return scalar


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_values_are_numpys(case: Case) -> None:
    expected, found = case.f(*case.args), cats.compile(case.f)(*case.args)
    assert type(found) is type(expected) or isinstance(found, np.ndarray | np.generic)
    for a, b in zip(leaves(found), leaves(expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


def varying(result: Any) -> Any:
    """The result as a cotangent: None in place of whole numbers and truth values."""
    found, tree = flatten(result, lambda value: False)
    return unflatten(tree, [v if np.asarray(v).dtype.kind == "f" else None for v in found])


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_dtypes_of_single_precision_are_numpys(case: Case) -> None:
    args = tuple(
        np.asarray(a, np.float32)[()] if np.asarray(a).dtype.kind == "f" else a for a in case.args
    )
    expected, found = case.f(*args), cats.compile(case.f)(*args)
    for a, b in zip(leaves(found), leaves(expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)
    pulled = cats.vjp(case.f, *args)[1](varying(expected))
    for slope, given in zip(pulled, args, strict=True):
        assert slope is None or slope.dtype == np.float32 == np.asarray(given).dtype


COUNTS = np.array([[3, 1, 2], [4, 6, 5]])
WHOLE: list[Callable[[Any], Any]] = [
    lambda n: n + 1, lambda n: n - n[0], lambda n: n * 2, lambda n: n / 2, lambda n: n // 2,
    lambda n: n % 3, lambda n: n**2, lambda n: 2**n, lambda n: 2.0**n, lambda n: n**0.5,
    lambda n: -n, lambda n: abs(n - 3), lambda n: n > 2, lambda n: n == 3, lambda n: np.sum(n),
    lambda n: np.sum(n, 0), lambda n: np.mean(n), lambda n: np.prod(n), lambda n: np.max(n, 1),
    lambda n: np.min(n), lambda n: np.cumsum(n), lambda n: np.sin(n), lambda n: np.sqrt(n),
    lambda n: np.std(n), lambda n: n @ n.T, lambda n: np.dot(n, np.arange(3)), lambda n: n.T,
    lambda n: np.concatenate([n, n]), lambda n: np.stack([n, n + 0.5]), lambda n: n[::-1, 1],
    lambda n: np.where(n > 2, n, 0), lambda n: np.where(n > 2, n, 0.5), lambda n: np.clip(n, 2, 4),
    lambda n: np.maximum(n, 3), lambda n: n.astype(float), lambda n: n.astype("f4"),
    lambda n: np.linalg.norm(n), lambda n: np.einsum("ij->i", n), lambda n: np.outer(n[0], n[1]),
    lambda n: divmod(n, 4), lambda n: np.sign(n - 3), lambda n: np.floor(n), lambda n: n[n[0] % 2],
    lambda n: np.any(n > 5), lambda n: np.all(n > 5, axis=0), lambda n: np.sum(n > 2),
    lambda n: n.reshape(3, 2), lambda n: np.diff(n), lambda n: np.take(n, [0]), lambda n: n * 0.5,
    lambda n: np.square(n), lambda n: np.trace(n), lambda n: np.tensordot(n, n), lambda n: n.var(),
    lambda n: np.inner(n, n), lambda n: np.vdot(n, n), lambda n: np.round(n), lambda n: np.exp2(n),
    lambda n: np.cumprod(n), lambda n: n * np.float32(2), lambda n: n + np.int8(1),
    lambda n: np.power(n, 3), lambda n: np.power(n, 3.0), lambda n: np.float_power(n, 2),
    lambda n: np.isfinite(n), lambda n: np.logical_not(n - 3), lambda n: np.arctan2(n, 2),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["i8", "i4", "u1"])
def test_whole_numbers_compute_as_numpys(dtype: str) -> None:
    given, half = COUNTS.astype(dtype), 0
    for number, f in enumerate(WHOLE):
        expected = leaves(f(given))
        if any(b.dtype == np.float16 for b in expected):  # which is in no space of cats
            half += 1
            continue
        for a, b in zip(leaves(cats.compile(f)(given)), expected, strict=True):
            assert (a.shape, a.dtype) == (b.shape, b.dtype), number
            rtol = 1e-6 if b.dtype.itemsize <= 4 else 1e-13
            np.testing.assert_allclose(a, b, rtol=rtol, err_msg=str(number))
    assert half <= (4 if dtype == "u1" else 0)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_derivatives(case: Case) -> None:
    along = direction(case.args, 1)
    value, push = cats.jvp(case.f, case.args, along)
    close(leaves(value), leaves(case.f(*case.args)), 1e-12)
    pushed = leaves(push)
    close(pushed, difference(case.f, case.args, along))
    out, pull = cats.vjp(case.f, *case.args)
    weights = varying(unflatten(flatten(out)[1], [np.cos(1.0 + v) for v in leaves(out)]))
    pulled = pull(weights)
    for i in active(case):
        assert pulled[i].shape == np.shape(case.args[i])
        assert pulled[i].dtype == np.asarray(case.args[i]).dtype
    left = sum(np.vdot(w, p) for w, p in zip(leaves(weights), pushed, strict=True))
    right = sum(np.vdot(pulled[i], along[i]) for i in active(case))
    np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_jacobians_in_both_modes(case: Case) -> None:
    along, numbers = direction(case.args, 2), active(case)
    expected = leaves(cats.jvp(case.f, case.args, along)[1])
    for mode in ("fwd", "rev"):
        found = leaves(cats.jacobian(case.f, numbers, mode=mode)(*case.args))
        blocks = [found[k : k + len(numbers)] for k in range(0, len(found), len(numbers))]
        for row, goal in zip(blocks, expected, strict=True):
            total = sum(
                np.tensordot(block, along[i], axes=np.ndim(along[i]))
                for block, i in zip(row, numbers, strict=True)
            )
            close([total], [goal], 1e-10)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_second_derivatives(case: Case) -> None:
    f, numbers = weighted(case), active(case)
    slopes = cats.grad(f, numbers)
    along = direction(case.args, 3)
    expected = difference(slopes, case.args, along)
    close(leaves(cats.jvp(slopes, case.args, along)[1]), expected, 1e-5)
    flat = cats.vjp(slopes, *case.args)[1](tuple(along[i] for i in numbers))
    close([flat[i] for i in numbers], expected, 1e-5)


class Watched(dict[Any, Any]):
    """A table that notes what was looked up."""

    def __init__(self, table: dict[Any, Any]) -> None:
        super().__init__(table)
        self.seen: set[Any] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)


def test_every_name_has_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(NAMES)
    speech = dataclasses.replace(SPEECH, names=watched)
    monkeypatch.setattr(importlib.import_module("cats.trace"), "SPEECH", speech)
    for case in CASES:
        cats.trace(case.f, *case.args)
    assert set(NAMES) - watched.seen == set()
