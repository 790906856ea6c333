"""Paths: one function as a decision tree of straight-line programs.

The user's code decides by looking at values. What it decided is written into the program as
guards, so a program is a path: right wherever its guards pass. Another outcome leads to another
path, traced when it is first met. The tree is bounded: the path used least recently makes room.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from cats.ir.errors import Where
from cats.ir.prims.guards import OtherPath, Outcome

T = TypeVar("T")

MOST = 128
"""So many paths one function keeps for one kind of arguments."""


class PathWarning(UserWarning):
    """A function takes a new path at so many arguments that most calls compile it anew."""


@dataclass(eq=False, slots=True)
class Path(Generic[T]):
    """What was made for one sequence of outcomes; `nodes` are the decisions on the way."""

    outcomes: tuple[Outcome, ...]
    places: tuple[Where, ...]
    made: T
    nodes: tuple[Node[T], ...] = ()
    used: int = 0


@dataclass(eq=False, slots=True)
class Node(Generic[T]):
    """A decision: what follows each outcome, or the path that ends here."""

    below: dict[Outcome, Node[T]] = field(default_factory=dict)
    path: Path[T] | None = None


class Paths(Generic[T]):
    """The paths of one function, most of them met before.

    Two threads may make one path twice; both are right.
    """

    __slots__ = ("_clock", "_latest", "_paths", "_root", "_traced", "_warned")

    def __init__(self) -> None:
        self._root: Node[T] = Node()
        self._paths: dict[int, Path[T]] = {}
        self._latest: Path[T] | None = None
        self._clock = itertools.count(1)
        self._traced = 0
        self._warned = False

    def __len__(self) -> int:
        return len(self._paths)

    def run(
        self, trace: Callable[[], Path[T]], execute: Callable[[T], Any], forced: Callable[[T], Any]
    ) -> tuple[T, Any]:
        """(the path taken, what it gives).

        trace     a path for the arguments at hand
        execute   runs what was made for a path, and raises OtherPath where a guard does not pass
        forced    runs it without guards: for the path just traced at these very arguments, where
                  rounding may decide otherwise in the compiled program than it did in the trace
        """
        path, fresh = self._latest, False
        while True:
            if path is None:
                path, fresh = self._add(trace()), True
            try:
                found = execute(path.made)
            except OtherPath as other:
                if fresh:
                    return path.made, forced(path.made)
                path = self._other(path, other)
                continue
            path.used = next(self._clock)
            self._latest = path
            return path.made, found

    def _other(self, path: Path[T], other: OtherPath) -> Path[T] | None:
        """A path that agrees with this one up to a decision, and there has the outcome found."""
        below = path.nodes[other.number].below.get(other.found)
        while below is not None and below.path is None:
            below = next(iter(reversed(below.below.values())), None)
        return None if below is None else below.path

    def _add(self, path: Path[T]) -> Path[T]:
        node = self._root
        nodes: list[Node[T]] = []
        for outcome in path.outcomes:
            nodes.append(node)
            node = node.below.setdefault(outcome, Node())
        path.nodes = tuple(nodes)
        if node.path is not None:
            self._paths.pop(id(node.path), None)
        node.path = path
        self._paths[id(path)] = path
        self._traced += 1
        if len(self._paths) > MOST:
            self._evict(path)
        return path

    def _evict(self, kept: Path[T]) -> None:
        """Drops the path used least recently, and with it the decisions that led only there."""
        oldest = min((p for p in list(self._paths.values()) if p is not kept), key=lambda p: p.used)
        self._paths.pop(id(oldest), None)
        steps = list(zip(oldest.nodes, oldest.outcomes, strict=True))
        node = steps[-1][0].below[steps[-1][1]] if steps else self._root
        node.path = None
        for above, outcome in reversed(steps):
            if above.below[outcome].below or above.below[outcome].path is not None:
                break
            del above.below[outcome]
        if self._traced >= 2 * MOST and not self._warned:
            self._warned = True
            self._warn(kept)

    def _warn(self, path: Path[T]) -> None:
        """Says once which decision has the most outcomes."""
        widest = max(range(len(path.nodes)), key=lambda i: len(path.nodes[i].below))
        where = path.places[widest]
        code = f": {where.code}" if where.code else ""
        warnings.warn(
            f"{self._traced} paths were compiled, and most calls take a new one; the decision with "
            f"the most outcomes is at {where}{code}. Use np.where, cats.cond or cats.while_loop "
            "there, or leave the value out of the decision.",
            PathWarning,
            stacklevel=2,
        )
