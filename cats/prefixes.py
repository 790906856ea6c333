"""associative_scan: all prefixes of an associative operation, in few steps on whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.bodies import Flat, laid_out
from cats.ir.errors import SpaceError
from cats.ir.spaces import Value
from cats.places import placed, users_place
from cats.tree import Tree, order, unflatten
from cats.whole import compile


@dataclass(frozen=True)
class _Prefixes:
    """All prefixes along an axis."""

    fn: Callable[[Any, Any], Any]
    reverse: bool
    axis: int

    def __call__(self, elems: Any) -> Any:
        given = laid_out(elems)
        self.check(given)
        leaves = [np.moveaxis(v, self.axis, 0) for v in given.leaves]
        leaves = [v[::-1] for v in leaves] if self.reverse else leaves
        made = self.prefixes(leaves, given.tree)
        made = [v[::-1] for v in made] if self.reverse else made
        return unflatten(given.tree, [np.moveaxis(v, 0, self.axis) for v in made])

    def check(self, given: Flat) -> None:
        """Raises SpaceError unless all arrays have the axis, and are equally long along it."""
        lengths: set[int | None] = set()
        for space in given.spaces:
            rank = len(space.shape)
            lengths.add(space.shape[self.axis] if -rank <= self.axis < rank else None)
        if len(lengths) == 1 and None not in lengths:
            return
        shown = ", ".join(map(str, given.spaces)) or "no arrays"
        raise SpaceError(
            f"associative_scan along axis {self.axis} of {shown}: how many elements there are is "
            "not one number",
            where=users_place(),
            remedy="Give arrays that are equally long along the axis.",
        )

    def prefixes(self, elems: Sequence[Value], tree: Tree) -> list[Value]:
        """Pairs are joined, their prefixes found, and those between them joined once more."""
        count = elems[0].shape[0]
        if count < 2:
            return list(elems)
        pairs = self.joined([v[: count - 1 : 2] for v in elems], [v[1::2] for v in elems], tree)
        odd = self.prefixes(pairs, tree)
        before = odd if count % 2 else [v[:-1] for v in odd]
        even = self.joined(before, [v[2::2] for v in elems], tree) if count > 2 else []
        heads = [v[:1] for v in elems]
        even = [np.concatenate([h, v]) for h, v in zip(heads, even, strict=True)] if even else heads
        places = np.argsort(np.concatenate([np.arange(0, count, 2), np.arange(1, count, 2)]))
        return [np.concatenate([a, b])[places] for a, b in zip(even, odd, strict=True)]

    def joined(self, one: Sequence[Value], other: Sequence[Value], tree: Tree) -> list[Value]:
        """The operation on stacks. Raises SpaceError if it gives something else than it takes."""
        made = laid_out(compile(self.fn)(unflatten(tree, one), unflatten(tree, other)))
        spaces = [(v.shape, v.dtype) for v in made.leaves]
        numbers = order(made.tree, tree)
        asked = [(v.shape, v.dtype) for v in one]
        if numbers is None or [spaces[i] for i in numbers] != asked:
            raise SpaceError(
                f"the operation of associative_scan gives {spaces} for {[v.shape for v in one]}",
                where=users_place(),
                remedy="It takes two stacks of elements and gives one of the same kind.",
            )
        return [made.leaves[i] for i in numbers]


@placed
def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """y[i] = x[0] * x[1] * ... * x[i] along an axis, for an associative operation *.

    fn       of two stacks of elements, entry by entry along the first axis; any containers
    reverse  y[i] = x[n - 1] * ... * x[i]
    About log2(n) steps on whole arrays, 2 n applications; the program grows with log2(n). Raises
    SpaceError if fn gives something else than it takes. Spelling: `jax.lax.associative_scan`.
    Source: Blelloch 1990.

    >>> associative_scan(np.multiply, np.array([1.0, 2.0, 3.0, 4.0]))
    array([ 1.,  2.,  6., 24.])
    """
    return compile(_Prefixes(fn, bool(reverse), axis))(elems)
