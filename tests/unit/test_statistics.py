"""Quantiles, averages, histograms and interpolation: laws over data, ends, knots and edges."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from tests.unit.cases_statistics import METHODS

Array = np.ndarray[Any, Any]

INTERP: Any = np.interp
numbers = st.lists(st.integers(-4, 4), min_size=1, max_size=9).map(lambda n: np.array(n, float))
holed = st.lists(st.sampled_from([0.0, 1.0, 2.5, np.nan]), min_size=1, max_size=8).map(np.array)
parts = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 2 / 3, 0.9, 1.0]), min_size=1, max_size=3)


def same(found: Any, expected: Any) -> None:
    """Values, shapes and dtypes."""
    a, b = np.asarray(found), np.asarray(expected)
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)


# Quantiles


@pytest.mark.parametrize("method", METHODS)
@given(x=holed, q=parts)
def test_quantiles_are_numpys(method: str, x: Array, q: list[float]) -> None:
    m: Any = method
    for at in (q, q[0], np.array([q])):
        same(
            cats.compile(lambda x, a=at: np.quantile(x, a, method=m))(x),
            np.quantile(x, at, method=m),
        )
        same(
            cats.compile(lambda x, a: np.quantile(x, a, method=m))(x, np.array(at)),
            np.quantile(x, np.array(at), method=m),
        )
        if not np.isnan(x).all():
            expected = np.nanquantile(x, at, method=m)
            same(cats.compile(lambda x, a=at: np.nanquantile(x, a, method=m))(x), expected)


@given(numbers, st.sampled_from([0.0, 0.2, 0.5, 0.77, 1.0]))
def test_the_derivative_of_a_quantile_is_a_mean_of_entries(x: Array, q: float) -> None:
    """A quantile moves with its data, and is stretched with them: weights from 0 to 1, in all 1."""
    for method in METHODS:
        m: Any = method
        slopes = cats.grad(lambda x, m=m: np.quantile(x, q, method=m))(x)
        assert np.all(slopes >= 0) and np.sum(slopes) == pytest.approx(1.0)
        assert np.dot(slopes, x) == pytest.approx(np.quantile(x, q, method=m))
    assert not np.any(cats.hessian(lambda x: np.quantile(x, q))(x))


@pytest.mark.parametrize("skip", [False, True])
def test_quantiles_vary_with_q_between_the_entries(skip: bool) -> None:
    x = np.array([3.0, 0.0, np.nan, 1.0]) if skip else np.array([3.0, 0.0, 1.0])
    f = np.nanquantile if skip else np.quantile
    for q, slope in ((0.25, 2.0), (0.75, 4.0)):
        assert cats.grad(f, 1)(x, q) == slope
        mixed = cats.jacobian(cats.grad(f, 1), 0)(x, q)
        expected = [0.0, -2.0, 0.0, 2.0] if q < 0.5 else [2.0, 0.0, 0.0, -2.0]
        np.testing.assert_array_equal(mixed, expected if skip else np.delete(expected, 2))


def test_weights_choose_an_entry_and_do_not_vary() -> None:
    x, w = np.array([3.0, 1.0, 2.0, np.nan]), np.array([0.0, 2.0, 1.0, 5.0])
    for q in (0.0, 0.5, 2 / 3, 0.9, 1.0):

        def f(x: Any, w: Any, q: float = q) -> Any:
            return np.nanquantile(x, q, weights=w, method="inverted_cdf")

        same(cats.compile(f)(x, w), f(x, w))
        by_x, by_w = cats.grad(f, (0, 1))(x, w)
        assert sorted(by_x) == [0.0, 0.0, 0.0, 1.0] and by_x[np.flatnonzero(by_x)[0]] == 1.0
        assert x[np.argmax(by_x)] == f(x, w) and not np.any(by_w)
    whole = cats.compile(lambda x: np.quantile(x, [0.1, 0.9], weights=w, method="inverted_cdf"))
    np.testing.assert_array_equal(whole(x), [np.nan, np.nan])


def test_medians_of_nothing_are_nan_as_numpys() -> None:
    x = np.zeros((2, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for f, axis in itertools.product((np.median, np.nanmedian), (None, 1)):
            expected = f(x, axis=axis, keepdims=True)
            same(cats.compile(lambda x, f=f, a=axis: f(x, axis=a, keepdims=True))(x), expected)
        same(cats.compile(lambda x: np.nanquantile(x, 0.5, axis=1))(x), [np.nan, np.nan])


# Interpolation


def test_at_knots_the_derivative_is_the_mean_of_both_sides() -> None:
    """So it is what central differences have, along every direction of x, knots and heights."""
    xp, fp = np.array([-1.0, 0.0, 0.5, 2.0]), np.array([1.0, 3.0, -1.0, 0.25])
    x = np.array([*xp, -3.0, 0.25, 5.0])
    slopes = np.diff(fp) / np.diff(xp)
    sides = np.array([0.0, *slopes, 0.0])
    expected = [*(sides[:-1] + sides[1:]) / 2, 0.0, slopes[1], 0.0]
    np.testing.assert_array_equal(cats.grad(lambda x: np.sum(np.interp(x, xp, fp)))(x), expected)
    rng, step = np.random.default_rng(0), 2.0**-20
    for _ in range(8):
        along = [rng.integers(-4, 5, v.shape) / 4 for v in (x, xp, fp)]
        found = cats.jvp(np.interp, (x, xp, fp), tuple(along))[1]
        ahead, behind = (
            INTERP(*[v + h * d for v, d in zip((x, xp, fp), along, strict=True)])
            for h in (step, -step)
        )
        np.testing.assert_allclose(found, (ahead - behind) / (2 * step), atol=1e-4)


def test_interpolation_moves_with_its_knots() -> None:
    """f(x + c; xp + c) = f(x; xp), and f is linear in its heights."""
    xp, fp = np.array([0.0, 1.0, 3.0]), np.array([1.0, -1.0, 2.0])
    x = np.array([-1.0, 0.0, 0.3, 1.0, 2.0, 3.0, 9.0])
    for left, period in ((None, None), (0.5, None), (None, 4.0)):
        f = lambda x, xp, fp, a=left, p=period: np.interp(x, xp, fp, left=a, period=p)  # noqa: E731
        moved = cats.jvp(f, (x, xp, fp), (np.ones(7), np.ones(3), np.zeros(3)))[1]
        np.testing.assert_allclose(moved, 0.0, atol=1e-15)
        base = np.interp(x, xp, 0 * fp, left=left) if left is not None else 0.0
        value, push = cats.jvp(lambda fp, f=f: f(x, xp, fp), (fp,), (fp,))
        np.testing.assert_allclose(push, value - base, atol=1e-15)


def test_interpolation_at_odd_places_is_numpys() -> None:
    xp, fp = np.array([0.0, 1.0, 1.0, 2.0]), np.array([1.0, 2.0, 5.0, 4.0])
    x = np.array([np.nan, np.inf, -np.inf, 1.0, 0.5, 1.5])
    same(cats.compile(np.interp)(x, xp, fp), np.interp(x, xp, fp))
    found = cats.grad(lambda x: np.sum(np.interp(x, xp, fp)))(x)
    np.testing.assert_array_equal(found, [0.0, 0.0, 0.0, 0.0, 1.0, -1.0])
    second = cats.hessian(lambda fp: np.sum(np.interp(x[3:], xp, fp) ** 2))(fp)
    assert np.all(np.isfinite(second))
    rows = np.array([0.0, 1.0, np.inf])
    same(cats.compile(lambda x: np.interp(x, [0.0, 1.0, 2.0], rows))(x[:5]),
         np.interp(x[:5], [0.0, 1.0, 2.0], rows))  # fmt: skip


# Averages and covariances


def test_a_covariance_is_symmetric_and_still_under_shifts() -> None:
    x = np.random.default_rng(1).normal(size=(3, 5))
    for f in (np.cov, np.corrcoef, lambda x: np.cov(x, aweights=np.arange(1.0, 6.0))):
        rate = cats.jvp(f, (x,), (np.ones((3, 5)) * [[1.0], [2.0], [-1.0]],))[1]
        np.testing.assert_allclose(rate, 0.0, atol=1e-14)
        along = np.random.default_rng(2).normal(size=(3, 5))
        push = cats.jvp(f, (x,), (along,))[1]
        np.testing.assert_allclose(push, push.T, atol=1e-14)
    stretched = cats.jvp(np.corrcoef, (x,), (x * [[2.0], [0.5], [-1.0]],))[1]
    np.testing.assert_allclose(stretched, 0.0, atol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_too_few_observations_are_divided_by_0_as_numpy_does() -> None:
    x = np.array([[1.0], [2.0]])
    rows: list[dict[str, Any]] = [{}, {"ddof": 3}, {"fweights": [1]}, {"aweights": [0.5]}]
    for options in rows:
        same(cats.compile(lambda x, o=options: np.cov(x, **o))(x), np.cov(x, **options))
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
        cats.compile(np.average)(np.ones(2), None, np.zeros(2))


# Histograms


@given(numbers, st.sampled_from([1, 3, [-4.0, -1.0, 0.0, 4.0], [0.0, 1.0, 1.0]]))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_histograms_are_numpys(x: Array, bins: Any) -> None:
    w = np.arange(1.0, x.size + 1)
    for range_, density in itertools.product((None, (-1.0, 2.0)), (False, True)):
        options: dict[str, Any] = {"range": range_, "density": density}
        for found, expected in (
            (cats.compile(lambda x, o=options: np.histogram(x, bins, **o))(x),
             np.histogram(x, bins, **options)),
            (cats.compile(lambda x, w, o=options: np.histogram(x, bins, weights=w, **o))(x, w),
             np.histogram(x, bins, weights=w, **options)),
            (cats.compile(lambda x, d=density: np.histogram2d(x, -x, [2, 3], density=d))(x),
             np.histogram2d(x, -x, [2, 3], density=density)),
        ):  # fmt: skip
            for a, b in zip(found, expected, strict=True):
                same(a, b)


@given(numbers)
def test_a_sum_of_weights_is_linear_and_counts_do_not_vary(x: Array) -> None:
    w = np.linspace(0.5, 2.0, x.size)
    places = np.digitize(x, [-1.0, 1.0])
    for f in (
        lambda w: np.histogram(x, [-9.0, -1.0, 1.0, 9.0], weights=w)[0],
        lambda w: np.bincount(places, weights=w, minlength=3),
        lambda w: np.histogramdd(x, [[-9.0, -1.0, 1.0, 9.0]], weights=w)[0],
    ):
        (back,) = cats.linear_transpose(f, w)(np.array([1.0, 10.0, 100.0]))
        np.testing.assert_array_equal(back, 10.0**places)
    still = cats.grad(lambda x: np.sum(np.histogram(x, [-9.0, 0.5, 9.0])[0] * 1.0))(x)
    assert not np.any(still)


def test_edges_vary_with_the_ends_of_the_data() -> None:
    x = np.array([1.0, -1.0, 2.0, 0.3])
    found = cats.jacobian(lambda x: np.histogram_bin_edges(x, 3))(x)
    np.testing.assert_allclose(found[:, 1], [1, 2 / 3, 1 / 3, 0])
    np.testing.assert_allclose(found[:, 2], [0, 1 / 3, 2 / 3, 1])
    flat = cats.jacobian(lambda x: np.histogram(x, 2)[1])(np.ones(2))
    np.testing.assert_allclose(flat, 0.5)


def test_a_rule_for_the_number_of_bins_is_observed() -> None:
    rules = ("auto", "fd", "doane", "scott", "stone", "rice", "sturges", "sqrt")
    rng = np.random.default_rng(3)
    for rule in rules:
        compiled = cats.compile(lambda x, r=rule: np.histogram(x, r))
        for x in (rng.normal(size=30), rng.normal(size=30) ** 3, np.ones(30)):
            for a, b in zip(compiled(x), np.histogram(x, rule), strict=True):
                same(a, b)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_data_without_ends_are_refused_as_numpy_refuses_them() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            cats.compile(np.histogram)(np.array([1.0, bad]))


def test_a_count_grows_on_another_path() -> None:
    compiled = cats.compile(lambda n, w: np.bincount(n, weights=w))
    w = np.array([1.0, 2.0, 4.0])
    for n in ([0, 1, 1], [3, 0, 3], [0, 0, 0], [0, 1, 1]):
        np.testing.assert_array_equal(compiled(np.array(n), w), np.bincount(n, weights=w))
    with pytest.raises(cats.CatsError, match="numbers from 0 up"):
        compiled(np.array([0, -1, 1]), w)


# Without data


def test_what_needs_no_decision_is_traced_without_data() -> None:
    x, edges = cats.Spec((6,)), [0.0, 1.0, 2.0]
    for f in (
        np.sort, np.median, np.nanmedian, np.cov, np.average, lambda x: np.partition(x, 2),
        lambda x: np.quantile(x, x[0]), lambda x: np.nanpercentile(x, 30.0),
        lambda x: np.quantile(x, 0.3, weights=x, method="inverted_cdf"),
        lambda x: np.histogram(x, 4, density=True), lambda x: np.histogram(x, edges, weights=x),
        lambda x: np.histogram2d(x, x, 3), lambda x: np.interp(x, np.sort(x), x, period=2.0),
        lambda x: np.digitize(x, np.sort(x)), lambda x: np.cov(x, x, aweights=x),
    ):  # fmt: skip
        cats.trace(f, x)
    with pytest.raises(cats.CatsError, match="no value is known here"):
        cats.trace(lambda x: np.histogram(x, "auto"), x)
