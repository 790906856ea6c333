"""Nodes of terms: immutable, hash-cached, compared, pickled and folded without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, TypeVar, dataclass_transform

from cats.ir.writing import ATOM, Layout, constructor, filled, written

T = TypeVar("T")
C = TypeVar("C")


@dataclass_transform(frozen_default=True, eq_default=False)
def node(kind: type[C]) -> type[C]:
    """Makes a class a kind of node: a frozen record, compared and printed by Node."""
    return dataclass(frozen=True, eq=False, repr=False)(kind)


class Node:
    """The base of every term family (lambda terms, arrows, linear maps).

    A subclass is a frozen dataclass (`eq=False, repr=False`). Its children are the fields that
    are Nodes or tuples of Nodes. A term may be 100,000 deep: hashes are cached, and hashing,
    equality, pickling and folds use explicit stacks.
    """

    __slots__ = ()
    form: ClassVar[str] = ""
    """On the board: `{first:1} ; {second:2}` has parts in brackets if they bind less tightly."""
    tightness: ClassVar[int] = ATOM
    """How tightly the form binds."""

    def __post_init__(self) -> None:
        """Nothing to check here; families that have ends check them."""

    def key(self) -> tuple[Any, ...]:
        """The fields that tell two nodes apart, in order."""
        return tuple([getattr(self, name) for name in _compared(type(self))])  # type: ignore[arg-type]

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below, left to right."""
        found: list[Node] = []
        for part in self.key():
            if isinstance(part, Node):
                found.append(part)
            elif isinstance(part, tuple):
                found.extend(p for p in part if isinstance(p, Node))
        return tuple(found)

    def __hash__(self) -> int:
        known = self.__dict__.get("_hash")
        if known is None:
            for node in postorder(self):
                if "_hash" not in node.__dict__:
                    node.__dict__["_hash"] = hash((type(node), node.key()))
            known = self.__dict__["_hash"]
        return known  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        stack: list[tuple[object, object]] = [(self, other)]
        seen: set[tuple[int, int]] = set()
        while stack:
            a, b = stack.pop()
            if a is b:
                continue
            if isinstance(a, Node):
                if type(a) is not type(b) or hash(a) != hash(b):
                    return False
                if (id(a), id(b)) not in seen:
                    seen.add((id(a), id(b)))
                    stack.extend(zip(a.key(), b.key(), strict=True))
            elif isinstance(a, tuple) and isinstance(b, tuple):
                if len(a) != len(b):
                    return False
                stack.extend(zip(a, b, strict=True))
            elif a != b:
                return False
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unflatten, (_flatten(self),))

    def layout(self) -> Layout:
        """How it is written on the board."""
        return filled(self.tightness, self.form, self) if self.form else constructor(self)

    def __repr__(self) -> str:
        return written(self, constructor)

    def __str__(self) -> str:
        return written(self, _on_the_board)


def _on_the_board(value: Any) -> Layout:
    return value.layout() if isinstance(value, Node) else Layout(ATOM, [str(value)])


@cache
def _compared(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.compare)


def postorder(root: Node) -> Iterator[Node]:
    """Every distinct node object below and including `root`, children first."""
    done: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        if ready:
            done.add(id(node))
            yield node
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children()))


class _At(int):
    """A place in a flattened term."""


def _flatten(root: Node) -> list[tuple[type, tuple[Any, ...]]]:
    place: dict[int, _At] = {}
    rows: list[tuple[type, tuple[Any, ...]]] = []

    def refer(part: Any) -> Any:
        if isinstance(part, Node):
            return place[id(part)]
        if type(part) is tuple and any(isinstance(p, Node) for p in part):
            return tuple(map(refer, part))
        return part

    for node in postorder(root):
        row = tuple(refer(getattr(node, f.name)) for f in fields(node))  # type: ignore[arg-type]
        place[id(node)] = _At(len(rows))
        rows.append((type(node), row))
    return rows


def _unflatten(rows: list[tuple[type, tuple[Any, ...]]]) -> Node:
    built: list[Node] = []

    def resolve(part: Any) -> Any:
        if isinstance(part, _At):
            return built[part]
        if type(part) is tuple:
            return tuple(map(resolve, part))
        return part

    for kind, row in rows:
        built.append(kind(*map(resolve, row)))
    return built[-1]


def fold(root: Node, combine: Callable[[Node, tuple[T, ...]], T]) -> T:
    """Bottom-up: `combine(node, results of its children)`, once per distinct node, no recursion."""
    results: dict[int, T] = {}
    for node in postorder(root):
        results[id(node)] = combine(node, tuple(results[id(c)] for c in node.children()))
    return results[id(root)]
