"""Shapes, keys, products, differences and polynomials mean what NumPy says.

Values are NumPy's to the bit, or, for sums that are taken in another order, within two units in
the last place of the largest. What is static asks for no data; what is random is drawn.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cats
from cats.surface.refused import MODULES, REFUSED
from tests.unit.cases_shapes import CASES

Array = Any
Function = Callable[..., Any]


def topics() -> dict[str, list[str]]:
    """The expressions in v, m, s, t and p that lie beside this file, by topic."""
    text = (Path(__file__).parent / "expressions.txt").read_text(encoding="utf-8")
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return {title.strip("[]"): rows for title, *rows in blocks}


TOPICS = topics()

V = np.array([0.3, 0.8, 0.5, 1.7])
M = np.arange(12.0).reshape(3, 4) / 7 + 0.1
S = np.arange(9.0).reshape(3, 3) ** 1.3 / 5 + 0.2
T = np.sin(np.arange(24.0)).reshape(2, 3, 4)
P = np.float64(0.7)
WHOLE = (
    np.array([3, 1, 2, 5]), np.arange(12).reshape(3, 4) + 1, np.arange(9).reshape(3, 3) + 2,
    np.arange(24).reshape(2, 3, 4) - 5, np.int64(3),
)  # fmt: skip


def frozen(a: Array) -> Array:
    """A read-only copy."""
    made = a.copy()
    made.flags.writeable = False
    return made


KINDS: dict[str, tuple[Array, ...]] = {
    "plain": (V, M, S, T, P),
    "columns": (np.repeat(V, 2)[::2], *map(np.asfortranarray, (M, S, T)), P),
    "backward": (V[::-1].copy()[::-1], M[:, ::-1].copy()[:, ::-1], frozen(S), T.T.copy().T, P),
    "whole": WHOLE,
    "single": tuple(np.asarray(a, np.float32)[()] for a in (V, M, S, T, P)),
}

SUMS = ("dot(", "matmul", "matvec", "vecmat", "inner", "einsum", "polyfit")
"""What may sum in another order than NumPy's, which leaves that to libraries."""


def leaves(value: Any) -> list[Array]:
    """The arrays of a result."""
    several = isinstance(value, list | tuple)
    return [leaf for part in value for leaf in leaves(part)] if several else [np.asarray(value)]


def alike(found: Any, expected: Any, allowed: int = 0) -> bool:
    """Whether all leaves agree in kind, and in value to so many units in the last place."""
    return all(
        (a.shape, a.dtype) == (b.shape, b.dtype) and near(a, b, allowed)
        for a, b in zip(leaves(found), leaves(expected), strict=True)
    )


def near(a: Array, b: Array, allowed: int) -> bool:
    """Whether entries agree to so many units in the last place of the largest."""
    if np.array_equal(a, b, equal_nan=True) or not allowed or a.dtype.kind != "f":
        return np.array_equal(a, b, equal_nan=True)
    return bool(np.max(np.abs(a - b)) <= allowed * np.spacing(np.max(np.abs(b))))


def outcome(f: Function, args: tuple[Array, ...]) -> Any:
    """What NumPy makes of it; None where it raises, or computes in half precision."""
    try:
        found = f(*args)
    except (TypeError, ValueError, IndexError):
        return None
    return None if any(a.dtype == np.float16 for a in leaves(found)) else found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("topic", TOPICS)
def test_expressions_are_numpys(topic: str, kind: str) -> None:
    wrong = []
    for code in TOPICS[topic]:
        f = eval(f"lambda v, m, s, t, p: {code}", {"np": np})
        expected = outcome(f, KINDS[kind])
        if expected is None:
            continue
        found = cats.compile(f)(*KINDS[kind])
        if not alike(found, expected, 2 if any(word in code for word in SUMS) else 0):
            wrong.append(code)
    assert wrong == []


