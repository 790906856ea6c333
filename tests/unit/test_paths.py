"""Decisions on values: one function is a tree of paths, right at every input, and bounded."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats import bindings, engine, paths
from cats.capture import told_by_modules
from cats.ir.errors import Where
from cats.ir.inline import without_guards
from cats.ir.prims.guards import OtherPath, guard, outcome_of
from cats.ir.read import read_program
from cats.paths import MOST, Path, Paths, PathWarning

Function = Callable[..., Any]


def difference(f: Function, x: Any, h: float = 1e-6) -> Any:
    """Central differences."""
    if not np.ndim(x):
        return (f(x + h) - f(x - h)) / (2 * h)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows with every trace."""
    seen: list[Any] = []
    plain = engine.__dict__["traced"]

    def counted(f: Any, call: Any) -> Any:
        seen.append(f)
        return plain(f, call)

    monkeypatch.setattr(engine, "traced", counted)
    return seen


# Ordinary Python that decides


def huber(x: Any) -> Any:
    if abs(x) <= 1.0:
        return 0.5 * x * x
    return abs(x) - 0.5


def chained(x: Any) -> Any:
    return x * x if 0.0 < x < 1.0 else x**3 if x >= 1.0 and not x > 2.0 else -x or 1.0


def newton(a: Any) -> Any:
    x, count = a, 0
    while abs(x * x - a) > 1e-12 and count < 60:
        x = (x + a / x) / 2
        count += 1
    return x


def halves(x: Any) -> Any:
    total = 0.0
    for k in range(20):
        if x < 0.5**k:
            continue
        total = total + x * 0.5**k
        if total > 1.0:
            break
    else:
        total = total * 2.0
    return total


def stairs(x: Any) -> Any:
    n = int(x)
    return x * n + round(x) * x + sum(x for _ in range(n)) + [x, x * x, x**3][n % 3]


def asserting(x: Any) -> Any:
    assert x > 0, "positive"
    return np.log(x)


def tried(x: Any) -> Any:
    try:
        if x < 0:
            raise ValueError("negative")
        return np.sqrt(x)
    except ValueError:
        return x * x


def text(x: Any) -> Any:
    return x * len(f"{x:.2f}") * (len(str(int(x))) + 1)


def ternary_in_list(x: Any) -> Any:
    return sum([y if y > 0 else -2 * y for y in (x, x - 1, x + 1)])


SCALAR: dict[str, tuple[Function, tuple[float, ...]]] = {
    "huber": (huber, (0.3, 3.0, -0.2, -5.0, 0.3)),
    "chained": (chained, (0.5, 1.5, 3.0, -1.0, 0.5)),
    "newton": (newton, (2.0, 3.0, 1e4, 0.01, 2.0)),
    "halves": (halves, (0.3, 0.9, 0.01, 4.0, 1e-9, 0.3)),
    "stairs": (stairs, (0.7, 1.2, 2.4, 3.7, 0.7)),
    "asserting": (asserting, (0.5, 3.0)),
    "tried": (tried, (2.0, -2.0, 3.0)),
    "text": (text, (1.25, 2.0, 10.5, 1.25)),
    "ternaries": (ternary_in_list, (0.5, 2.0, -2.0, -0.5)),
}


@pytest.mark.parametrize("name", SCALAR)
def test_python_decides_by_values(name: str) -> None:
    f, points = SCALAR[name]
    both, forward = cats.value_and_grad(f), cats.compile(f)
    for x in points:
        value, slope = both(x)
        assert value == pytest.approx(f(x), rel=1e-14)
        assert forward(x) == pytest.approx(f(x), rel=1e-14)
        assert slope == pytest.approx(difference(f, x), rel=1e-5, abs=1e-7)
        assert cats.jvp(f, (x,), (1.0,))[1] == pytest.approx(slope, rel=1e-13)


def test_what_pytest_adds_to_an_assertion_is_no_part_of_a_function() -> None:
    assert not all(map(str.isidentifier, asserting.__code__.co_names))
    assert told_by_modules(asserting) == {(id(globals()), "np")}


