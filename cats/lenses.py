"""Lenses: a view of an array as what reads it out of the array, and writes it back.

`get(put(a, v)) = v`, `put(a, get(a)) = a` and `put(put(a, v), w) = put(a, w)`: a view of a view is
the composition of its lenses. (Foster et al. 2007, "Combinators for bidirectional tree
transformations".)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.indexing import index
from cats.ir.prims.layout import broadcast, reshape, transpose
from cats.ir.prims.updates import put
from cats.ir.spaces import Shape, Value

VIEWS = (index, reshape, transpose, broadcast)
"""Operations whose results NumPy gives as views, where they have axes."""


@dataclass(frozen=True, slots=True)
class Lens:
    """The view that an operation on one array is.

    sure   NumPy gives a view however the array lies in memory
    line   it is np.ravel, a view only of what lies in C order with no gaps
    """

    op: Primitive
    params: Params
    sure: bool = True
    line: bool = False

    def get(self, whole: Value) -> Value:
        """The view of the array."""
        return self.op(whole, **dict(self.params))

    def seen(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """What NumPy gives of an array in memory, a view or a copy."""
        if self.line:
            return np.ravel(array)
        found: np.ndarray[Any, Any] = self.get(array)
        return found if np.ndim(found) else self._entry(array)

    def _entry(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """One entry as an array without axes, which is a view where the number is none."""
        if self.op is index:
            return array[(*dict(self.params)["key"], ...)]
        return array.reshape(())

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

    @property
    def may_copy(self) -> bool:
        """Whether NumPy gives a view or a copy, as the array lies in memory."""
        return not self.sure

    @property
    def order_of_copy(self) -> tuple[int, ...] | None:
        """The order of the axes of the copy that NumPy makes: what is reshaped is in C order."""
        return tuple(range(len(dict(self.params)["shape"]))) if self.may_copy else None


@dataclass(frozen=True, slots=True)
class Window:
    """A view that takes several operations to look at.

    back   the array from the array before and the view; None where NumPy makes it read-only
    """

    look: Callable[[Value], Value]
    back: Callable[[Value, Value], Value] | None = None
    may_copy: bool = False
    order_of_copy: tuple[int, ...] | None = None

    def get(self, whole: Value) -> Value:
        """The view of the array."""
        return self.look(whole)

    def seen(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """What NumPy gives of an array in memory."""
        return self.look(array)  # type: ignore[no-any-return]

    @property
    def writable(self) -> bool:
        """Whether NumPy lets one write through it."""
        return self.back is not None

    def put(self, whole: Value, view: Value) -> Value:
        """The array in which the view is this one; the same array if it is read-only."""
        return whole if self.back is None else self.back(whole, view)


AnyLens = Lens | Window


def shares(shape: Shape, lenses: Sequence[AnyLens], order: Sequence[int] | None = None) -> bool:
    """Whether NumPy gives a view where these are applied to a new array of the shape.

    order   its axes, the one that varies slowest in memory first; None for C order

    >>> turn = Lens(transpose, (("axes", (1, 0)),))
    >>> line = Lens(reshape, (("shape", (6,)),), sure=False)
    >>> shares((2, 3), [line]), shares((2, 3), [turn, line])
    (True, False)
    """
    whole = in_memory(shape, order)
    return np.may_share_memory(whole, seen_through(whole, lenses))


def in_memory(shape: Shape, order: Sequence[int] | None = None) -> np.ndarray[Any, Any]:
    """A new array of truth values whose axes lie in memory in an order; None for C order."""
    axes = range(len(shape)) if order is None else order
    return np.empty([shape[a] for a in axes], bool).transpose([int(i) for i in np.argsort(axes)])


def seen_through(whole: np.ndarray[Any, Any], lenses: Sequence[AnyLens]) -> np.ndarray[Any, Any]:
    """What NumPy makes of an array where these are applied, a view or a copy."""
    for lens in lenses:
        whole = lens.seen(whole)
    return whole
