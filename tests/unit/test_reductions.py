"""Reductions where it matters which entries count: masks, nan, ties, zeros, and odd arrays.

The laws: a reduction with a mask, or one that leaves nan out, is the plain one of what is left, in
value and in derivatives of two orders; what is left out has derivative 0, whatever stands there.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.stop import stop_gradient

Function = Callable[..., Any]
Array = np.ndarray[Any, Any]

# What is left


def derivatives(f: Function, x: Array) -> list[Array]:
    """The value, and the first two derivatives in every mode."""
    found = [cats.compile(f)(x), cats.grad(f)(x), cats.jacobian(f, mode="fwd")(x)]
    found += [cats.jacobian(f, mode="rev")(x), cats.hessian(f)(x)]
    basis = np.eye(len(x))
    found.append(np.array([cats.hvp(f, (x,), (e,)) for e in basis]))
    return [np.asarray(v) for v in found]


def spread_back(small: Array, there: Array) -> Array:
    """A derivative in what is left, with zeros in what is not."""
    whole = np.zeros((there.size,) * small.ndim)
    whole[np.ix_(*(np.flatnonzero(there),) * small.ndim)] = small
    return whole


def check_left(f: Function, plain: Function, x: Array, there: Array) -> None:
    """f of x is what the plain function is of the entries that are there."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = derivatives(f, x)
    for a, b in zip(found, derivatives(plain, x[there]), strict=True):
        np.testing.assert_allclose(a, spread_back(b, there), rtol=1e-9, atol=1e-9)


SKIPPING: dict[str, tuple[Function, Function]] = {
    "sum": (np.nansum, np.sum),
    "prod": (np.nanprod, np.prod),
    "max": (np.nanmax, np.max),
    "min": (np.nanmin, np.min),
    "mean": (np.nanmean, np.mean),
    "var": (np.nanvar, np.var),
    "std": (np.nanstd, np.std),
    "std ddof": (lambda x: np.nanstd(x, ddof=1), lambda x: np.std(x, ddof=1)),
    "median": (np.nanmedian, np.median),
    "quantile": (lambda x: np.nanquantile(x, 0.3), lambda x: np.quantile(x, 0.3)),
    "quantile hazen": (
        lambda x: np.nanquantile(x, 0.8, method="hazen"),
        lambda x: np.quantile(x, 0.8, method="hazen"),
    ),
    "percentile": (lambda x: np.nanpercentile(x, 41), lambda x: np.percentile(x, 41)),
    "cumsum": (lambda x: np.nancumsum(x)[-1] ** 2, lambda x: np.cumsum(x)[-1] ** 2),
    "cumprod": (lambda x: np.nancumprod(x)[-1], lambda x: np.cumprod(x)[-1]),
    "argmax": (lambda x: x[np.nanargmax(x)] ** 2, lambda x: x[np.argmax(x)] ** 2),
    "argmin": (lambda x: x[np.nanargmin(x)] ** 3, lambda x: x[np.argmin(x)] ** 3),
}
DRAWN = np.array([0.7, -1.2, 2.1, 0.4, 1.6])
HOLES = [np.array(h) for h in ([True, True, False, True, False], [False, True, True, True, True])]


@pytest.mark.parametrize("holes", range(2))
@pytest.mark.parametrize("name", SKIPPING)
def test_what_leaves_nan_out_is_the_plain_reduction_of_the_rest(name: str, holes: int) -> None:
    f, plain = SKIPPING[name]
    check_left(f, plain, np.where(HOLES[holes], DRAWN, np.nan), HOLES[holes])


MASKED: dict[str, tuple[Callable[[Any, Any], Any], Function]] = {
    "sum": (lambda x, m: np.sum(x * x, where=m), lambda x: np.sum(x * x)),
    "prod": (lambda x, m: np.prod(x, where=m), np.prod),
    "mean": (lambda x, m: np.mean(x, where=m) ** 2, lambda x: np.mean(x) ** 2),
    "var": (lambda x, m: np.var(x, where=m), np.var),
    "std": (lambda x, m: np.std(x, where=m, ddof=1), lambda x: np.std(x, ddof=1)),
    "max": (lambda x, m: np.max(x, where=m, initial=-np.inf), np.max),
    "min": (lambda x, m: np.min(x, where=m, initial=9.0) ** 2, lambda x: np.min(x) ** 2),
    "nanvar": (lambda x, m: np.nanvar(x, where=m), np.var),
}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", MASKED)
def test_what_a_mask_leaves_out_reaches_nothing(name: str, bad: float) -> None:
    f, plain = MASKED[name]
    mask = HOLES[0]
    check_left(lambda x: f(x, mask), plain, np.where(mask, DRAWN, bad), mask)
    check_left(lambda x: f(x, np.isfinite(x)), plain, np.where(mask, DRAWN, bad), mask)


