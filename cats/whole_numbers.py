"""Whole numbers and truth values in containers: parts of the structure, or leaves.

A function traced once gives them as they are; what runs many times gives one for each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.prims.layout import const
from cats.ir.spaces import Value
from cats.ir.wire import Builder, Wire
from cats.tree import LEAF, Branch, Leaf, Static, Tree

NUMBERS = bool | int | np.bool_ | np.integer


def numbered(tree: Tree, leaves: Iterator[Value], found: list[Value]) -> Tree:
    """The structure in which numbers are leaves too; all leaves are appended to `found`."""
    match tree:
        case Branch():
            parts = [numbered(part, leaves, found) for part in tree.parts]
            return tree.of(parts)
        case Static(value=value) if isinstance(value, NUMBERS):
            found.append(value)
            return LEAF
        case Leaf():
            found.append(next(leaves))
    return tree


def as_wires(builder: Builder, tree: Tree, wires: Sequence[Wire]) -> tuple[Tree, list[Wire]]:
    """The structure of a result in which numbers are leaves too, and the wires of all leaves."""
    found: list[Value] = []
    whole = numbered(tree, iter(wires), found)
    return whole, [v if isinstance(v, Wire) else _constant(builder, v) for v in found]


def _constant(builder: Builder, value: Any) -> Wire:
    made: Wire = builder.emit(const, (), (("value", Constant(np.asarray(value)[()])),))
    return made
