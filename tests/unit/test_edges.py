"""At the edges: nan in an order, halves that are rounded, singular matrices, sets of nothing.

The value is NumPy's or Python's own, or there is an error that says why there is none.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.tree import flatten

Array = Any
Function = Callable[..., Any]

holed = st.lists(st.sampled_from([0.0, 1.0, 2.0, -1.0, np.nan]), min_size=2, max_size=6)


def same(f: Function, *args: Any, rtol: float = 1e-13) -> None:
    """The traced function gives what the function itself gives."""
    with np.errstate(all="ignore"):
        expected, found = flatten(f(*args))[0], flatten(cats.compile(f)(*args))[0]
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-14)


# Python's numbers


@given(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), st.integers(-2, 5))
def test_a_number_is_rounded_as_python_rounds_it(x: float, digits: int) -> None:
    """The number as it is, 2.675 being less than it says, and not its product by a power of 10."""
    for number in (x, x + 0.5 * 10.0**-digits):
        assert cats.compile(lambda x: round(x, digits))(number) == round(number, digits)


@pytest.mark.parametrize("x", [5.55, 2.675, -0.15, 1e300, float("inf"), float("nan"), 1e15 + 0.5])
def test_halves_are_rounded_as_python_rounds_them(x: float) -> None:
    for digits in (-1, 0, 1, 2, 25):
        same(lambda x, d=digits: round(x, d), x)
    assert cats.grad(lambda x: x * round(x, 1))(5.55) == 5.5


def test_a_number_of_numpy_is_rounded_as_numpy_rounds_it() -> None:
    same(lambda x: round(x[0], 1), np.array([5.55]))


@given(holed)
def test_python_passes_over_nan_where_numpy_does_not(x: list[float]) -> None:
    given = np.array(x)
    for f in (max, min, sorted):
        same(lambda x, f=f: f(x), given)
        same(lambda x, f=f: np.array(f([x[0], np.nan, x[1], 0.5])), given)
    same(lambda x: np.array(sorted(x, reverse=True)), given)


def test_what_is_passed_over_has_no_derivative() -> None:
    slope = cats.grad(lambda x: max(x[0], x[1]) * 2.0)
    np.testing.assert_array_equal(slope(np.array([1.0, np.nan])), [2.0, 0.0])
    np.testing.assert_array_equal(slope(np.array([1.0, 3.0])), [0.0, 2.0])


# Texts and warnings


READERS: dict[str, Function] = {
    "np.fromstring": lambda x: np.fromstring(str(x), sep=" "),
    "np.array": lambda x: np.array([str(x)]).astype(float),
    "np.asarray": lambda x: np.asarray(f"{x} 2".split(), dtype=float),
    "np.genfromtxt": lambda x: np.genfromtxt([str(x)]),
    "np.loadtxt": lambda x: np.loadtxt(io.StringIO(f"1.0, {x}"), delimiter=","),
}


@pytest.mark.parametrize("name", READERS)
def test_no_number_is_read_out_of_the_text_of_a_value(name: str) -> None:
    with pytest.raises(cats.TraceError, match=f"{name} of the text of a traced value"):
        cats.grad(lambda x: np.sum(READERS[name](x)) * x)(1.5)


READ_OUT: list[tuple[str, Function]] = [
    ("a number read out", lambda x: float.fromhex(x.hex())),
    ("a number read out", lambda x: np.float64.fromhex(f"{x.hex()}")),
    ("a number read out", lambda x: float.__new__(float, str(x))),
    ("a number read out", lambda x: complex(str(x)).real),
    ("a number read out", lambda x: complex(f"{x}+1j").real),
    ("a number read out", lambda x: complex("%.4f" % x).real),  # noqa: UP031
    ("a number read out", lambda x: float(str(x).encode())),
    ("a number read out", lambda x: float(bytearray(str(x).encode()))),
    ("a number read out", lambda x: float(memoryview(str(x).encode()))),
    ("a number read out", lambda x: np.float64(str(x).encode())),
    ("a number read out", lambda x: float(Decimal(str(x)))),
    ("a number read out", lambda x: float(Fraction(f"{x}"))),
    ("a number read out", lambda x: float(re.findall(r"[\d.]+", f"a{x}b")[0])),
    ("literal_eval", lambda x: ast.literal_eval(str(x))),
    ("literal_eval", lambda x: ast.literal_eval(f"[2, {x}]")[1]),
    ("eval", lambda x: eval(str(x).encode())),
    ("reader", lambda x: next(csv.reader([str(x)], quoting=csv.QUOTE_NONNUMERIC))[0]),
]
"""Ways from the text of a value to a number, and what the error calls them."""


@pytest.mark.parametrize("number", range(len(READ_OUT)))
def test_no_number_comes_back_through_a_text(number: int) -> None:
    name, read = READ_OUT[number]
    assert read(1.53) == 1.53
    with pytest.raises(cats.TraceError, match=f"^{name} of the text of a traced value"):
        cats.grad(lambda x: read(x) * x)(1.53)


def test_other_texts_are_read() -> None:
    same(lambda x: np.array(["1.25"]).astype(float) * x + len(str(x)), 1.5)
    same(lambda x: complex("1.25+2j").real * x + float(b"2.5") + len(x.hex()), 1.5)
    same(lambda x: float.fromhex("0x1.8p+1") * x + ast.literal_eval("[2.5]")[0], 1.5)
    same(lambda x: x if isinstance(x, complex) else x * isinstance(2j, complex), 1.5)
    same(lambda x: x * np.zeros(2, complex).real.size + (complex is complex), 1.5)


def raised(x: Array) -> Array:
    """Takes another way where NumPy raises."""
    try:
        with np.errstate(divide="raise"):
            return 1 / x
    except FloatingPointError:
        return x


def warned(x: Array) -> Array:
    """Takes another way where NumPy warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.sqrt(x)
        except RuntimeWarning:
            return x


