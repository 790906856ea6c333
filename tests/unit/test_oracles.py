"""The oracle itself: runs, derivatives, noise and ulps, where the answer is known otherwise."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import cats
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step
from cats.ir.read import read_program
from cats.ir.spaces import R, Real
from tests.house.tree import run as command
from tests.oracles.found import Found, pullback
from tests.oracles.meanings import ENTRIES
from tests.oracles.measure import spread, ulps, worst
from tests.oracles.numbers import CONTEXT, digits, exact, mpf, nearest, settled
from tests.oracles.reference import Reference, inner, reference, reference_of
from tests.oracles.run import Run, run

CHOICE = read_program("""(c: Bool, x: R) ->
  y = case c x
    | (x: R) -> a = mul x x in (a)
    | (x: R) -> a = exp x in (a)
in (y)""")


def close(found: Any, true: Any, figures: int) -> None:
    """Equal in so many figures."""
    with digits(100):
        assert abs(exact(found) - true) <= mpf(10) ** -figures * abs(true)


# Runs


def test_values_enter_exactly_and_stay_exact() -> None:
    of = read_program("(x: R, y: R) -> z = add x y  a = sub z x in (a)")
    assert run(of, [1.0, 1e-80])[0] == mpf(1e-80)


def test_a_choice_is_taken_by_the_exact_value() -> None:
    of = read_program("""(x: R, y: R) ->
      s = add x y
      c = greater s x
      z = case c x
        | (x: R) -> a = mul x x in (a)
        | (x: R) -> a = exp x in (a)
    in (z, c)""")
    value, taken = run(of, [1.0, 1e-30])
    close(value, CONTEXT.e, 80)
    assert taken and Found(of).value([1.0, 1e-30])[1] == False  # noqa: E712


def test_nobody_elses_precision_is_touched() -> None:
    before = mpmath.mp.dps
    reference(np.exp, 1e-30).along([1.0])
    assert mpmath.mp.dps == before == 15


def test_a_result_of_another_shape_is_refused() -> None:
    with pytest.raises(TypeError, match=r"the oracle gives shape \(2,\) where R\[3\] is declared"):
        settled(np.ones(2), Real((3,)))


@pytest.mark.parametrize("solve", [np.linalg.solve, lambda a, b: np.linalg.lstsq(a, b, 1e-15)[0]])
def test_what_is_singular_but_for_rounding_has_no_inverse(solve: Any) -> None:
    def solved(e: Any, b: float) -> Any:
        x = np.array([7.0, 3.0])
        given = reference(lambda x, e, b: solve(np.outer(1 / x, np.sqrt(x)) + e, b), x, e, b * x)
        return given.value[0]

    off = np.array([[0.0, 1e-15], [0.0, 0.0]])
    assert not any(map(CONTEXT.isfinite, [*solved(0 * off, 0.0), *solved(0 * off, 1.0)]))
    assert all(map(CONTEXT.isfinite, [*solved(off, 0.0), *solved(off, 1.0)]))


def test_an_operation_of_several_results_is_run() -> None:
    """Its entry gives a tuple, in the order of the spaces."""
    both = Primitive("both", "({0}, -{0})", lambda x: (x, x))
    of = Program((R,), (Step(both, (0,), (), (R, R)),), (1, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENTRIES, "both", lambda x: (x, -x))
        assert [float(v) for v in run(of, [2.0])] == [2.0, -2.0]


# Derivatives


def test_derivatives_have_fifty_figures() -> None:
    """sin, at 1: the first and the second derivative."""
    here = reference(np.sin, 1.0)
    close(here.along([1.0])[0], CONTEXT.cos(1), 50)
    close(here.twice([1.0], [1.0])[0], -CONTEXT.sin(1), 50)


@pytest.mark.parametrize("x", [1e-250, 1e-12, 1.0, 1e12, 1e250])
def test_derivatives_have_fifty_figures_at_any_size(x: float) -> None:
    """1 / x, whose derivatives are known in all figures."""
    here = reference(np.reciprocal, x)
    with digits(400):
        first, second = -1 / mpf(x) ** 2, 2 / mpf(x) ** 3
    close(here.along([1.0])[0], first, 50)
    close(here.twice([1.0], [1.0])[0], second, 50)


def test_whole_gradients_and_their_derivatives() -> None:
    """f = x0^2 x1 y: by hand."""
    here = reference(lambda x, y: x[0] ** 2 * x[1] * y, np.array([3.0, 5.0]), 7.0)
    (gradient, slope), w = here.pulled([2.0]), [2.0]
    np.testing.assert_allclose(nearest(gradient, Real((2,))), [420.0, 126.0], 1e-15)
    assert float(slope) == pytest.approx(90.0, rel=1e-15)
    bent, turned = here.pulled_along(w, [np.array([1.0, 0.0]), 0.0])
    np.testing.assert_allclose(nearest(bent, Real((2,))), [140.0, 84.0], 1e-15)
    assert float(turned) == pytest.approx(60.0, rel=1e-15)


def test_a_value_that_does_not_vary_is_held() -> None:
    """x * stop(x) has the derivative x, at every order."""
    here = reference(lambda x: x * cats.stop_gradient(x), 3.0)
    close(here.along([1.0])[0], mpf(3), 50)
    assert here.twice([1.0], [1.0])[0] == 0


def test_what_does_not_bend_has_no_second_derivative() -> None:
    here = reference(lambda x: 3.0 * x + 1.0, 0.1)
    assert here.twice([1.0], [1.0])[0] == 0 and here.resolution < mpf("1e-30")


def test_containers_and_integers_are_taken_as_cats_takes_them() -> None:
    here = reference(lambda p: p["x"] ** p["n"] * p["k"][0], {"x": 2.0, "n": 3, "k": np.array([5])})
    assert float(here.value[0]) == 40.0 and len(here.active) == 1
    assert float(here.along([1.0])[0]) == pytest.approx(60.0, rel=1e-15)


def test_the_branch_taken_is_differentiated() -> None:
    for tag, slope in ((False, mpf(1)), (True, CONTEXT.exp(0.5))):
        close(reference_of(CHOICE, [tag, 0.5]).along([1.0])[0], slope, 50)


# Noise and ulps


def test_the_spread_is_the_condition() -> None:
    """x - y, near by: errors of the arguments are a thousand million times those of the result."""
    of = read_program("(x: R, y: R) -> z = sub x y in (z)")
    here = reference_of(of, [1.0, 1.0 - 2.0**-30])
    ((size,),) = [np.ravel(s) for s in spread(here, lambda h: h.value, range(8))]
    assert 2.0**29 < float(size / here.value[0]) < 2.0**32


def test_noise_is_the_same_in_every_run() -> None:
    here = reference(lambda x: np.sum(np.sin(x) * x), np.ones(3)).disturbed(3)
    again = Reference(here.program, here.args, here.active, here.noise)
    assert here.along([np.ones(3)])[0] == again.along([np.ones(3)])[0]
    assert here.value[0] != reference_of(here.program, here.args).value[0]


def test_without_noise_nothing_is_touched() -> None:
    of = read_program("(x: R) -> y = sin x in (y)")
    assert Run().outputs(of, [1.0]) == run(of, [1.0])


@pytest.mark.parametrize(
    ("found", "true", "expected"),
    [
        ([1.0, 2.0], ["1", "2"], [0.0, 0.0]),
        ([1.0 + 2.0**-52], ["1"], [1.0]),
        ([1.0, 1024.0 + 2.0**-42], ["1", "1024"], [0.0, 1.0]),
        ([np.nan, np.inf], ["1", "1"], [np.inf, np.inf]),
        ([np.inf, -np.inf], ["1e400", "1e400"], [0.0, np.inf]),
        ([0.0, 5e-324], ["0", "0"], [0.0, 1.0]),
    ],
)
def test_ulps_are_counted(found: list[float], true: list[str], expected: list[float]) -> None:
    assert ulps(np.array(found), list(map(mpf, true))).tolist() == expected


def test_ulps_are_those_of_the_dtype() -> None:
    one = np.float32(1) + np.float32(2.0**-23)
    assert ulps(one, mpf(1)) == 1.0
    assert ulps(np.float64(one), mpf(1), dtype="float32") == 1.0
    assert worst([one, np.float64(2)], [mpf(1), mpf(2)], dtype="float32") == 0.5


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a result of shape \(2,\) beside one of shape \(3,\)"):
        ulps(np.ones(2), np.ones(3))


# What cats finds


def test_the_pullback_is_a_program() -> None:
    of = read_program("(x: R[3], n: Int[3], y: R) -> z = gather x n  w = mul y y in (z, n, w)")
    back = pullback(of)
    assert [str(s) for s in back.inputs] == ["R[3]", "Int[3]", "R", "R[3]", "R"]
    assert [str(s) for s in back.ends] == ["R[3]", "R"]
    x, n = np.ones(3), np.array([0, 2, 2])
    pulled = Found(of).pulled([x, n, 3.0], [np.array([1.0, 10.0, 100.0]), 5.0])
    assert [np.asarray(p).tolist() for p in pulled] == [[1.0, 0.0, 110.0], 30.0]


def test_second_derivatives_of_both_kinds_agree() -> None:
    of = read_program("(x: R[2]) -> a = sin x  b = mul a x  y = sum[axes=(0,)] b in (y)")
    x, v = np.array([0.3, 2.0]), np.array([1.0, -1.0])
    one, two = Found(of).gradient_along([x], [v]), Found(of).pulled_along([x], [1.0], [v])
    np.testing.assert_allclose(one, two, 1e-15)
    assert float(inner([v], one)) == pytest.approx(float(inner([v], two)))


def test_the_table_is_printed() -> None:
    answer = command("-m", "tests.oracles", "--points", "3", "tanh", "sum")
    assert answer.returncode == 0, answer.stdout
    rows = [line.split()[:2] for line in answer.stdout.splitlines()]
    assert rows[0] == ["ulps", "where"] and ["tanh", "tails"] in rows and rows[-1][0] == "sum"