def sorted_by_hand(x: Any) -> Any:
    x = x.copy()
    for i in range(len(x)):
        for j in range(len(x) - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
    return np.sum(x * np.arange(len(x)))


def positives(x: Any) -> Any:
    kept = x[x > 0]
    return np.sum(kept**2) / max(len(kept), 1)


def collected(x: Any) -> Any:
    found = [v * v for v in x if v > 0.2]
    return sum(found) + np.prod(np.array(found)) if found else np.sum(x)


def pivoted(x: Any) -> Any:
    a = x.reshape(2, 2).copy()
    if abs(a[1, 0]) > abs(a[0, 0]):
        a[[0, 1]] = a[[1, 0]]
    m = a[1, 0] / a[0, 0]
    return a[0, 0] * (a[1, 1] - m * a[0, 1])


def first_large(x: Any) -> Any:
    places = np.nonzero(x > 0.5)[0]
    return x[places[0]] ** 2 + x[np.argmax(x)] if len(places) else x[0]


def walked(x: Any) -> Any:
    i, total = 0, 0.0
    while i < len(x) and x[i] > 0:
        total = total + np.sin(x[i]) * (i + 1)
        i += 1
    return total + np.sum(x)


ARRAY: dict[str, Function] = {
    f.__name__: f for f in (sorted_by_hand, positives, collected, pivoted, first_large, walked)
}
POINTS = [
    np.array([0.3, -0.4, 0.9, 0.7]), np.array([0.9, 0.1, -0.2, 0.6]),
    np.array([-0.3, -0.4, -0.9, -0.7]), np.array([0.6, 0.7, 0.8, 0.9]),
]  # fmt: skip


@pytest.mark.parametrize("name", ARRAY)
def test_decisions_on_arrays(name: str) -> None:
    f = ARRAY[name]
    both = cats.value_and_grad(f)
    for x in (*POINTS, *POINTS):
        value, slope = both(x)
        assert value == pytest.approx(f(x), rel=1e-14)
        np.testing.assert_allclose(slope, difference(f, x), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(cats.jacobian(f, mode="fwd")(x), slope, rtol=1e-12, atol=1e-14)


def test_other_transforms_follow_the_path() -> None:
    for x in (0.3, 3.0, -0.2):
        assert cats.grad(cats.grad(huber))(x) == (1.0 if abs(x) <= 1 else 0.0)
        value, push = cats.linearize(huber, x)
        assert (value, push(2.0)) == (huber(x), 2.0 * np.clip(x, -1, 1))
        assert cats.vjp(huber, x)[1](3.0)[0] == 3.0 * np.clip(x, -1, 1)
        assert cats.grad(lambda y: cats.grad(huber)(y) * y)(x) == pytest.approx(
            2 * x if abs(x) <= 1 else np.sign(x)
        )


@given(st.lists(st.floats(-2, 2, allow_nan=False), min_size=1, max_size=12))
def test_one_compiled_function_is_right_at_every_input(points: list[float]) -> None:
    for f in (huber, chained, halves):
        g = cats.compile(f)
        for x in points:
            assert g(x) == pytest.approx(f(x), rel=1e-14, abs=1e-300)


# The tree


def test_a_path_is_traced_once(traces: list[Any]) -> None:
    g = cats.grad(huber)
    for x in (0.5, 2.0, 0.7, -3.0, 0.1, 5.0):
        g(x)
    assert len(traces) == 2
    g(0.2), cats.grad(huber)(7.0)
    assert len(traces) == 2


def test_what_is_decided_twice_is_guarded_once() -> None:
    def f(x: Any) -> Any:
        y = x * x
        a = 1.0 if y > 1.0 else 2.0
        b = 3.0 if y > 1.0 else 4.0
        return x * a * b

    steps = cats.trace(f, 0.5).steps
    assert sum(step.op is guard for step in steps) == 1


def test_a_decision_on_constants_is_none() -> None:
    def f(x: Any) -> Any:
        n = np.arange(4)
        return x if n[2] > 1 and np.all(n < 5) else -x

    assert [step.op for step in cats.trace(f, 1.0).steps] == []


def test_no_guard_stands_in_the_way_of_a_decision_on_shapes() -> None:
    assert not cats.trace(lambda x: x[0] if x.ndim and len(x) > 1 else x, np.ones(3)).steps[1:]


def test_guards_come_before_what_depends_on_them() -> None:
    """On another path the rest is not run: no error, no warning."""

    def f(x: Any) -> Any:
        return np.sum(np.log(x[x > 0]))

    g = cats.compile(f)
    assert g(np.array([1.0, 2.0])) == np.log(2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert g(np.array([-1.0, 2.0])) == np.log(2.0)
        assert g(np.array([-1.0, -2.0])) == 0.0


def test_paths_are_kept_within_bounds_and_thrashing_is_said_once() -> None:
    def f(x: Any) -> Any:
        return x * int(x)

    g = cats.compile(f)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for n in range(2 * MOST + 20):
            assert g(n + 0.5) == (n + 0.5) * n
        assert g(0.5) == 0.0
    (warning,) = [w for w in caught if issubclass(w.category, PathWarning)]
    message = str(warning.message)
    assert "most calls take a new one" in message and "cats.while_loop" in message
    assert f"{__file__}:" in message and "return x * int(x)" in message


def test_eviction_keeps_what_is_used() -> None:
    tree: Paths[str] = Paths()
    place = Where("f.py", 1)

    def run(number: int) -> str:
        def execute(made: str) -> str:
            if made != str(number):
                raise OtherPath(0, number)
            return made

        return tree.run(lambda: Path((number,), (place,), str(number)), execute, lambda m: m)[1]  # type: ignore[no-any-return]

    for number in range(MOST):
        assert run(number) == str(number)
    for number in range(MOST, MOST + 40):
        run(0)
        assert run(number) == str(number)
    assert len(tree) == MOST
    made = []
    tree.run(lambda: made.append(1) or Path((0,), (place,), "0"), lambda m: m, lambda m: m)  # type: ignore[func-returns-value]
    run(0)
    assert not made


def test_rounding_that_decides_otherwise_than_the_trace_is_no_endless_search() -> None:
    """The path just traced at these arguments is run without its guards."""
    tree: Paths[str] = Paths()
    place = Where("f.py", 1)

    def execute(made: str) -> str:
        raise OtherPath(0, False)

    found = tree.run(
        lambda: Path((True,), (place,), "made"), execute, lambda made: made + " anyway"
    )
    assert found == ("made", "made anyway")


def test_a_loop_that_unrolls_too_far_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "BUDGET", 1000)

    def f(x: Any) -> Any:
        while x < 1e9:
            x = x + 1e-9
        return x

    with pytest.raises(cats.TraceError, match="more than 1000 operations") as caught:
        cats.grad(f)(0.0)
    assert caught.value.where is not None
    assert caught.value.where.code in ("while x < 1e9:", "x = x + 1e-9")
    assert "cats.while_loop" in (caught.value.remedy or "")


def test_without_data_there_is_no_decision() -> None:
    with pytest.raises(cats.TraceError, match="no value is known here") as caught:
        cats.trace(huber, cats.Spec())
    assert caught.value.where is not None and "abs(x) <= 1.0" in caught.value.where.code
    assert "cats.cond" in (caught.value.remedy or "")


def test_long_runs_of_guards_give_nothing() -> None:
    """A long program is written in parts, and a part may hold nothing but guards."""

    def f(x: Any) -> Any:
        y = np.sin(x)
        kinds = [1 if v > 0.5 else 2 for v in y]
        return np.sum(y) * len(kinds)

    x = np.linspace(0.1, 1.0, 900)
    assert cats.compile(f)(x) == pytest.approx(f(x), rel=1e-14)
    np.testing.assert_allclose(cats.grad(f)(x), 900 * np.cos(x), rtol=1e-14)


# Guards as steps


def test_guards_print_and_read_back() -> None:
    program = cats.trace(huber, 0.5)
    assert "guard[number=0, outcome=True]" in str(program)
    assert read_program(str(program)) == program
    assert not any(step.op is guard for step in without_guards(program).steps)


def test_source_says_where_it_does_not_hold() -> None:
    text = cats.source(cats.grad(huber), 0.5)
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    assert namespace["grad_huber"](0.25) == 0.25
    with pytest.raises(ValueError, match="the code goes another way than this text, at test_paths"):
        namespace["grad_huber"](2.0)


@pytest.mark.parametrize(
    "say",
    [
        lambda x: f"{x:.2f}",
        lambda x: "%.2f" % (2.0 * x),
        lambda x: str(ValueError(f"{x} is small")),
        lambda x: {"x": repr(x)},
    ],
)
def test_source_of_what_writes_a_number_takes_pythons(say: Callable[[Any], object]) -> None:
    def written(x: Any) -> Any:
        say(x)
        return x * x

    namespace: dict[str, Any] = {}
    exec(cats.source(written, 1.5), namespace)
    assert namespace["written"](1.5) == namespace["written"](np.float64(1.5)) == 2.25
    with pytest.raises(ValueError, match="the code goes another way than this text"):
        namespace["written"](2.0)


BACKENDS = [cats.OnNumpy(), cats.OnNumexpr(least=1), cats.OnSource()]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_every_backend_that_decides_takes_other_paths(backend: Any) -> None:
    """By truth values, whole numbers and bits, within words too."""

    def f(x: Any, n: Any) -> Any:
        y = x * x if x > 0 else -x
        for _ in range(int(n)):
            y = y + x
        if f"{y:.1f}" == "4.0":
            y = 3 * y
        return cats.fori_loop(0, 2, lambda i, c: c + y, y) if y > 1.0 else y

    both = cats.value_and_grad(f, backend=backend)
    rows = [(2.0, 0, 36.0, 36.0), (-2.0, 0, 6.0, -3.0), (2.0, 1, 18.0, 15.0), (0.5, 1, 0.75, 2.0)]
    for x, n, value, slope in [*rows, (-0.5, 2, -0.5, 1.0), *rows]:
        assert both(x, np.float64(n)) == (value, slope)


def test_outcomes_are_compared_to_the_bit() -> None:
    nan = outcome_of(np.float64("nan"))
    assert nan == outcome_of(np.float64("nan")) and outcome_of(0.0) != outcome_of(-0.0)
    assert guard(np.float64(2.0), number=0, outcome=outcome_of(2.0)) == 2.0
    with pytest.raises(OtherPath):
        guard(np.float64(2.5), number=0, outcome=outcome_of(2.0))


def test_paths_have_a_documented_bound() -> None:
    assert str(paths.MOST).isdigit() and paths.PathWarning is cats.PathWarning


def test_arrays_of_whole_numbers_are_observed_once_for_each_outcome(traces: list[Any]) -> None:
    fast = cats.compile(lambda x: np.repeat(x, (x > 0).astype(int)) ** 2)
    for x in ([1.0, -1.0], [2.0, -2.0], [-1.0, 1.0], [3.0, -1.0]):
        assert np.array_equal(fast(np.array(x)), [max(x) ** 2])
    assert len(traces) == 2
