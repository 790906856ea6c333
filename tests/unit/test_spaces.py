"""Spaces: what a value lies in, and where its derivative lives."""

import numpy as np
import pytest

from cats.ir.errors import SpaceError
from cats.ir.spaces import (
    BOOL,
    INT,
    UNIT,
    Discrete,
    Function,
    Product,
    R,
    Real,
    Space,
    Sum,
    leaves,
    size,
    space_of,
    tangent,
)
from cats.ir.tokens import read_space

SPACES: list[Space] = [
    R,
    Real((2, 3), "float32"),
    INT,
    BOOL,
    UNIT,
    Product((R,)),
    Product((R, Sum((INT, UNIT)))),
    Function(Product((R, R)), Function(R, R)),
    Function(Function(R, R), Sum((R, BOOL))),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_space_is_read_back_from_its_text(space: Space) -> None:
    assert read_space(str(space)) == space


def test_tangents_go_through_every_construction() -> None:
    assert tangent(Product((R, INT))) == Product((R, UNIT))
    assert tangent(Sum((R, BOOL))) == Sum((R, UNIT))
    assert tangent(Function(INT, Product((INT, R)))) == Function(INT, Product((UNIT, R)))


@pytest.mark.parametrize("space", SPACES[:7], ids=str)
def test_the_tangent_of_a_tangent_is_the_tangent(space: Space) -> None:
    assert tangent(tangent(space)) == tangent(space)


@pytest.mark.parametrize(
    ("value", "space"),
    [
        (2, INT),
        (2.0, R),
        (True, BOOL),
        (np.float32(2), Real((), "float32")),
        (np.zeros((2, 0), "u1"), Discrete((2, 0), "uint8")),
        ([1.0, 2.0], Real((2,))),
    ],
)
def test_the_space_of_a_value(value: object, space: Space) -> None:
    assert space_of(value) == space


@pytest.mark.parametrize("value", [1j, "text", np.datetime64("2020"), np.float16(1)])
def test_what_lies_in_no_space(value: object) -> None:
    with pytest.raises(SpaceError):
        space_of(value)


def test_size_counts_the_leaves() -> None:
    space = Product((Real((2, 3)), Product((R, UNIT)), Real((0,))))
    assert [size(leaf) for leaf in leaves(space)] == [6, 1, 0]
    assert size(space) == 7
    with pytest.raises(SpaceError):
        size(Sum((R, R)))
