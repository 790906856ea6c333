"""Stacks of rows: what a loop reads one by one, and what it leaves.

Rows of one shape are stacked to an array with one more axis in front. Rows that are themselves of
ANY length, left by a loop within a loop, may differ: they become an array of objects.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cats.ir.spaces import ANY, Ground, Value


def row(stack: Value, number: int) -> Value:
    """The row of a stack; a number if it has no axes."""
    return stack[number]


def piled(rows: Sequence[Value], space: Ground) -> Value:
    """The rows, each in the space, as one stack.

    >>> from cats.ir.spaces import Real
    >>> piled([1.0, 2.0], Real()), piled([], Real((3,))).shape
    (array([1., 2.]), (0, 3))
    >>> piled([np.ones(2), np.ones(3)], Real((ANY,)))
    array([array([1., 1.]), array([1., 1., 1.])], dtype=object)
    """
    if ANY in space.shape:
        stack = np.empty(len(rows), object)
        for i, each in enumerate(rows):
            stack[i] = each
        return stack
    exact = any(np.asarray(each).dtype.kind == "O" for each in rows)
    pile = np.empty((len(rows), *space.shape), object if exact else space.dtype)
    for i, each in enumerate(rows):
        pile[i, ...] = each
    return pile