def test_most_expressions_have_a_meaning_for_every_kind() -> None:
    """So that the test above cannot pass by skipping."""
    for kind, args in KINDS.items():
        asked = [code for rows in TOPICS.values() for code in rows]
        known = [
            code for code in asked
            if outcome(eval(f"lambda v, m, s, t, p: {code}", {"np": np}), args) is not None
        ]  # fmt: skip
        assert len(known) > 0.97 * len(asked), kind


DECIDING = {
    "arange", "arange stop", "arange dtype", "arange whole", "eyes", "asarray_chkfinite",
    "repeat observed", "compress observed", "extract", "trim_zeros", "trim_zeros front", "argwhere",
    "place", "flags", "polyfit", "polyfit of columns", "power fit", "polymul", "polydiv", "poly1d",
    "power", "cheb2poly", "polynomial mul", "polynomial add", "chebyshev mul", "chebyshev add",
}  # fmt: skip
"""The rows that take a decision on values: lengths, leading zeros, ranks."""


def test_what_is_static_asks_for_no_data() -> None:
    deciding = set()
    for name, f, args in CASES:
        try:
            cats.trace(f, *[cats.Spec(np.shape(a), np.asarray(a).dtype) for a in args])
        except cats.TraceError as error:
            assert "no value is known here" in error.message, name
            deciding.add(name)
    assert deciding == DECIDING


# What is drawn