@pytest.mark.parametrize("f", [raised, warned])
def test_a_warning_is_not_made_an_error(f: Function) -> None:
    with pytest.raises(cats.TraceError, match="a warning that is made an error") as caught:
        cats.compile(f)(np.zeros(2))
    assert "np.isfinite" in str(caught.value)


def test_warnings_may_be_silenced() -> None:
    def f(x: Array) -> Array:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return np.sqrt(x)

    same(f, np.array([1.0, 4.0]))


# Matrices


ORDERS: list[Any] = [None, 2, -2, 1, -1, np.inf, -np.inf, "fro"]
MATRICES = {
    "zero": np.zeros((2, 2)),
    "singular": np.array([[1.0, 2.0], [2.0, 4.0]]),
    "endless": np.array([[np.inf, 1.0], [1.0, 2.0]]),
    "regular": np.array([[1.0, 2.0], [2.0, 5.0]]),
    "both": np.array([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [2.0, 5.0]]]),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("p", ORDERS)
def test_condition_numbers_are_numpys(p: Any, name: str) -> None:
    if name == "singular" and p in (None, 2, -2):
        assert cats.compile(lambda a: np.linalg.cond(a, p))(MATRICES[name]) != 1.0
    else:
        same(lambda a: np.linalg.cond(a, p), MATRICES[name], rtol=1e-10 if name != "both" else 1e99)


def test_the_rest_of_a_system_of_less_than_full_rank_is_not_told() -> None:
    """One compiled function, for systems of either rank."""
    right, f = np.array([1.0, 2.0, 2.0]), cats.compile(lambda a, b: np.linalg.lstsq(a, b)[1])
    for last in (4.0, 5.0, 4.0):
        a = np.array([[1.0, 2.0], [2.0, last], [3.0, 6.0]])
        np.testing.assert_allclose(f(a, right), np.linalg.lstsq(a, right)[1])


