"""Nodes: deep and shared terms are hashed, compared, folded and pickled without recursion."""

import pickle

import numpy as np
import pytest

from cats.ir.errors import SpaceError
from cats.ir.linear import Fork, Id, Inj, Join, Linear, Proj, Scale, Then, Zero, total
from cats.ir.node import Node, fold, postorder
from cats.ir.spaces import Product, R, Real

DEEP = 20_000


def chain(n: int) -> Linear:
    term: Linear = Scale(R, 0.5)
    for _ in range(n):
        term = Then(term, Scale(R, 2.0))
    return term


def test_a_deep_term_is_hashed_compared_and_pickled() -> None:
    a, b = chain(DEEP), chain(DEEP)
    assert a == b
    assert hash(a) == hash(b)
    assert a != chain(DEEP - 1)
    assert pickle.loads(pickle.dumps(a)) == a
    assert len(str(a)) > DEEP


def test_a_shared_term_is_visited_once() -> None:
    """2 ** 200 paths, 200 nodes."""
    term: Linear = Id(R)
    for _ in range(200):
        term = total([term, term], R, R)
    assert sum(1 for _ in postorder(term)) < 1000
    assert fold(term, lambda _, below: 1 + max(below, default=0)) == 401
    assert pickle.loads(pickle.dumps(term)) == term


def test_children_come_first() -> None:
    seen: set[int] = set()
    for node in postorder(chain(50)):
        assert all(id(child) in seen for child in node.children())
        seen.add(id(node))


def test_arrays_are_compared_by_content() -> None:
    def scaled(entry: float) -> Node:
        return Scale(Real((2,)), np.array([1.0, entry]))

    assert scaled(2.0) == scaled(2.0) != scaled(3.0)
    assert len({scaled(2.0), scaled(2.0), scaled(3.0)}) == 2
    assert scaled(0.0) != scaled(-0.0)


def test_nodes_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Id(R).space = Real((2,))  # type: ignore[misc]


def test_ends_are_checked_at_birth() -> None:
    two = Product((R, R))
    assert Fork((Id(R), Zero(R, R))).cod == two == Join((Id(R), Id(R))).dom
    for wrong in (
        lambda: Then(Id(R), Id(two)),
        lambda: Fork((Id(R), Id(two))),
        lambda: Fork(()),
        lambda: Join((Id(R), Id(two))),
        lambda: Proj((R, R), 2),
        lambda: Inj((R, R), -1),
    ):
        with pytest.raises(SpaceError):
            wrong()