NOTHING: dict[str, Any] = {
    "nanmax": np.nanmax, "nanmin": np.nanmin, "nanmean": np.nanmean, "nanvar": np.nanvar,
    "nanstd": np.nanstd, "nanmedian": np.nanmedian, "nansum": np.nansum, "nanprod": np.nanprod,
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_but_nan_is_nan_and_does_not_vary(name: str) -> None:
    """Beside lines that have numbers, whose derivatives are what they would be alone."""
    f = NOTHING[name]
    x = np.array([[np.nan, np.nan, np.nan], [1.0, np.nan, 2.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = f(x, axis=1)
    np.testing.assert_array_equal(cats.compile(lambda x: f(x, axis=1))(x), expected)
    alone = cats.grad(f)(x[1])
    for mode in ("fwd", "rev"):
        found = cats.jacobian(lambda x: f(x, axis=1), mode=mode)(x)
        assert np.all(np.isfinite(found[:, 1])) and not np.any(found[1, 0])
        np.testing.assert_array_equal(found[1, 1], alone)
        if name != "nanmedian":
            assert not np.any(found[0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_place_of_nothing_is_refused_as_numpy_refuses_it() -> None:
    for f in (np.nanargmax, np.nanargmin):
        with pytest.raises(ValueError, match="All-NaN slice"):
            cats.compile(lambda x, f=f: f(x))(np.array([np.nan]))


# Ties


@given(st.lists(st.integers(0, 2), min_size=1, max_size=7), st.booleans())
def test_ties_share_equally(numbers: list[int], low: bool) -> None:
    x = np.array(numbers, float)
    f = np.min if low else np.max
    best = x == f(x)
    for found in (cats.grad(f)(x), cats.jacobian(f, mode="fwd")(x)):
        np.testing.assert_array_equal(found, best / best.sum())
    other = np.nanmin if low else np.nanmax
    np.testing.assert_array_equal(cats.grad(other)(np.append(x, np.nan))[:-1], best / best.sum())


def test_a_number_to_begin_with_shares_as_one_of_two() -> None:
    x = np.array([1.0, 0.0, 1.0])
    found = cats.grad(lambda x, c: np.max(x, initial=c), (0, 1))(x, 1.0)
    np.testing.assert_array_equal(found[0], [0.25, 0.0, 0.25])
    assert found[1] == 0.5
    spread = cats.grad(np.ptp)(x)
    np.testing.assert_array_equal(spread, [0.5, -1.0, 0.5])


# Products of numbers some of which are zero


def others(x: Array, left_out: tuple[int, ...]) -> float:
    """The product of all entries but some; 0 if one is left out twice."""
    if len(set(left_out)) < len(left_out):
        return 0.0
    return float(np.prod(np.delete(x, left_out)))


@pytest.mark.parametrize("zeros", [(), (1,), (0, 2), (0, 1, 3)])
def test_products_with_zeros_have_all_their_derivatives(zeros: tuple[int, ...]) -> None:
    x = np.array([2.0, -1.0, 3.0, 0.5])
    x[list(zeros)] = 0.0
    second = cats.hessian(np.prod)
    orders: list[Any] = [cats.grad(np.prod), second, cats.jacobian(second)]
    for order, found in enumerate(orders, 1):
        expected = np.array(
            [others(x, places) for places in itertools.product(range(4), repeat=order)]
        )
        np.testing.assert_array_equal(np.ravel(found(x)), expected)
    for k in range(1, 5):
        part = cats.hessian(lambda x, k=k: np.cumprod(x)[k - 1])(x)
        whole = np.array([[others(x[:k], (i, j)) for j in range(k)] for i in range(k)])
        np.testing.assert_array_equal(part[:k, :k], whole)
        assert not np.any(part[k:]) and not np.any(part[:, k:])


# Deviations


@pytest.mark.parametrize("value", [0.0, 2.0, -3.5])
def test_a_deviation_of_constants_has_derivative_0_at_every_order(value: float) -> None:
    x = np.full(4, value)
    deviations: list[Any] = [np.std, np.nanstd, lambda x: np.std(x, mean=value)]
    for f in [*deviations, lambda x: np.std(x, ddof=1)]:
        assert not np.any(cats.grad(f)(x)) and not np.any(cats.hessian(f)(x))
        assert cats.jvp(f, (x,), (np.arange(4.0),))[1] == 0.0
    np.testing.assert_allclose(cats.grad(np.std)(np.full(3, 0.1)), 0.0, atol=1e-15)
    np.testing.assert_allclose(cats.hessian(lambda x: np.std(x) ** 2)(x), np.eye(4) / 2 - 1 / 8)


def test_more_degrees_than_entries_are_divided_by_0_as_numpy_does() -> None:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for ddof in (2, 3):
            for x in (np.array([1.0, 2.0]), np.ones(2)):
                expected = np.var(x, ddof=ddof)
                np.testing.assert_equal(
                    cats.compile(lambda x, d=ddof: np.var(x, ddof=d))(x), expected
                )


@pytest.mark.skipif(not hasattr(np, "cumulative_sum"), reason="of NumPy 2.1")
def test_a_cumulative_sum_of_several_axes_asks_for_one() -> None:
    with pytest.raises(cats.CatsError, match="needs axis="):
        cats.compile(lambda x: np.cumulative_sum(x))(np.ones((2, 2)))
    found = cats.compile(lambda x: np.cumulative_prod(x, include_initial=True))(np.float64(3.0))
    np.testing.assert_array_equal(found, [1.0, 3.0])


# Odd arrays


def odd_arrays() -> dict[str, Array]:
    rng = np.random.default_rng(3)
    whole = rng.normal(size=(4, 6))
    frozen = whole.copy()
    frozen.flags.writeable = False
    return {
        "number": np.array(1.5),
        "one": np.array([[2.5]]),
        "backward": whole[::-1, ::-2],
        "fortran": np.asfortranarray(whole),
        "frozen": frozen,
        "no rows": np.zeros((0, 3)),
        "single": whole.astype("f4"),
        "whole": rng.integers(-3, 4, (3, 4)),
        "small": rng.integers(0, 4, (3, 4)).astype("u1"),
        "truth": rng.integers(0, 2, (3, 4)).astype(bool),
    }


REDUCED: list[Function] = [
    np.sum, np.prod, np.mean, np.var, np.std, np.any, np.all, np.count_nonzero, np.nansum,
    np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.cumsum, np.cumprod, np.nancumsum,
    np.nancumprod, np.max, np.min, np.argmax, np.argmin, np.nanmax, np.nanmin, np.ptp,
]  # fmt: skip
NEED_ENTRIES = {np.max, np.min, np.argmax, np.argmin, np.nanmax, np.nanmin, np.ptp}


@pytest.mark.parametrize("name", odd_arrays())
def test_odd_arrays_are_reduced_as_numpy_does(name: str) -> None:
    x = odd_arrays()[name]
    for f, axis in itertools.product(REDUCED, (None, -1, 0)):
        skip = f in NEED_ENTRIES and not x.size and axis != -1
        if skip or (f is np.ptp and x.dtype == bool) or (axis is not None and not x.ndim):
            continue
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = np.asarray(f(x, axis=axis))
            found = np.asarray(cats.compile(lambda x, f=f, a=axis: f(x, axis=a))(x))
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype), f
        np.testing.assert_allclose(found, expected, rtol=1e-6 if x.dtype == "f4" else 1e-13)


BIG = np.array([[1e8, 1.0, -1e8], [3.0, 16777216.0, 1.0]], "f4")


def written(f: Function) -> Function:
    """The function along lines, with an array to write into."""
    return lambda x, out: f(x, axis=1, out=out)


WRITING: dict[str, Function] = {
    **{
        f.__name__: written(f)
        for f in (np.sum, np.prod, np.mean, np.var, np.std, np.max, np.min, np.ptp, np.nansum,
                  np.nanprod, np.nanmean, np.nanvar, np.nanstd)
    },
    "a method": lambda x, out: x.sum(1, None, out),
    "positional": lambda x, out: np.std(x, 1, None, out, 1),
    "keepdims": lambda x, out: np.mean(x, 1, out=out[:, None], keepdims=True)[:, 0],
    "where": lambda x, out: np.mean(x, 1, where=np.array([True, True, False]), out=out),
    "initial": lambda x, out: np.sum(x, 1, None, out, False, 0.5),
    "initial of whole numbers": lambda x, out: np.max(np.arange(4).reshape(2, 2), 1, out, False,
                                                      x[0, 1] + 1.5),
    "median": lambda x, out: np.median(x[:, 1:] + x[:, :2], axis=1, out=out),
    "trace": lambda x, out: np.trace(np.stack([x, x]), axis1=1, axis2=2, out=out),
    "einsum": lambda x, out: np.einsum("ij->i", x.astype("f4"), out=out),
    "reduce": lambda x, out: np.add.reduce(x, axis=1, out=out),
    "reduceat": lambda x, out: np.add.reduceat(x, [0], 1, out=out[:, None])[:, 0],
    "accumulate": lambda x, out: np.add.accumulate(x[:, 0], out=out),
}  # fmt: skip
RUNNING = (np.cumsum, np.cumprod, np.nancumsum, np.nancumprod)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("name", WRITING)
def test_what_is_written_is_computed_in_the_dtype_of_the_array(name: str, dtype: str) -> None:
    f = WRITING[name]
    for x in (BIG, BIG.astype("f8")):
        expected = f(x, np.zeros(2, dtype))
        found = cats.compile(lambda x: f(x, np.zeros(2, dtype)))(x)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-15 if dtype == "f8" else 1e-7)
        slope = cats.jvp(lambda x: f(x, np.zeros(2, dtype)), (x,), (np.ones_like(x),))[1]
        assert slope.dtype == expected.dtype


@pytest.mark.parametrize("f", RUNNING)
def test_running_reductions_are_computed_in_the_dtype_of_the_array(f: Function) -> None:
    for x, dtype in itertools.product((BIG, BIG.astype("f8")), ("f4", "f8")):
        expected = f(x, axis=1, out=np.zeros((2, 3), dtype))
        found = cats.compile(lambda x, d=dtype: f(x, axis=1, out=np.zeros((2, 3), d)))(x)
        np.testing.assert_allclose(found, expected, rtol=1e-15 if dtype == "f8" else 1e-7)


ADDING = (np.sum, np.prod, np.nansum, np.nanprod, np.cumsum, np.cumprod, np.nancumsum,
          np.nancumprod, np.add.reduce, np.multiply.accumulate)  # fmt: skip
DIVIDING = (np.mean, np.var)


@pytest.mark.parametrize("dtype", [bool, "u1", "i4", "i8"])
def test_the_dtype_asked_for_is_that_of_the_numbers_added(dtype: Any) -> None:
    """Truth values stay truth values, and small whole numbers wrap."""
    x = np.array([[200.5, 100.0, 0.0], [2.0, 0.0, 7.5]])
    whole = np.array([[2**31 - 1, 9], [7, 5]], "i4")
    cases = [*itertools.product((*ADDING, *DIVIDING), [x], (0, 1))]
    for f, entries, axis in [*cases, *itertools.product(ADDING, [whole], (0, 1))]:
        expected = f(entries, axis=axis, dtype=dtype)
        found = cats.compile(lambda x, f=f, a=axis: f(x, axis=a, dtype=dtype))(entries)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected, err_msg=f"{f} {axis}")
    for f in (np.sum, np.prod):
        found = cats.compile(lambda x, f=f: f(x, 0, dtype=dtype, initial=1, where=x > 1))(x)
        np.testing.assert_array_equal(found, f(x, 0, dtype=dtype, initial=1, where=x > 1))
    assert cats.compile(lambda x: np.std(x, dtype="i8"))(x) == np.std(x, dtype="i8")


def test_no_decision_is_taken_on_values() -> None:
    """All of them can be traced without data."""
    spec = cats.Spec((3, 4))
    for f in REDUCED:
        cats.trace(lambda x, f=f: f(x), spec)
        cats.trace(lambda x, f=f: f(x, axis=1), spec)


def test_a_stopped_mean_is_given_to_a_variance() -> None:
    """mean= is an argument like others: here it does not vary."""
    x = np.array([1.0, 2.0, 4.0])
    found = cats.grad(lambda x: np.var(x, mean=stop_gradient(np.mean(x))))(x)
    np.testing.assert_allclose(found, 2 * (x - x.mean()) / 3)
    assert cats.grad(lambda x: np.var(x, mean=np.mean(x)))(x) == pytest.approx(found)
