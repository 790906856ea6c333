"""Every universal function of NumPy: in every dtype, with every option, and each of its methods.

Values, shapes and dtypes are NumPy's, and what NumPy refuses is refused. The methods are compared
with what they say they do, entry after entry: on some processors NumPy's own reductions of power
and arctan2 leave out what is between the first entry and the last.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats

Function = Callable[..., Any]

UFUNCS = sorted(
    {v for v in vars(np).values() if isinstance(v, np.ufunc) and v.signature is None},
    key=lambda f: f.__name__,
)
EACH = pytest.mark.parametrize("of", UFUNCS, ids=lambda f: f.__name__)
PAIRS = pytest.mark.parametrize("of", [f for f in UFUNCS if f.nin == 2], ids=lambda f: f.__name__)
TIMES = {np.isnat}
"""Of dates and times only."""

X, Y = np.array([0.3, 0.8, 0.55]), np.array([0.7, 0.4, 0.6])
N, B = np.array([3, 1, 2]), np.array([True, False, True])
ARRAYS = (X, X.astype("f4"), N, N.astype("i4"), N.astype("u1"), B)
NUMBERS = (2, 0.5, True, np.float32(0.5), np.float64(0.5), np.int16(2))
M = np.array([[1.2, 0.8, 0.55], [0.9, 1.1, 0.7]])
TABLES = (M, M.astype("f4"), np.array([[6, 3, 2], [4, 2, 8]]), np.array([[1, 2], [3, 1]], "u1"),
          np.array([[True, False, True], [True, True, False]]))  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def leaves(value: Any) -> list[Any]:
    return [np.asarray(v) for v in (value if isinstance(value, tuple) else (value,))]


def strange(values: list[Any]) -> bool:
    """Whether NumPy computes in a dtype that cats has not."""
    return any(v.dtype.kind not in "fbiu" or v.dtype == np.float16 for v in values)


def agree(f: Function, args: tuple[Any, ...], reference: Function | None = None) -> None:
    """What cats makes of a function is what NumPy makes of it, or both refuse it."""
    try:
        expected = leaves(f(*args))
        goal = expected if reference is None else leaves(reference(*args))
    except (TypeError, ValueError, IndexError, RuntimeError, OverflowError):
        with pytest.raises((cats.CatsError, OverflowError, ValueError)):
            cats.compile(f)(*args)
        return
    try:
        found = leaves(cats.compile(f)(*args))
    except cats.CatsError as error:
        allowed = "in no space of cats", "does not run over real", "leaves every other as it is"
        assert strange(expected) or any(words in str(error) for words in allowed), error
        return
    for value, dtype, wanted in zip(found, [e.dtype for e in expected], goal, strict=True):
        assert (value.shape, value.dtype) == (wanted.shape, dtype)
        loose = 1e-13 if dtype == np.float64 else 1e-5
        np.testing.assert_allclose(value, wanted, rtol=loose, equal_nan=True)


@EACH
def test_a_function_in_every_dtype(of: Any) -> None:
    if of.nin == 1:
        for x in ARRAYS:
            agree(lambda x: of(x), (x,))
        return
    for x, y in itertools.product(ARRAYS, (Y, N, B)):
        agree(lambda x, y: of(x, y), (x, y))
    for number, x in itertools.product(NUMBERS, (X, X.astype("f4"), N)):
        agree(lambda x, c=number: of(x, c), (x,))
        agree(lambda x, c=number: of(c, x), (x,))


@EACH
def test_a_function_of_what_is_strange(of: Any) -> None:
    """nan, infinities, zeros of both signs, the largest, the smallest, none."""
    edges = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.5, 1e-310, 1e300])
    first, second = map(np.ravel, np.meshgrid(edges, edges))
    args = (edges,) if of.nin == 1 else (first, second)
    agree(lambda *xs: of(*xs), args)
    agree(lambda *xs: of(*xs), tuple(a[:0] for a in args))
    agree(lambda *xs: of(*xs), tuple(a[::-2].reshape(-1, 1) for a in args))


@EACH
def test_a_function_in_the_dtype_asked_for(of: Any) -> None:
    args = (X, Y)[: of.nin]
    for dtype, casting in itertools.product(("f4", "f8", "i8", "?"), ("same_kind", "unsafe", "no")):
        agree(lambda *xs, d=dtype, c=casting: of(*xs, dtype=d, casting=c), args)


@EACH
def test_a_function_of_some_entries(of: Any) -> None:
    """The others keep what is in `out`, and nothing is computed there."""

    def f(*xs: Any) -> Any:
        outs = [np.zeros(3, dtype) for dtype in found]
        made = of(*xs, out=tuple(outs), where=B)
        return (*outs, *(made if isinstance(made, tuple) else (made,)))

    if of in TIMES or "->" not in of.types[0] or not any("d" in t for t in of.types):
        return
    args = (X, N if of is np.ldexp else Y)[: of.nin]
    found = [v.dtype for v in leaves(of(*args))]
    agree(f, args)


def test_nothing_is_computed_where_nothing_is_asked() -> None:
    """No warning, and no nan in any derivative."""

    def f(x: Any, y: Any) -> Any:
        a = np.divide(x, y, out=x * 2.0, where=y != 0)
        return a + np.log(y, out=np.zeros(2), where=y > 0)

    x, y = np.array([1.0, 2.0]), np.array([0.0, 4.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(cats.compile(f)(x, y), [2.0, 0.5 + np.log(4.0)])
        for mode in ("fwd", "rev"):
            dx, dy = cats.jacobian(f, (0, 1), mode=mode)(x, y)
            assert np.array_equal(dx, np.diag([2.0, 0.25]))
            assert np.array_equal(dy, np.diag([0.0, -0.125 + 0.25]))
        second = cats.hessian(lambda y: np.sum(f(x, y)))(y)
        assert np.array_equal(second, np.diag([0.0, 2 * 2 / 64 - 1 / 16]))


# Methods


def folded(of: Any, x: Any, axis: int, start: Any = None) -> Any:
    """The entries along an axis, one after the other."""
    rows = list(np.moveaxis(x, axis, 0))
    return functools.reduce(of, rows if start is None else [np.asarray(start, x.dtype), *rows])


@PAIRS
def test_reduce(of: Any) -> None:
    for x, axis in itertools.product(TABLES, (0, 1, -1)):
        whole = folded if of not in (np.add, np.multiply) else lambda of, x, a: of.reduce(x, a)
        agree(lambda x, a=axis: of.reduce(x, a), (x,), lambda x, a=axis, w=whole: w(of, x, a))
    for x in TABLES:
        for axis in (None, (0, 1), (), (0, 0), 2):
            exact = of in (np.power, np.arctan2) and axis in (None, (0, 1))
            if not exact:
                agree(lambda x, a=axis: of.reduce(x, axis=a), (x,))
        agree(lambda x: of.reduce(x, keepdims=True), (x,))
        agree(lambda x: of.reduce(x, 0, initial=2), (x,))
        agree(lambda x: of.reduce(x, 0, initial=None), (x,))
        agree(lambda x: of.reduce(x[:0]), (x,))
        agree(lambda x: of.reduce(x[:0], initial=1), (x,))
        mask = x > x.mean() if x.dtype != np.bool_ else x
        agree(lambda x, m=mask: of.reduce(x, 0, initial=1, where=m), (x,))
        agree(lambda x, m=mask: of.reduce(x, 0, where=m), (x,))
        agree(lambda x: of.reduce(x, 0, "f8"), (x,))
        agree(lambda x: of.reduce(x[0, 0]), (x,))


@PAIRS
def test_accumulate(of: Any) -> None:
    def each(x: Any) -> Any:
        rows = x.astype(of.accumulate(x, 1).dtype).T
        return np.stack(list(itertools.accumulate(rows, of)), axis=1)

    for x in TABLES:
        for axis in (0, 1):
            agree(lambda x, a=axis: of.accumulate(x, a), (x,))
        agree(lambda x: of.accumulate(x[:, :0], axis=1), (x,))
        agree(lambda x: of.accumulate(x[0, 0]), (x,))
        if not of.__name__.startswith("logical"):
            agree(lambda x: of.accumulate(x, 0, "f8"), (x,))
    agree(lambda x: of.accumulate(x, 1), (M,), each)


@PAIRS
def test_reduceat(of: Any) -> None:
    for x in TABLES:
        if of not in (np.power, np.arctan2):
            agree(lambda x: of.reduceat(x, [0, 1, 0], 1), (x,))
        agree(lambda x: of.reduceat(x, [1, 0]), (x,))
        agree(lambda x: of.reduceat(x, []), (x,))
        agree(lambda x: of.reduceat(x, [0, 5]), (x,))
    if of not in (np.power, np.arctan2):
        agree(lambda x, n: of.reduceat(x, n[::-1] - 1, 1), (M, np.array([1, 3, 2])))


@EACH
def test_outer(of: Any) -> None:
    for x in TABLES:
        agree(lambda x: of.outer(x, x[0]), (x,))
    agree(lambda x: of.outer(x, 2.0, dtype="f8"), (M,))


@EACH
def test_at(of: Any) -> None:
    """Where a place is named twice, the second turn finds what the first has left."""

    def f(x: Any) -> Any:
        a = x.copy()
        of.at(a, ([0, 1, 0, 0], [1, 0, 1, 0]), *[x[0, 0]][: of.nin - 1])
        return a

    for x in TABLES:
        agree(f, (x,))


def test_places_that_are_computed_are_guarded() -> None:
    """Another order of places is another path."""

    def f(x: Any, n: Any) -> Any:
        a = x * 1.0
        np.multiply.at(a, n, x)
        return a

    run = cats.compile(f)
    for n in ([0, 1, 1], [2, 2, 2], [0, 0, 1]):
        a = X.copy()
        np.multiply.at(a, n, X)
        assert np.array_equal(run(X, np.array(n)), a)
    slopes = cats.grad(lambda x: np.sum(f(x, np.array([2, 2, 2]))))(X)
    assert slopes == pytest.approx(
        [1 + X[1] * X[2] ** 2, 1 + X[0] * X[2] ** 2, 2 * X[0] * X[1] * X[2]]
    )


def test_what_is_written_is_seen_in_views() -> None:
    def f(x: Any) -> Any:
        a = np.zeros((2, 3))
        row = a[0]
        np.add(x, 1.0, out=row)
        np.multiply(row, 2.0, out=a[1], where=B)
        np.add.reduce(a, axis=0, out=a[1])
        np.maximum.at(a, (1, [0, 0]), [x[0], 9.0])
        return a

    expected = f(X)
    assert np.array_equal(cats.compile(f)(X), expected)


def test_an_array_of_known_entries_may_be_written_into() -> None:
    """No argument has a part in it, and still it changes."""

    def f(x: Any) -> Any:
        a, b = np.array([1.0, 4.0, 9.0]), np.zeros(3)
        view = b[1:]
        np.sqrt(a, out=b)
        np.add(a, a, out=b, where=B)
        np.add(1.0, 2.0, out=a)
        return x * b * view[0] + a

    assert np.array_equal(cats.compile(f)(X), f(X))


# Ties and kinks


def test_running_extremes_share_among_all_that_reached_them() -> None:
    x = np.array([1.0, 3.0, 2.0, 3.0, 3.0, 4.0])
    found = cats.jacobian(lambda x: np.maximum.accumulate(x))(x)
    third, half = 1 / 3, 1 / 2
    assert found == pytest.approx(
        np.array([
            [1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0],
            [0, half, 0, half, 0, 0], [0, third, 0, third, third, 0], [0, 0, 0, 0, 0, 1],
        ])
    )  # fmt: skip
    last = cats.grad(lambda x: np.maximum.reduce(x[:5]))(x)
    assert last == pytest.approx(found[4])


def test_nan_is_passed_over_with_its_derivative() -> None:
    x = np.array([np.nan, 2.0, 1.0, np.nan])
    assert np.array_equal(cats.grad(lambda x: np.fmax.reduce(x))(x), [0, 1, 0, 0])
    assert np.array_equal(cats.grad(lambda x: np.sum(np.fmin(x, 1.5)))(x), [0, 0, 1, 0])
    y = np.array([1.0, np.nan])
    slopes = cats.grad(lambda x, y: np.sum(np.fmax(x, y)), (0, 1))(np.array([1.0, 3.0]), y)
    assert np.array_equal(slopes, [[0.5, 1.0], [0.5, 0.0]])


def test_jumps_have_the_slope_on_both_sides() -> None:
    both = cats.jacobian(lambda x, y: np.heaviside(x, y), (0, 1))
    dx, dy = both(np.array([-1.0, 0.0, 1.0]), np.full(3, 0.5))
    assert not dx.any() and np.array_equal(dy, np.diag([0.0, 1.0, 0.0]))
    assert cats.grad(lambda x: np.modf(x)[0] + np.modf(x)[1])(2.0) == 1.0
    assert cats.grad(lambda x: np.frexp(x)[0])(4.0) == 0.125
    assert cats.grad(np.spacing)(1.0) == 0.0
    assert cats.grad(lambda x: np.nextafter(x, 2.0))(1.0) == 1.0


def test_sums_of_exponentials_of_infinities() -> None:
    """Equal infinities share; what is -inf beside others has no part."""
    slopes = cats.grad(lambda x: np.logaddexp.reduce(x))
    with np.errstate(all="raise"):
        assert np.array_equal(slopes(np.array([0.0, -np.inf, 0.0])), [0.5, 0, 0.5])
        assert np.array_equal(slopes(np.array([np.inf, 0.0, np.inf])), [0.5, 0, 0.5])
        assert np.array_equal(slopes(np.full(2, -np.inf)), [0.5, 0.5])
        assert np.array_equal(slopes(np.array([1e300, 1e300])), [0.5, 0.5])
        assert np.array_equal(cats.grad(lambda x: np.hypot.reduce(x))(np.zeros(3)), np.zeros(3))
        far = cats.grad(lambda x: np.hypot.reduce(x))(np.array([3e200, 4e200]))
    assert far == pytest.approx([0.6, 0.8])


def test_a_long_line_takes_as_many_steps_as_a_short_one() -> None:
    """logaddexp, divide and running extremes of n entries are O(1) steps, and so are slopes."""
    for f in (np.logaddexp.reduce, np.divide.reduce, np.maximum.accumulate, np.hypot.accumulate):

        def steps(n: int, f: Any = f) -> int:
            x = np.linspace(1.0, 2.0, n)
            return len(cats.trace(cats.grad(lambda x: np.sum(f(x))), x).steps)

        assert steps(5) == steps(50), f
