"""Without axes a value is an array exactly where NumPy's is, and a scalar where NumPy's is."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import cats
from tests.agreement import near

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
    lambda x: np.quantile(X * x, 0.3, weights=X, method="inverted_cdf"),
    lambda x: np.nanpercentile(X * x, 30, weights=X, method="inverted_cdf"),
    lambda x: np.quantile(X * x, 0.3),
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


SEEN: list[Callable[[Any], Any]] = [
    np.flip,
    lambda x: np.flip(x, ()),
    lambda x: np.asarray(x).view(),
    lambda x: np.asarray(x)[()],
    lambda x: np.asarray(x)[...],
    lambda x: np.asarray(x).T,
]
"""A number as it is, seen through a function of arrays."""


@pytest.mark.parametrize("backend", [cats.OnNumpy(), cats.OnNumexpr(), cats.OnSource()])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_number_that_is_seen_and_used_elsewhere_too_has_a_gradient(
    backend: Any, dtype: Any
) -> None:
    for number, see in enumerate(SEEN):

        def f(x: Any, see: Callable[[Any], Any] = see) -> Any:
            return see(x) * see(x) + np.sin(x)

        for x in (dtype(0.5), np.array(0.5, dtype)):
            found = cats.grad(f, backend=backend)(x)
            assert type(found) is dtype, number
            near(found, dtype(1.0) + np.cos(dtype(0.5)), 6)


VALUES: dict[str, Callable[[Any], Any]] = {
    "entry": lambda x: x[0],
    "total": np.sum,
    "arithmetic": lambda x: x[0] * x[1],
    "of arrays": lambda x: np.array(x[0]) * 2.0,
    "array": lambda x: np.array(x[0]),
    "entry as an array": lambda x: x.copy()[0, ...],
    "squeezed": lambda x: np.squeeze(x[:1] * 1.0),
    "chosen": lambda x: np.where(x[0] > 0, x[0], 0.0),
    "constant array": lambda x: np.zeros(()),
}
"""Numbers, and arrays without axes."""

LOOKS: list[Callable[[Any], Any]] = [
    np.ravel, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.asarray, np.ascontiguousarray,
    np.asfortranarray, np.array, np.transpose, np.squeeze, np.real,
    lambda s: s.ravel(),
    lambda s: s.flatten(),
    lambda s: s.reshape(1),
    lambda s: s.reshape((1, 1)),
    lambda s: s.reshape(()),
    lambda s: np.reshape(s, -1),
    lambda s: np.expand_dims(s, 0),
    lambda s: np.array(s, ndmin=2),
    lambda s: np.array(s, copy=None),
    lambda s: np.array(s, copy=False),
    lambda s: np.array(s, copy=False, ndmin=1),
    lambda s: np.broadcast_to(s, (2,)),
    lambda s: s[None],
    lambda s: s[...],
    lambda s: s[..., None],
    lambda s: s[()],
    lambda s: s.T,
    lambda s: s.copy(),
    lambda s: s.repeat(2),
    lambda s: s[None][None].ravel(),
    lambda s: s,
]  # fmt: skip
"""Ways to see one as an array."""

INTO: list[Callable[[Any, Any], Any]] = [
    lambda seen, v: seen.__setitem__(..., v),
    operator.imul,
    lambda seen, v: np.negative(v, out=seen),
    lambda seen, v: np.copyto(seen, v),
    lambda seen, v: np.copyto(seen, v, where=seen != 0.0),
]
"""Ways to write into it."""


@pytest.mark.parametrize("name", VALUES)
def test_what_is_made_of_a_number_is_a_copy_and_of_an_array_a_view(name: str) -> None:
    make = VALUES[name]
    done = 0
    for see in LOOKS:
        for into in INTO:

            def f(x: Any, see: Any = see, into: Any = into) -> Any:
                value = make(x)
                seen = see(value)
                into(seen, x[1] * x[2])
                return value * 1.0, seen * 1.0

            try:
                expected = f(X)
            except (TypeError, ValueError, AttributeError) as error:
                with pytest.raises((type(error), cats.TraceError)):
                    cats.compile(f)(X)
                continue
            near(cats.compile(f)(X), expected)
            done += 1
    assert done > 80, done


def test_the_array_of_a_number_may_be_written_into() -> None:
    def f(x: Any) -> Any:
        y = np.atleast_1d(x)
        y[y < 0.0] = 0.0
        return np.sum(y) * x

    assert [cats.grad(f)(v) for v in (2.0, -2.0, np.float64(3.0))] == [4.0, 0.0, 6.0]
    with pytest.raises(cats.TraceError, match="writing into an argument"):
        cats.grad(f)(np.array(2.0))


NORMS: list[dict[str, Any]] = [
    {}, {"ord": 2}, {"ord": 1}, {"ord": np.inf}, {"axis": 0}, {"keepdims": True},
]  # fmt: skip


def test_scipys_norm_is_a_python_number_where_scipys_is() -> None:
    """Of which a single array makes single numbers, and which by itself is double."""
    for x in (X, X.astype(np.float32), M, M.astype(np.float32)):
        for options in NORMS:

            def f(x: Any, options: Any = options) -> Any:
                found = scipy.linalg.norm(x, **options)
                narrow = np.ones(1, np.float32) * found
                return 1.0 * (type(found) is float), found * x.dtype.type(1), narrow, found

            try:
                expected = f(x)
            except ValueError:
                continue
            found = cats.compile(f)(x)
            near(found, expected, 6)
            for a, b in zip(found, expected, strict=True):
                assert np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.filterwarnings("ignore:logm result may be inaccurate")
def test_scipys_logarithm_of_a_single_matrix_is_double() -> None:
    single = (M @ M.T + np.eye(2)).astype(np.float32)
    expected, found = scipy.linalg.logm(single), cats.compile(scipy.linalg.logm)(single)
    near(found, expected, 6)
    assert found.dtype == expected.dtype
    assert cats.grad(lambda a: np.sum(scipy.linalg.logm(a)))(single).dtype == np.float32


LINES: list[Callable[[Any, Any], Any]] = [
    lambda x, axis: np.repeat(x, 2, axis=axis),
    lambda x, axis: np.repeat(x, [3], axis),
    lambda x, axis: np.asarray(x).repeat(2, axis=axis),
    lambda x, axis: np.take(x, [0, 0], axis=axis),
    lambda x, axis: np.take(x, 0, axis=axis),
    lambda x, axis: np.asarray(x).take([0], axis=axis),
    lambda x, axis: np.compress([True], x, axis=axis),
    lambda x, axis: np.squeeze(x, axis=axis),
    lambda x, axis: np.asarray(x).squeeze(axis),
    lambda x, axis: np.cumsum(x, axis=axis),
    lambda x, axis: np.sum(x, axis=axis),
]
"""Functions to which a number is a line of one."""


@pytest.mark.parametrize("number", range(len(LINES)))
def test_a_number_has_the_axes_that_it_has_in_numpy(number: int) -> None:
    f = LINES[number]
    for axis in (0, -1, None):
        found, expected = cats.compile(f)(1.5, axis), f(np.float64(1.5), axis)
        assert np.shape(found) == np.shape(expected)
        near(found, expected)
        near(cats.grad(lambda x: np.sum(f(x, axis) * x))(1.5), 3.0 * np.size(expected))  # noqa: B023
    for axis in (1, -2):
        with pytest.raises(np.exceptions.AxisError):
            f(np.float64(1.5), axis)
        with pytest.raises(np.exceptions.AxisError, match=f"axis {axis} of an array with"):
            cats.compile(f)(1.5, axis)