@st.composite
def keys(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """A key of any mixture that NumPy reads: some of them are mistakes."""
    count = draw(st.integers(1, 3))
    parts: list[Any] = []
    for n in [*shape[:3], 2][:count]:
        parts.append(
            draw(
                st.one_of(
                    st.integers(-n, n - 1),
                    st.slices(n),
                    st.sampled_from([None, Ellipsis, True, np.False_, np.array(0)]),
                    st.lists(st.integers(-n, n - 1), min_size=2, max_size=2),
                    st.lists(st.booleans(), min_size=n, max_size=n).map(np.array),
                    st.just(np.array([[0, n - 1], [n - 1, 0]])),
                )
            )
        )
    return tuple(parts) if len(parts) > 1 or draw(st.booleans()) else parts[0]


def agrees(f: Function, args: tuple[Array, ...]) -> bool:
    """Whether a traced function gives what NumPy gives; where NumPy raises, so must we."""
    try:
        expected = f(*args)
    except (IndexError, ValueError):
        with pytest.raises((cats.CatsError, IndexError, ValueError)):
            cats.compile(f)(*args)
        return True
    return alike(cats.compile(f)(*args), expected)


@settings(max_examples=80)
@given(st.data())
def test_keys_of_every_mixture(data: st.DataObject) -> None:
    """Reading, the gradient of reading (each entry as often as it is read), and writing."""
    x = data.draw(st.sampled_from([V, M, T]))
    key = data.draw(keys(x.shape))
    assert agrees(lambda x: x[key], (x,))
    try:
        read = np.arange(x.size).reshape(x.shape)[key]
    except IndexError:
        return
    times = np.bincount(np.ravel(read), minlength=x.size).reshape(x.shape)
    assert np.array_equal(cats.grad(lambda x: np.sum(x[key]))(x), times)

    def write(x: Array, v: Array) -> Array:
        a = x * 2
        a[key] = v
        a[key] *= x[(0,) * x.ndim]
        return a

    assert agrees(write, (x, np.float64(0.3)))
    assert agrees(write, (x, np.full(read.shape, 0.7)))
    whole = cats.grad(lambda x: np.sum(write(x, 0.3)))(np.ones(x.shape))
    untouched = np.where(times > 0, 0.0, 2.0)
    untouched[(0,) * x.ndim] += 0.3 * np.count_nonzero(times)
    np.testing.assert_allclose(whole, untouched)


@settings(max_examples=40)
@given(st.data())
def test_padding_of_every_width(data: st.DataObject) -> None:
    x = data.draw(st.sampled_from([V[:1], V[:2], V, M, M[:, :1]]))
    widths = data.draw(st.lists(st.tuples(*[st.integers(0, 9)] * 2), min_size=x.ndim,
                                max_size=x.ndim))  # fmt: skip
    mode = data.draw(st.sampled_from(
        ["constant", "edge", "linear_ramp", "maximum", "mean", "minimum", "reflect", "symmetric",
         "wrap"]))  # fmt: skip
    options: dict[str, Any] = {}
    if mode in ("reflect", "symmetric"):
        options["reflect_type"] = data.draw(st.sampled_from(["even", "odd"]))
    if mode in ("maximum", "mean", "minimum"):
        options["stat_length"] = data.draw(st.sampled_from([None, 1, 2, 5]))

    def f(x: Array) -> Array:
        return np.pad(x, widths, mode, **options)  # type: ignore[call-overload]

    assert agrees(f, (x,))
    along = np.cos(np.arange(x.size)).reshape(x.shape)
    moved = cats.jvp(f, (x,), (along,))[1]
    weights = np.sin(np.arange(moved.size)).reshape(moved.shape)
    (pulled,) = cats.vjp(f, x)[1](weights)
    np.testing.assert_allclose(np.vdot(weights, moved), np.vdot(pulled, along), rtol=1e-11,
                               atol=1e-11)  # fmt: skip


@settings(max_examples=40)
@given(st.data())
def test_contractions_of_every_kind(data: st.DataObject) -> None:
    sizes = {"i": 2, "j": 3, "k": 1, "l": 2}
    words = st.text(alphabet="ijkl", min_size=0, max_size=3)
    operands = data.draw(st.lists(words, min_size=1, max_size=4))
    used = sorted(set("".join(operands)))
    out = "".join(data.draw(st.permutations(used))[: data.draw(st.integers(0, len(used)))])
    text = f"{','.join(operands)}->{out}"
    draw = np.random.default_rng(len(text))
    arrays = tuple(draw.normal(size=[sizes[c] for c in o]) for o in operands)
    optimize: Any = data.draw(st.sampled_from([False, True, "greedy", "optimal"]))

    def f(*xs: Array) -> Array:
        return np.einsum(text, *xs, optimize=optimize)

    found, expected = cats.compile(f)(*arrays), f(*arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)
    slopes = cats.grad(lambda *xs: np.sum(f(*xs)), tuple(range(len(arrays))))(*arrays)
    for x, slope in zip(arrays, slopes, strict=True):
        others = f(*[np.ones_like(a) if a is x else a for a in arrays])
        assert slope.shape == x.shape
        if sum(a is x for a in arrays) == 1:
            np.testing.assert_allclose(np.sum(slope), np.sum(others), rtol=1e-12, atol=1e-13)


@settings(max_examples=40)
@given(st.integers(1, 7), st.integers(1, 7), st.sampled_from(["full", "same", "valid"]))
def test_convolution_is_the_product_of_polynomials(n: int, m: int, mode: Any) -> None:
    """In whole numbers, exactly; and its derivatives are correlations."""
    x, y = np.arange(1.0, n + 1) ** 2, np.arange(m)[::-1] - 1.0
    assert agrees(lambda x, y: np.convolve(x, y, mode), (x, y))
    assert agrees(lambda x, y: np.correlate(x, y, mode), (x, y))
    rows = cats.jacobian(lambda x: np.convolve(x, y, mode))(x)
    assert np.array_equal(rows, np.array([np.convolve(e, y, mode) for e in np.eye(n)]).T)
    columns = cats.jacobian(lambda y: np.correlate(x, y, mode), mode="rev")(y)
    assert np.array_equal(columns, np.array([np.correlate(x, e, mode) for e in np.eye(m)]).T)


# Views


def test_views_see_what_is_written_and_may_be_read_only() -> None:
    def seen(x: Array) -> Any:
        a = np.outer(x, x)
        b = x * 1.0
        rows = np.lib.stride_tricks.sliding_window_view(b, 2)
        turned, cut = np.einsum("ij->ji", a), np.trim_zeros(b)
        stacked = np.meshgrid(b, a[0], copy=False, sparse=True)
        parts = np.array_split(b, 2)
        b[1] = 7 * x[0]
        a[0, 1] = x[2]
        turned[2, 0] = x[1] ** 2
        parts[1][0] *= 2.0
        return a, rows.sum(1), np.diagonal(a, 1), cut * b, stacked[0] * 1, stacked[1] * 1

    assert agrees(seen, (V[:3],))
    for read_only in (
        lambda a: np.diagonal(a), lambda a: np.diag(a), lambda a: np.broadcast_to(a[0], (2, 3)),
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=0),
        lambda a: np.meshgrid(a[0], a[1], copy=False)[0],
    ):  # fmt: skip

        def write(x: Array, view: Any = read_only) -> Array:
            a = np.outer(x, x)
            view(a)[0] = 1.0
            return a

        with pytest.raises(cats.TraceError, match="read-only"):
            cats.compile(write)(V[:3])


