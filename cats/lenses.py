"""Lenses: a view of an array as what reads it out of the array, and writes it back.

`get(put(a, v)) = v`, `put(a, get(a)) = a` and `put(put(a, v), w) = put(a, w)`: a view of a view is
the composition of its lenses. (Foster et al. 2007, "Combinators for bidirectional tree
transformations".)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.indexing import Item, Key, index
from cats.ir.prims.layout import broadcast, reshape, transpose
from cats.ir.prims.updates import put
from cats.ir.spaces import Shape, Value

VIEWS = (index, reshape, transpose, broadcast)
"""Operations whose results NumPy gives as views, where they have axes."""


@dataclass(frozen=True, slots=True)
class Lens:
    """The view that an operation on one array is."""

    op: Primitive
    params: Params

    def get(self, whole: Value) -> Value:
        """The view of the array."""
        return self.op(whole, **dict(self.params))

    @property
    def writable(self) -> bool:
        """Whether NumPy lets one write through it: not where an entry is seen several times."""
        return self.op is not broadcast

    def put(self, whole: Value, view: Value) -> Value:
        """The array in which the view is this one.

        >>> Lens(index, (("key", (1,)),)).put(np.zeros(3), 5.0)
        array([0., 5., 0.])
        """
        params = dict(self.params)
        if self.op is index:
            return put(whole, view, target=params["key"])
        if self.op is reshape:
            return reshape(view, shape=np.shape(whole))
        return transpose(view, axes=tuple(int(i) for i in np.argsort(params["axes"])))


@dataclass(frozen=True, slots=True)
class Window:
    """A view that is only looked at: NumPy makes it read-only."""

    look: Callable[[Value], Value]
    writable: bool = False

    def get(self, whole: Value) -> Value:
        """The view of the array."""
        return self.look(whole)

    def put(self, whole: Value, view: Value) -> Value:
        """Never asked: it is not writable."""
        return whole


AnyLens = Lens | Window


def composed(outer: Key, inner: Key, shape: Shape) -> Key:
    """The key that reads from an array of this shape what `inner` reads from what `outer` reads.

    >>> composed(((1, 8, None), 2), ((None, None, 3),), (10, 4))
    ((1, 8, 3), 2)
    >>> composed(((None, None, -1),), (0,), (5,))
    (4,)
    """
    rest = iter(inner)
    found: list[Item] = []
    for n, item in zip(shape, outer, strict=False):
        found.append(item if isinstance(item, int) else _within(range(n)[slice(*item)], rest))
    return (*found, *rest)


def _within(places: range, rest: Any) -> Item:
    """What the next item of a key reads from these places of an axis."""
    item = next(rest, (None, None, None))
    if isinstance(item, int):
        return places[item]
    return as_slice(places[slice(*item)])


def as_slice(places: range) -> tuple[int | None, int | None, int | None]:
    """The slice that reads these places.

    >>> as_slice(range(4, -1, -2)), as_slice(range(0))
    ((4, None, -2), (0, 0, None))
    """
    if not places:
        return 0, 0, None
    stop = places.stop if places.step > 0 or places.stop >= 0 else None
    return places.start, stop, None if places.step == 1 else places.step
