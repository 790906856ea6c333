"""The record of an operation: called on anything, pickled by name, or whole if it has none."""

import pickle
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.linear import Linear
from cats.ir.primitive import Domain, Primitive
from cats.ir.prims import BY_NAME, VOCABULARY
from cats.ir.prims.algebra import add, entrywise, slope
from cats.ir.prims.layout import reshape
from cats.ir.prims.smooth import cos, exp
from cats.ir.spaces import R, Value
from cats.ir.wire import Builder


def cube(x: Value) -> Value:
    return x**3


def cube_rule(x: Value, *, out: Value) -> Linear:
    return slope(3.0 * x * x, x)


named = Primitive("named", None, lambda x: x, linearise=cube_rule, function=cube)
hidden = Primitive("its_name_is_bound_nowhere", None, lambda x: x, function=cube)
local = entrywise("local", "{0} + 1", "x + 1", None, Domain())


def test_the_vocabulary_is_pickled_by_name() -> None:
    for op in VOCABULARY:
        assert pickle.loads(pickle.dumps(op)) is op
        assert BY_NAME[op.name] is op


def test_a_users_operation_is_pickled_by_name_too() -> None:
    assert named.home == local.home == __name__
    assert pickle.loads(pickle.dumps(named)) is named
    assert pickle.loads(pickle.dumps(local)) is local


def test_what_has_no_name_is_pickled_whole_or_says_why_not() -> None:
    plain = Primitive("plain", "{0} + 1", space=same, function=cube)
    again = pickle.loads(pickle.dumps(plain))
    assert again is not plain
    assert (again.name, again(2.0)) == ("plain", 8.0)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(hidden)  # its space is a lambda


def same(x: Any) -> Any:
    return x


def test_a_users_operation_has_derivatives() -> None:
    assert cats.grad(lambda x: named(x) + x)(2.0) == 13.0
    assert cats.grad(cats.grad(named))(2.0) == 12.0
    assert cats.jvp(named, (2.0,), (1.0,)) == (8.0, 12.0)


def test_the_newest_recorder_takes_the_call() -> None:
    outer, inner = Builder([R]), Builder([R])
    made = add(outer.wires[0], inner.wires[0])
    assert made.recorder is inner
    assert list(inner.captured) == [outer.wires[0]]
    assert outer.steps == []


def test_numbers_and_arrays_are_computed_at_once() -> None:
    assert exp(0.0) == cos(0.0) == 1.0
    assert np.array_equal(add(np.ones(2), np.ones(2)), [2.0, 2.0])
    assert reshape(2.0, shape=(1, 1)).shape == (1, 1)
    assert isinstance(reshape(np.ones(1), shape=()), np.float64)