def test_what_is_new_is_no_view() -> None:
    def apart(x: Array) -> Any:
        a = np.outer(x, x)
        made = (
            np.roll(a, 0), np.tile(a, 1), np.repeat(a, 1, axis=0), np.insert(a, [], [], axis=0),
            np.delete(a, []), np.block(a), np.pad(a, 0, "edge"), np.concatenate([a]), np.array(a),
            np.take(a, [0, 1], 0), np.meshgrid(a[0])[0], np.copy(a), np.asfortranarray(a),
            np.einsum("ij,j->i", a, x), np.select([a > 0], [a]), np.stack([a[0]])[0],
        )  # fmt: skip
        a[...] = 0.0
        for part in made:
            part[0] += x[0]
        return a, made

    assert agrees(apart, (V[:3],))


# Choices, kinks, and costs


def test_what_is_not_taken_does_not_matter() -> None:
    x = np.array([0.0, -1.0, 4.0])
    with np.errstate(all="ignore"):
        for f in (
            lambda x: np.sum(np.select([x > 0], [np.sqrt(x)], x)),
            lambda x: np.sum(np.choose((x > 0).astype(int), [x, np.sqrt(x)])),
        ):
            assert np.array_equal(cats.grad(f)(x), [1.0, 1.0, 0.25])
            assert np.array_equal(np.diag(cats.hessian(f)(x)), [0.0, 0.0, -1 / 32])


def test_ties_of_padding_share() -> None:
    slope = cats.grad(lambda x: np.sum(np.pad(x, 1, "maximum")[:1]))(np.array([2.0, 1.0, 2.0]))
    assert np.array_equal(slope, [0.5, 0.0, 0.5])


def test_places_that_happen_to_be_even_are_still_varied() -> None:
    """NumPy has another formula there, equal in value and not in its derivative."""
    y, places, along = V, np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.3, -0.2, 0.5, 0.1])
    moved = cats.jvp(lambda p: np.gradient(y, p), (places,), (along,))[1]
    near = [np.gradient(y, places + h * along) for h in (1e-6, -1e-6)]
    np.testing.assert_allclose(moved, (near[0] - near[1]) / 2e-6, rtol=1e-7)


def works(f: Function, *shapes: tuple[int, ...]) -> int:
    """Operations counted without running anything."""
    return cats.count(f, *[cats.Spec(s) for s in shapes]).total


