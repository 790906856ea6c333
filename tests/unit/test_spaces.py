"""Spaces: what a value lies in, and where its derivative lives."""

import pickle
from collections.abc import Callable

import numpy as np
import pytest

import cats
from cats.ir.errors import SpaceError, TermError
from cats.ir.infer import infer
from cats.ir.lam import Lam, Var
from cats.ir.parse import parse
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


DEEP = 3000


def deep(wrap: Callable[[Space], Space]) -> Space:
    """A space nested deeper than Python recurses."""
    space: Space = R
    for _ in range(DEEP):
        space = wrap(space)
    return space


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: Product((s, R)),
        lambda s: Product((s,)),
        lambda s: Sum((BOOL, s)),
        lambda s: Function(R, s),
        lambda s: Function(s, INT),
    ],
    ids=["pairs", "ones", "sums", "functions", "arguments"],
)
def test_spaces_are_as_deep_as_one_likes(wrap: Callable[[Space], Space]) -> None:
    space, again, other = deep(wrap), deep(wrap), wrap(deep(wrap))
    assert (space, hash(space)) == (again, hash(again))
    assert space != other and other != space
    assert read_space(str(space)) == space
    assert pickle.loads(pickle.dumps(space)) == space
    assert tangent(tangent(space)) == tangent(space)
    term = Lam("x", space, Lam("y", other, Var("x")))
    assert parse(str(term)) == term
    assert infer(term) == Function(space, Function(other, space))


def test_a_deep_product_is_counted() -> None:
    space = deep(lambda s: Product((R, s, INT)))
    assert size(space) == len(list(leaves(space))) == 2 * DEEP + 1
    with pytest.raises(SpaceError, match="is not a product of ground spaces"):
        size(deep(lambda s: Sum((s, R))))


def test_brackets_are_as_many_as_one_likes() -> None:
    assert read_space("(" * DEEP + "R[2]" + ")" * DEEP) == Real((2,))
    with pytest.raises(TermError, match=r"expected \), found the end of the text"):
        read_space("(" * DEEP + "R")


def test_an_argument_nested_deep_is_answered_with_a_sentence() -> None:
    term = parse("\\x: R. (\\f. f ()) (" + "\\u. " * DEEP + "x)")
    assert infer(term) == deep(lambda s: Function(R, s))
    with pytest.raises(TermError, match=r"the result is in R -> R -> .* has no function values"):
        cats.grad(term)(1.0)


def test_spaces_that_share_parts_are_compared_and_hashed_by_their_parts() -> None:
    left = right = R
    for _ in range(60):
        left, right = Product((left, left)), Product((right, right))  # type: ignore[assignment]
    assert left == right and hash(left) == hash(right) and tangent(left) == right
    assert left != Product((left, left))


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
