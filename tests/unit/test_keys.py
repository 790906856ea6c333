"""Keys, members and identities: objects from outside are the same in every table."""

from __future__ import annotations

import weakref
from collections import UserDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cats


class Node:
    def __init__(self, v: float) -> None:
        self.v = v

    def doubled(self, x: Any) -> Any:
        return 2 * x if type(x) in (float, np.float64) else 3 * x


class Alike(Node):
    """Equal by what it holds."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self.v == other.v

    def __hash__(self) -> int:
        return hash(self.v)


@dataclass(frozen=True)
class Record:
    v: float


@dataclass
class Changing:
    v: float


class Table(dict[Any, Any]):
    """A dict that is seen as it is."""


class Remembered:
    """A descriptor that keeps a number for each object."""

    def __init__(self) -> None:
        self.held: Any = weakref.WeakKeyDictionary()

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self.held.get(owner, 1.0)

    def __set__(self, owner: Any, value: Any) -> None:
        self.held[owner] = value


class Model:
    k = Remembered()


def helper(x: Any) -> Any:
    return x


a, b = Node(1.0), Node(2.0)
weight: Any = {a: 3.0, b: 4.0}
chosen = frozenset([a])
members = {b}
alike = {Alike(1.0): 3.0, Alike(2.0): 5.0}
records: Any = {Record(1.0): 3.0, (Record(2.0), "k"): 5.0}
tables = (Table, UserDict, weakref.WeakKeyDictionary)
seen_as_it_is: list[Any] = [kind({a: 3.0}) for kind in tables]
record = Record(1.0)
hidden = Table({record: 3.0})
functions = {helper: 2.0, Node: 3.0, np.sin: 5.0, len: 7.0, float: 11.0}
numbered = {id(a): 5.0}
there: Any = weakref.ref(a)
proxy = weakref.proxy(b)
model = Model()
model.k = 4.0

USES: list[Callable[[Any], Any]] = [
    lambda x: sum(x * weight.get(n, 0.0) * n.v for n in (a, b)),
    lambda x: x * sum(v for n, v in weight.items() if n is a),
    lambda x: x * weight[a] + x * (a in weight),
    lambda x: x * (2.0 if a in chosen else 1.0) * (3.0 if b in chosen else 1.0),
    lambda x: x * (2.0 if b in members else 1.0) * next(n is b for n in members),
    lambda x: x * (max(weight, key=lambda n: n.v) is b),
    lambda x: sum(n.doubled(x) for n in weight),
    lambda x: x * alike[Alike(2.0)] + x * alike.get(Alike(3.0), 7.0),
    lambda x: x * records[Record(1.0)] + x * records[Record(2.0), "k"],
    lambda x: x * sum(table.get(a, 1.0) for table in seen_as_it_is),
    lambda x: x * hidden.get(record, 1.0),
    lambda x: x * sum(functions.get(f, 0.0) for f in (helper, Node, np.sin, len, float)),
    lambda x: x * numbered.get(id(a), 1.0) * (id(b) in numbered or 2.0),
    lambda x: x * (there() is a) + there().doubled(x),
    lambda x: proxy.doubled(x) * proxy.v,
    lambda x: x * model.k,
    lambda x: x * (a == a) + x * (a != b) + x * (hash(a) == hash(a)),
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_what_is_in_tables_outside_is_what_it_is_inside(use: Any) -> None:
    plain = use(1.5)
    assert cats.compile(use)(1.5) == plain
    assert cats.grad(use)(1.5) == pytest.approx(plain / 1.5)


def test_keys_of_arguments_and_results() -> None:
    def f(x: Any, table: Any, key: Any) -> Any:
        found = {n: x * w for n, w in table.items()}
        return found, {a: x * table.get(a, 7.0)}, {(key, "k"): x * table[key]}

    given = {a: 3.0, b: 4.0}
    first, second, third = cats.compile(f)(1.5, given, b)
    assert first == {a: 4.5, b: 6.0}
    assert second == {a: 4.5}
    assert third == {(b, "k"): 6.0}
    assert cats.grad(f_first)(1.5, given) == 3.0
    assert cats.grad(f_first, argnums=1)(1.5, given) == {a: 1.5, b: 0.0}


def f_first(x: Any, table: Any) -> Any:
    return x * table[a]


def test_keys_that_are_equal_and_not_alike() -> None:
    compiled = cats.compile(lambda x, d: x * (2.0 if type(next(iter(d))) is float else 3.0))
    given: list[Any] = [{1: 0.0}, {1.0: 0.0}, {True: 0.0}]
    assert [compiled(1.0, d) for d in given] == [3.0, 2.0, 3.0]
    nested = cats.compile(lambda x, d: x * (2.0 if type(next(iter(d))[0]) is float else 3.0))
    assert [nested(1.0, {(k, "a"): 0.0}) for k in (1, 1.0)] == [3.0, 2.0]


def test_a_key_that_changes_is_seen_anew() -> None:
    key = Node(2.0)
    compiled = cats.compile(lambda x, d: x * next(iter(d)).v)
    assert compiled(1.0, {key: 0.0}) == 2.0
    key.v = 3.0
    assert compiled(1.0, {key: 0.0}) == 3.0
    assert cats.compile(lambda x: x * {a: 2.0}.get(key, 5.0))(1.0) == 5.0


def test_what_has_no_hash_has_none_inside() -> None:
    made = Changing(2.0)

    def f(x: Any) -> Any:
        try:
            return x * hash(made)
        except TypeError:
            return x * 5.0

    assert cats.compile(f)(1.0) == 5.0
