"""What the derivative is where there is none: the table holds in every mode, on every backend.

The table is complete: every primitive with a kink has a row, and says itself where its kinks are.
`cats.kinks` finds what the table speaks of, names the user's line, and nothing beside a kink.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cats
from cats.at_kinks import Kink
from cats.ir.kink_table import CONVENTIONS, OF_OPERATION, Convention, Point
from cats.ir.prims import VOCABULARY, special
from cats.ir.prims.algebra import entrywise, slope
from cats.ir.prims.choice import abs as absolute
from cats.ir.prims.choice import equal, sign
from tests.house.tree import ROOT

BACKENDS = (cats.OnNumpy(), cats.OnNumexpr(least=1), cats.OnSource())
CASES = [(row, point) for row in CONVENTIONS for point in row.cases]
every = pytest.mark.parametrize(("row", "point"), CASES, ids=[p.formula for _, p in CASES])

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def arrays(point: Point) -> tuple[Any, ...]:
    return tuple(np.asarray(a)[()] for a in point.at)


def numbers(point: Point) -> tuple[int, ...]:
    return tuple(range(len(point.at)))


def same(found: Any, expected: Any) -> None:
    """Equal to the last bit, infinities and nan included."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


# The conventions


@every
def test_a_convention_holds_in_every_mode(row: Convention, point: Point) -> None:
    f, args, which = point.function, arrays(point), numbers(point)
    same(cats.grad(f, which)(*args), point.slopes)
    same(cats.value_and_grad(f, which)(*args)[1], point.slopes)
    same(cats.jacfwd(f, which)(*args), point.slopes)
    same(cats.jacrev(f, which)(*args), point.slopes)
    same(cats.vjp(f, *args)[1](1.0), point.slopes)
    for i in which:
        alone = cats.jvp(
            lambda v, i=i: f(*args[:i], v, *args[i + 1 :]), (args[i],), (_ones(args[i]),)
        )
        np.testing.assert_array_equal(alone[1], np.sum(point.slopes[i]))


def _ones(x: Any) -> Any:
    return np.ones_like(x)[()]


@every
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.name)
def test_a_convention_holds_on_every_backend(row: Convention, point: Point, backend: Any) -> None:
    args = arrays(point)
    same(cats.grad(point.function, numbers(point), backend=backend)(*args), point.slopes)
    if entrywise_in(point):
        rows = tuple(np.full(3, a) for a in args)
        many = cats.jacobian(point.function, numbers(point), backend=backend)(*rows)
        for block, slope in zip(many, point.slopes, strict=True):
            expected = np.zeros((3, 3))
            np.fill_diagonal(expected, slope)
            np.testing.assert_array_equal(block, expected)


def entrywise_in(point: Point) -> bool:
    """Whether the formula, of arrays, is that of each entry."""
    try:
        return bool(np.shape(point.function(*[np.full(3, a) for a in point.at])) == (3,))
    except ValueError:
        return False


@every
def test_second_derivatives_agree_in_every_mode(row: Convention, point: Point) -> None:
    """Those at infinite slopes as well, where they are not nan."""
    f, args, which = point.function, arrays(point), numbers(point)
    whole = cats.hessian(f, which)(*args)
    for way in (cats.jacfwd, cats.jacrev):
        for one, other in zip(way(cats.grad(f, which), which)(*args), whole, strict=True):
            for left, right in zip(one, other, strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-13)
    finite = all(np.isfinite(np.asarray(s)).all() for s in point.slopes)
    if finite and entrywise_in(point) and "power" not in row.operations:
        assert all(np.isfinite(block).all() for blocks in whole for block in blocks)


@every
def test_both_widths_keep_a_convention(row: Convention, point: Point) -> None:
    narrow = tuple(np.asarray(a, np.float32)[()] for a in point.at)
    found = cats.grad(point.function, numbers(point))(*narrow)
    same(found, point.slopes)
    assert all(np.asarray(g).dtype == np.float32 for g in found)


# The table


def test_every_primitive_with_kinks_has_a_row_and_every_row_its_primitives() -> None:
    with_kinks = [op.name for op in (*VOCABULARY, *special.FAMILY) if op.kinks is not None]
    named = [name for row in CONVENTIONS for name in row.operations]
    assert sorted(with_kinks) == sorted(named)
    assert len(OF_OPERATION) == len(named)
    assert all(row.cases for row in CONVENTIONS)


def test_the_readme_shows_the_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = "".join(f"| {row.what} | {row.derivative} |\n" for row in CONVENTIONS)
    assert f"| where | derivative |\n|---|---|\n{rows}\n" in text


# Where they are


