"""Constants: read-only, and equal when dtype, shape and bits agree."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

from cats.ir.constant import Constant
from cats.ir.spaces import Real

ALIKE = [0.0, -0.0, 1.0, 1, True, np.float32(1.0), np.nan, np.array([1.0]), np.array([[1.0]])]


def test_equal_means_the_same_bits() -> None:
    """0.0 is not -0.0, 1 is neither 1.0 nor True; nan is nan."""
    for i, a in enumerate(ALIKE):
        for j, b in enumerate(ALIKE):
            assert (Constant(a) == Constant(b)) is (i == j)
    assert len({Constant(a) for a in ALIKE} | {Constant(a) for a in ALIKE}) == len(ALIKE)


def test_a_constant_does_not_follow_the_array_it_was_made_of() -> None:
    array = np.arange(3.0)
    constant = Constant(array)
    array[0] = 9.0
    assert constant.value[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        constant.array[0] = 1.0


def test_order_and_strides_make_no_difference() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert Constant(array) == Constant(np.asfortranarray(array)) == Constant(array[:, ::1])


def test_objects_are_compared_as_objects() -> None:
    assert Constant(Fraction(1, 3)) == Constant(Fraction(2, 6)) != Constant(Fraction(1, 2))


@pytest.mark.parametrize("value", ALIKE)
def test_pickle_and_text(value: object) -> None:
    constant = Constant(value)
    assert pickle.loads(pickle.dumps(constant)) == constant
    assert eval(repr(constant), {"Constant": Constant, "np": np, "nan": np.nan}) == constant


def test_the_space() -> None:
    assert Constant(np.ones((2, 3), "f4")).space == Real((2, 3), "float32")
