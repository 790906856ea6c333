"""diagnose: the first operation that makes what is not finite, with the user's line, each way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cats
from cats.diagnosis import Diagnosis, Fault, badness, worse


def entropy(x: Any) -> Any:
    p = x / np.sum(x)
    logs = np.log(p)
    return -np.sum(p * logs)


def weighted(x: Any) -> Any:
    gap = x[0] - x[1]
    square = gap * gap * x[2]
    return np.sqrt(square)


def test_the_first_operation_each_way_with_what_flowed_in() -> None:
    found = cats.diagnose(entropy, np.array([1.0, 0.0]))
    value, forward, reverse = found.value, found.tangent, found.cotangent
    assert value is not None and forward is not None and reverse is not None
    assert (value.operation, value.made) == ("log", "makes -inf at [1]")
    assert value.given == ("value 0.0",)
    assert forward.operation == "log" and forward.given == ("value 0.0", "tangent 1.0")
    assert (reverse.operation, reverse.given) == ("mul", ("value -inf", "cotangent -1.0"))
    assert value.where is not None and value.where.code == "logs = np.log(p)"
    assert reverse.where is not None and reverse.where.code == "return -np.sum(p * logs)"
    assert found


def test_a_slope_without_bound_times_nothing_is_found_in_both_modes() -> None:
    found = cats.diagnose(weighted, np.array([1.0, 1.0, 2.0]))
    assert found.value is None
    assert found.tangent is not None and found.cotangent is not None
    assert found.tangent.operation == found.cotangent.operation == "sqrt"
    assert found.tangent.made == "makes nan" and found.cotangent.made == "makes inf"
    lines = str(found).splitlines()
    assert lines[0] == "value: all finite"
    assert lines[1] == "forward: sqrt makes nan from value 0.0, tangent 0.0"
    assert lines[2] == f"  at {found.tangent.where}: return np.sqrt(square)"
    assert lines[3] == "reverse: sqrt makes inf from value 0.0, cotangent 1.0"


def test_what_is_finite_is_said_to_be_and_is_false() -> None:
    found = cats.diagnose(lambda x: np.sum(np.sin(x)), np.ones(3))
    assert found == Diagnosis(None, None, None) and not found
    assert str(found) == "value: all finite\nforward: all finite\nreverse: all finite"


def test_of_a_transformed_function_it_is_that_functions_value() -> None:
    x = np.array([1.0, 1.0, 2.0])
    found = cats.diagnose(cats.grad(weighted), x)
    assert found.value is not None and found.value.operation == "div"
    assert found.value.where is not None and "np.sqrt(square)" in found.value.where.code
    assert cats.diagnose(cats.jacobian(lambda x: np.sqrt(x[:2])), x).value is None


def test_a_smoothing_is_seen() -> None:
    """Not a part of a composition is at fault whose derivative is that of the whole."""
    assert not cats.diagnose(lambda x: np.sqrt(x) * np.sqrt(x), 0.0)
    assert not cats.diagnose(lambda x: np.linalg.norm(x) ** 2, np.zeros(2))
    assert cats.diagnose(lambda x: np.sqrt(x) + np.sqrt(x) ** 2, 0.0).tangent is not None


def test_what_a_choice_leaves_out_does_not_come_back() -> None:
    found = cats.diagnose(lambda x: np.where(x > 0.0, np.log(x), 0.0), 0.0)
    assert found.value is not None and found.value.operation == "log"
    assert found.cotangent is None


def test_an_argument_that_is_not_finite_is_named() -> None:
    found = cats.diagnose(lambda x: np.sum(np.exp(x)), np.array([0.0, -np.inf]))
    assert found.value == Fault("", None, "x is -inf at [1]", ())
    assert "an argument x is -inf at [1]" in str(found)
    overflow = cats.diagnose(lambda x: np.sum(np.exp(x)), np.array([1000.0, -np.inf])).value
    assert overflow is not None and overflow.made == "makes inf at [0]"


def test_nan_of_infinities_is_made_where_they_meet() -> None:
    found = cats.diagnose(lambda x: x[0] - x[1], np.array([np.inf, np.inf]))
    assert found.value is not None and found.value.operation == "sub"
    assert found.value.given == ("value inf",)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.exp(2 * np.log(x)),
        lambda x: np.exp(np.log(x)),
        lambda x: np.sqrt(x) ** 2,
        lambda x: np.sqrt(x) ** np.array(4.0),
    ],
)
def test_a_composition_that_is_no_number_is_found_each_way_at_each_order(f: Any) -> None:
    for _ in range(3):
        assert not cats.diagnose(f, 2.0)
        found = cats.diagnose(f, -2.0)
        for fault in (found.value, found.tangent, found.cotangent):
            assert fault is not None and fault.made == "makes nan"
        f = cats.grad(f)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_a_choice_sends_back_is_looked_at() -> None:
    """Cotangents that a mask goes along with: nan where it is true, no 0 * nan where it is not."""

    def f(x: Any) -> Any:
        return np.where(x < 0, np.log(x) ** 2 * x, x)

    slope = cats.grad(f)
    assert np.isnan(cats.grad(slope)(-2.0))
    found = cats.diagnose(slope, -2.0).cotangent
    assert found is not None and (found.operation, found.made) == ("mul", "makes nan")
    assert cats.diagnose(slope, 2.0).cotangent is None


def test_a_case_is_one_operation() -> None:
    term = cats.parse(r"\x: R. if x < 1 then log x else x")
    found = cats.diagnose(term, 0.0)
    assert found.value is not None and found.value.operation == "case"
    assert found.tangent is not None and found.cotangent is not None
    assert found.cotangent.operation == "case"
    assert not cats.diagnose(term, 0.5)


def test_it_says_no_more_than_a_few_places() -> None:
    found = cats.diagnose(lambda x: np.sum(np.log(x)), np.zeros((3, 3))).value
    assert found is not None and found.made == (
        "makes -inf at [0, 0], [0, 1], [0, 2], [1, 0], [1, 1], ..."
    )


def test_it_needs_values() -> None:
    with pytest.raises(cats.SpaceError, match="diagnose looks at the values of a function"):
        cats.diagnose(np.abs, cats.Spec((2,)))


def test_worse_is_entry_by_entry_where_shapes_agree() -> None:
    assert badness(np.array([1, 2])).tolist() == [0, 0]
    assert worse(np.array([np.nan, np.inf]), [np.array([np.inf, np.inf])]) == ((0,),)
    assert worse(np.array([np.nan, np.inf]), [np.inf]) == ((0,),)
    assert worse(np.inf, [np.array([1.0, np.inf])]) == ()
    assert worse(np.zeros(0), [np.zeros(0)]) == ()
    assert worse(np.inf, [np.zeros(0)]) == ((),)