@pytest.mark.parametrize(
    ("f", "shapes", "most"),
    [
        (lambda x, y: np.convolve(x, y), ((4000,), (9,)), 2 * 4000 * 9),
        (lambda x, y: np.correlate(x, y), ((4000,), (9,)), 2 * 4000 * 9),
        (lambda x: np.pad(x, 5), ((4000,),), 4000),
        (lambda x: np.pad(x, 5, "reflect"), ((4000,),), 0),
        (lambda x: np.roll(x, 7), ((4000,),), 0),
        (lambda x: np.diag(x)[0, 0], ((400,),), 400),
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, 9), ((4000,),), 0),
        (lambda x, y: np.kron(x, y), ((30, 30), (20, 20)), 600 * 600),
        (lambda x, y, z: np.einsum("ij,jk,k->i", x, y, z), ((90, 90), (90, 90), (90,)), 4 * 8100),
        (lambda x: np.einsum("ij,jk,kl,lm->im", x, x, x, x), ((20, 20),), 6 * 8000),
        (lambda x: np.gradient(x), ((4000,),), 2 * 4000),
        (lambda x: np.trapezoid(x), ((4000,),), 4 * 4000),
    ],
)  # fmt: skip
def test_costs_are_numpys(f: Function, shapes: Any, most: int) -> None:
    """And a gradient costs a few times as much."""
    assert works(f, *shapes) <= most
    size = sum(int(np.prod(s)) for s in shapes)
    slope = cats.grad(lambda *xs: np.sum(f(*xs)))
    ends = cats.trace(f, *[cats.Spec(s) for s in shapes]).ends
    out = int(np.prod(ends[0].shape))
    assert works(slope, *shapes) <= 3 * most + 2 * (size + out)


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional:DeprecationWarning")
def test_cross_products_in_the_plane() -> None:
    x, y = np.array([1.0, 2.0]), np.array([[0.5, 3.0, 4.0], [1.0, 0.0, 2.0]])
    for args in ((x, y[:, :2]), (x, y), (y, x)):
        assert agrees(lambda a, b: np.cross(a, b), args)
    assert np.array_equal(cats.jacobian(lambda x: np.cross(x, y[0]))(x),
                          [[0.0, 4.0], [-4.0, 0.0], [3.0, -0.5]])  # fmt: skip


ASKED: dict[str, Function] = {
    "save": lambda f, x: f(io.BytesIO(), x),
    "savez": lambda f, x: f(io.BytesIO(), x),
    "savez_compressed": lambda f, x: f(io.BytesIO(), x),
    "set_printoptions": lambda f, x: f(precision=3),
    "logn": lambda f, x: f(2, -x),
    "power": lambda f, x: f(-x, 0.5),
    "sqrt": lambda f, x: f(-x),
    "log": lambda f, x: f(-x),
    "log2": lambda f, x: f(-x),
    "log10": lambda f, x: f(-x),
    "arccos": lambda f, x: f(9 * x),
    "arcsin": lambda f, x: f(9 * x),
    "arctanh": lambda f, x: f(9 * x),
}
"""What is asked of a function that is refused; of those that are not here, f(x)."""

ELSEWHERE = frozenset({"savetxt", "frompyfunc", "tobytes", "fiedler_companion"})
"""Functions that say what is wrong before the table is asked; so do names that begin with __."""


def asking(module: str, name: str, x: Array) -> Array:
    """A function of a module is called, or a method of arrays is looked up."""
    if module == "numpy.ndarray":
        return getattr(x, name)
    function = getattr(importlib.import_module(module), name)
    return ASKED[name](function, x) if name in ASKED else function(x)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_what_is_refused_says_why_and_what_to_do() -> None:
    for name, refusal in REFUSED.items():
        if refusal is None:
            continue
        (why, remedy), (module, _, last) = refusal, name.rpartition(".")
        if name in MODULES or last in ELSEWHERE or last.startswith("__"):
            continue
        with pytest.raises(cats.TraceError) as caught:
            cats.compile(partial(asking, module, last))(V)
        assert why in caught.value.message and last in caught.value.message, name
        assert caught.value.remedy == remedy, name
        assert caught.value.where is not None and caught.value.where.file == __file__