@pytest.mark.parametrize("order", [-1.0, -0.5, 0.5, 1.0, 2.0])
def test_norms_of_nothing_and_of_zeros_are_numpys(order: float) -> None:
    with np.errstate(all="ignore"):
        for x in (np.zeros(0), np.zeros(2), np.array([0.0, 3.0]), np.array([np.inf, 3.0])):
            same(lambda x: np.linalg.norm(x, order), x)
            same(np.linalg.norm, x, order)


@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (0, 0)])
@pytest.mark.parametrize("permute", [False, True])
def test_factors_of_nothing_are_scipys(shape: tuple[int, int], permute: bool) -> None:
    same(lambda a: scipy.linalg.lu(a, permute_l=permute), np.zeros(shape))


# Sets, bins, zeta


@pytest.mark.parametrize("name", ["setdiff1d", "intersect1d", "union1d", "setxor1d", "isin"])
def test_sets_of_nothing_are_numpys(name: str) -> None:
    of = getattr(np, name)
    others: list[Any] = [[], np.array([], int)]
    for other in others:
        same(lambda x, o=other: of(x, o), np.array([0.3, -0.7, 0.3]))
        same(lambda x, o=other: of(o, x), np.array([0.3, -0.7, 0.3]))


def test_bins_of_nothing_are_numpys() -> None:
    for density in (False, True):
        same(lambda x, e, d=density: np.histogram(x, e, density=d), np.zeros(0), np.arange(3.0))


@pytest.mark.parametrize("x", [-2.0, -1.5, 0.0, 0.3, 0.5, 1.0, 3.0])
def test_zeta_of_one_argument_is_that_of_riemann(x: float) -> None:
    same(scipy.special.zeta, x)
    with pytest.raises(cats.CatsError, match="its derivative is a function that SciPy lacks"):
        cats.grad(lambda x: scipy.special.zeta(x))(x)


# Infinity


FAR: dict[str, tuple[Function, float]] = {
    "arctan": (np.arctan, 0.0),
    "arctan2 of y": (lambda x: np.arctan2(x, 1.0), 0.0),
    "arctan2 of x": (lambda x: np.arctan2(1.0, x), 0.0),
    "hypot": (lambda x: np.hypot(x, 1.0), 1.0),
    "hypot, second": (lambda x: np.hypot(1.0, x), 1.0),
}


@pytest.mark.parametrize("name", FAR)
def test_at_infinity_a_derivative_is_its_limit(name: str) -> None:
    f, limit = FAR[name]
    for x in (np.inf, -np.inf):
        assert cats.grad(f)(x) == np.sign(x) * limit
        assert cats.jvp(f, (x,), (1.0,))[1] == np.sign(x) * limit


def test_contractions_have_as_many_axes_as_there_are_letters() -> None:
    """52, in every product and mode: more are refused where the user asks for them."""
    many = np.ones((1,) * 30)
    most, deep = np.ones((1,) * 26), np.ones((1,) * 24 + (2, 2))
    assert cats.grad(lambda x: np.sum(np.tensordot(x, most, 0)))(most).shape == most.shape
    assert cats.jacfwd(lambda x: np.sin(x @ x))(np.ones((1,) * 22 + (2, 2))).shape == (
        *(1,) * 22, 2, 2, *(1,) * 22, 2, 2,
    )  # fmt: skip
    asked: list[Callable[[], Any]] = [
        lambda: cats.grad(lambda x: np.sum(np.tensordot(x, many, 0)))(many),
        lambda: cats.grad(lambda x: np.sum(np.dot(x, many)))(many),
        lambda: cats.grad(lambda x: np.sum(np.inner(x, many)))(many),
        lambda: cats.jacrev(lambda x: np.sin(x @ x))(deep),
        lambda: cats.vmap(lambda x: np.tensordot(x, most, 0))(np.stack([most, most])),
    ]
    for ask in asked:
        with pytest.raises(cats.SpaceError, match="each has a letter, and there are 52") as caught:
            ask()
        assert "np.squeeze" in (caught.value.remedy or "")
        assert caught.value.where is not None and caught.value.where.file == __file__
