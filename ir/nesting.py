"""What holds things of its own kind, however deep: compared, hashed, pickled, no recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

N = TypeVar("N", bound="Nesting")


class Nesting:
    """A frozen record with others of its kind inside.

    It says which (`children`), what tells it apart but for them (`outline`), and how it is taken
    apart and put together again (`emptied`, `filled`).
    """

    def children(self) -> tuple[Self, ...]:
        """Those directly inside, in order."""
        raise NotImplementedError

    def outline(self) -> object:
        """All that tells it apart but its children; hashable, how many they are included."""
        raise NotImplementedError

    def emptied(self) -> object:
        """What it is made of, without its children."""
        raise NotImplementedError

    @classmethod
    def filled(cls, emptied: Any, children: Iterator[Self]) -> Self:
        """The inverse: it takes the children it needs, in order."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        stack: list[tuple[object, object]] = [(self, other)]
        seen: set[tuple[int, int]] = set()
        while stack:
            a, b = stack.pop()
            if a is b or (id(a), id(b)) in seen:
                continue
            if not isinstance(a, Nesting) or type(a) is not type(b) or hash(a) != hash(b):
                return False
            if a.outline() != b.outline():
                return False
            seen.add((id(a), id(b)))
            stack.extend(zip(a.children(), b.children(), strict=True))
        return True

    def __hash__(self) -> int:
        if "_hash" not in self.__dict__:
            for each in inner_first(self, lambda n: "_hash" in n.__dict__):
                inside = tuple([hash(child) for child in each.children()])
                each.__dict__["_hash"] = hash((each.outline(), inside))
        found: int = self.__dict__["_hash"]
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unpacked, (type(self), _packed(self)))


def _never(each: Nesting) -> bool:
    return False


def inner_first(root: N, known: Callable[[N], bool] = _never) -> Iterator[N]:
    """Everything below and including `root` once, what is inside first; nothing below a known one.

    Things are told apart by identity.
    """
    done: set[int] = set()
    stack: list[tuple[N, bool]] = [(root, False)]
    while stack:
        each, ready = stack.pop()
        if id(each) in done or known(each):
            continue
        if ready:
            done.add(id(each))
            yield each
        else:
            stack.append((each, True))
            stack.extend((child, False) for child in each.children())


Row = tuple[object, tuple[int, ...]]
"""One thing without its children, and the rows they stand in."""


def _packed(root: Nesting) -> list[Row]:
    """Every thing below and including `root` in a row of its own, so that pickling is flat."""
    rows: list[Row] = []
    place: dict[int, int] = {}
    for each in inner_first(root):
        place[id(each)] = len(rows)
        rows.append((each.emptied(), tuple([place[id(child)] for child in each.children()])))
    return rows


def _unpacked(kind: type[N], rows: list[Row]) -> N:
    built: list[N] = []
    for emptied, places in rows:
        built.append(kind.filled(emptied, iter([built[p] for p in places])))
    return built[-1]
