"""Functions that are called and not traced, with derivatives that are said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cats

Array = Any
RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=3), RNG.normal(size=3)
MATRIX = RNG.normal(size=(2, 3))


def test_a_primitive_sees_arrays_and_has_the_derivatives_of_its_rule() -> None:
    seen: list[type] = []

    def outside(x: Array, y: Array) -> Array:
        seen.append(type(x))
        return np.sin(x) * y

    box = cats.primitive(outside)
    box.defjvp(
        lambda p, t: (box(*p), np.cos(p[0]) * p[1] * t[0] + np.sin(p[0]) * t[1]),
    )

    def ours(x: Array, y: Array) -> Array:
        return np.sum(box(x, y) ** 2)

    def plain(x: Array, y: Array) -> Array:
        return np.sum((np.sin(x) * y) ** 2)

    for i in (0, 1):
        for transform in (cats.grad, cats.jacfwd, cats.jacrev, cats.hessian):
            one, other = transform(ours, i)(X, Y), transform(plain, i)(X, Y)
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)
    batch = np.stack([X, Y])
    np.testing.assert_allclose(
        cats.vmap(cats.grad(ours))(batch, batch), cats.vmap(cats.grad(plain))(batch, batch)
    )
    assert set(seen) <= {np.ndarray, np.float64}


def test_a_linear_primitive_in_every_mode() -> None:
    box = cats.linear_primitive(
        lambda v: MATRIX @ v, lambda w: MATRIX.T @ w, like=lambda s: cats.Spec((2,), s.dtype)
    )
    for jacobian in (cats.jacobian, cats.jacfwd, cats.jacrev):
        np.testing.assert_allclose(jacobian(box)(X), MATRIX, rtol=1e-14)

    def ours(x: Array) -> Array:
        return np.sum(np.sin(box(x * x)))

    def plain(x: Array) -> Array:
        return np.sum(np.sin(MATRIX @ (x * x)))

    for transform in (cats.grad, cats.hessian, lambda f: cats.vmap(f)):
        at = np.stack([X, Y]) if transform not in (cats.grad, cats.hessian) else X
        np.testing.assert_allclose(transform(ours)(at), transform(plain)(at), rtol=1e-12)
    moved = cats.jvp(ours, (X,), (Y,))[1]
    assert moved == pytest.approx(cats.jvp(plain, (X,), (Y,))[1], rel=1e-12)
    (back,) = cats.linear_transpose(box, X)(np.ones(2))
    np.testing.assert_allclose(back, MATRIX.T @ np.ones(2))


def test_arguments_of_a_primitive_are_those_of_its_function() -> None:
    scaled = cats.primitive(lambda x, k=2.0: x * k)
    scaled.defvjp(lambda x, k: (scaled(x, k), (x, k)), lambda r, ct: (ct * r[1], ct * r[0]))
    assert cats.grad(lambda x: scaled(x))(3.0) == 2.0
    assert cats.grad(lambda x: scaled(x, k=5.0))(3.0) == 5.0
    assert cats.grad(lambda k: scaled(k=k, x=3.0))(5.0) == 3.0
    sine = cats.primitive(np.sin)
    sine.defjvp(lambda p, t: (sine(p[0]), np.cos(p[0]) * t[0]))
    assert cats.grad(lambda x: sine(x))(3.0) == np.cos(3.0)
    clock = cats.primitive(lambda: 3.0, like=lambda: cats.Spec(()))
    clock.defjvp(lambda p, t: (clock(), 0.0))
    assert clock() == 3.0 and cats.grad(lambda x: clock() * x)(2.0) == 3.0


def test_a_primitive_keeps_its_buffer_and_its_caller_what_he_gave() -> None:
    buffer = np.zeros(3)
    double = cats.primitive(lambda x: np.multiply(x, 2.0, out=buffer))
    double.defjvp(lambda p, t: (double(p[0]), 2.0 * t[0]))
    linear = cats.linear_primitive(
        lambda x: np.multiply(x, 2.0, out=buffer), lambda w: np.multiply(w, 2.0, out=buffer)
    )

    def inside(x: Array) -> Array:
        x += 1.0
        return x

    added = cats.primitive(inside)
    added.defjvp(lambda p, t: (added(p[0]), t[0]))
    moved = cats.linear_primitive(lambda x: np.negative(x, out=x), lambda w: -w)
    for box in (double, linear):
        one, other = cats.compile(lambda x, box=box: (box(x), box(x + 1.0)))(X)
        np.testing.assert_array_equal([one, other], [2.0 * X, 2.0 * (X + 1.0)])
        rows = cats.vmap(box)(np.stack([X, Y]))
        np.testing.assert_array_equal(rows, 2.0 * np.stack([X, Y]))
        np.testing.assert_array_equal(cats.jacrev(box)(X), 2.0 * np.eye(3))
    for box in (added, moved):
        given = X.copy()
        with pytest.raises(ValueError, match="read-only"):
            cats.compile(lambda x, box=box: box(x))(given)
        np.testing.assert_array_equal(given, X)


def _shorter(x: Array) -> Array:
    box = cats.primitive(lambda x: x[:1])
    box.defjvp(lambda p, t: (p[0], t[0]))
    return box(x)


def _nowhere() -> Array:
    box = cats.primitive(lambda: 3.0)
    box.defjvp(lambda p, t: (3.0, 0.0))
    return box()


@pytest.mark.parametrize(
    ("f", "error", "said"),
    [
        (cats.linear_primitive(lambda v: v * v, lambda w: w), cats.LinearityError, "not linear"),
        (cats.linear_primitive(lambda v: 2 * v, lambda w: w), cats.LinearityError, "transpose"),
        (cats.linear_primitive(lambda v: v[:1], lambda w: w), cats.SpaceError, "was said"),
        (cats.primitive(lambda x: x), cats.DerivativeError, "before its derivative was said"),
        (_shorter, cats.SpaceError, "gave R[1], and R[3] was said"),
        (lambda x: cats.primitive(3), cats.DerivativeError, "what is called is 3"),  # type: ignore[arg-type]
        (lambda x: cats.primitive(np.sin, like=3), cats.DerivativeError, "like is 3"),  # type: ignore[arg-type]
        (
            lambda x: cats.linear_primitive(np.sin, 3),  # type: ignore[arg-type]
            cats.DerivativeError,
            "the transpose is 3, and no function",
        ),
        (lambda x: _nowhere(), cats.SpaceError, "without arguments says not where"),
    ],
)
def test_mistakes_are_told(f: Any, error: Any, said: str) -> None:
    with pytest.raises(error) as caught:
        cats.compile(lambda x: f(x))(X)
    assert said in caught.value.message and caught.value.remedy