@every
def test_kinks_finds_the_operation_and_quotes_the_convention(row: Convention, point: Point) -> None:
    found = [k for k in cats.kinks(point.function, *arrays(point))]
    if (point.formula == "x**y" and point.at == (0.0, 1.0)) or not row.operations:
        assert found == []
    else:
        assert [k.convention for k in found] == [str(row)]
        assert found[0].operation in row.operations


@every
def test_beside_a_kink_there_is_none(row: Convention, point: Point) -> None:
    moved = [np.asarray(a) + 1e-3 * (i + 1) + _apart(a) for i, a in enumerate(point.at)]
    assert not cats.kinks(point.function, *moved)


def _apart(value: Any) -> Any:
    return 1e-3 * np.arange(np.size(value)).reshape(np.shape(value))


def test_kinks_says_where_and_at_which_entries() -> None:
    def loss(x: Any) -> Any:
        size = np.abs(x)
        return np.sum(np.maximum(size, 1.0)) + np.linalg.norm(x) ** 2

    first, second = cats.kinks(loss, np.array([[0.0, -1.0], [3.0, 1.0]]))
    assert first.where is not None and second.where is not None
    assert (first.operation, first.entries, first.where.code) == (
        "abs", ((0, 0),), "size = np.abs(x)",
    )  # fmt: skip
    assert (second.operation, second.entries) == ("maximum", ((0, 1), (1, 1)))
    assert second.where.line == first.where.line + 1
    assert str(first).splitlines() == [
        "abs at [0, 0]",
        f"  at {first.where}: size = np.abs(x)",
        "  `abs` at 0: 0",
    ]


def test_what_is_smooth_together_is_no_kink() -> None:
    zeros = np.zeros(2)
    assert not cats.kinks(lambda x: np.linalg.norm(x) ** 2, zeros)
    assert str(cats.kinks(lambda x: np.sum(np.abs(x) ** 2), zeros)) == "no operation is at a kink"
    assert [k.operation for k in cats.kinks(lambda x: np.linalg.norm(x), zeros)] == ["root"]
    assert len(cats.kinks(lambda x: np.linalg.norm(x) + np.linalg.norm(x) ** 2, zeros)) == 1


def test_what_the_derivative_does_not_go_through_is_no_kink() -> None:
    x = np.array([0.0, 2.0])
    assert not cats.kinks(lambda x: np.sum(x * np.abs(np.zeros(2))), x)
    assert not cats.kinks(lambda x: x[1] * cats.stop_gradient(np.abs(x[0])), x)
    assert not cats.kinks(lambda x: (np.abs(x[0]), x[1])[1], x)


def test_kinks_of_a_gradient_are_those_of_the_gradient() -> None:
    found = cats.kinks(cats.grad(lambda x: np.abs(x) * x**2), 0.0)
    assert "sign" in [k.operation for k in found]
    assert all(k.where is not None and "np.abs(x)" in k.where.code for k in found)


def test_a_decision_between_equal_numbers_is_a_kink() -> None:
    def f(x: Any) -> Any:
        if x[0] > 1.0:
            return x[0] * x[1]
        return x[1]

    (found,) = cats.kinks(f, np.array([1.0, 2.0]))
    assert found.operation == "greater" and found.where is not None
    assert found.where.code == "if x[0] > 1.0:"
    assert not cats.kinks(f, np.array([1.5, 2.0]))


def test_of_a_choice_the_branch_taken_is_looked_at() -> None:
    term = cats.parse(r"\x: R. if x < 1 then abs x else sign x")
    assert [k.operation for k in cats.kinks(term, 0.0)] == ["abs"]
    assert [k.operation for k in cats.kinks(term, 1.0)] == ["less"]
    nested = cats.parse(r"\x: R. if x < 1 then (if x < 1 then abs x else x) else x")
    assert [k.operation for k in cats.kinks(nested, 0.0)] == ["abs"]


def test_a_users_operation_says_where_its_kinks_are() -> None:
    op = entrywise(
        "ramp", "np.maximum({0}, 0)", "", lambda x, *, out: slope(sign(absolute(out)), x),
        kinks=lambda x: equal(x, 0.0),
    )  # fmt: skip
    (found,) = cats.kinks(lambda x: op(x), 0.0)
    assert found == Kink("ramp", found.where, ((),), "as its rule says")


def test_kinks_needs_values() -> None:
    with pytest.raises(cats.SpaceError, match="kinks looks at the values of a function"):
        cats.kinks(np.abs, cats.Spec())
    with pytest.raises(cats.SpaceError, match="Call it on arrays"):
        cats.grad(lambda x: x * len(cats.kinks(np.abs, x)))(1.0)
