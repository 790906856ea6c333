"""Tables: a linear map between products of ground spaces as blocks, row by column; its views."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cats.blocks import Block, Zero, shaped, transposed
from cats.blockwise import dense, settled, written
from cats.ir.errors import DerivativeError, expected
from cats.ir.prims.joining import concatenate
from cats.ir.spaces import Ground, Product, Space, Value, leaves, size, tangent

Place = tuple[int, int]
"""A row and a column."""


@dataclass(frozen=True, eq=False)
class Table:
    """A linear map `dom -o cod` in blocks: `at[row, column]`, absent ones zero.

    Rows and columns count the ground spaces of the tangents, left to right; a discrete space has
    none.
    """

    dom: Space
    cod: Space
    at: Mapping[Place, Block]

    def block(self, row: int, column: int) -> Block:
        """One block, written out as far as its structure asks."""
        found = self.at.get((row, column))
        if found is None:
            return Zero(grounds(self.dom)[column], grounds(self.cod)[row])
        return written(settled(found))

    @cached_property
    def by_row(self) -> dict[int, list[tuple[int, Block]]]:
        """For each row the columns and blocks in it."""
        found: dict[int, list[tuple[int, Block]]] = {}
        for (row, column), block in self.at.items():
            found.setdefault(row, []).append((column, block))
        return found

    @cached_property
    def by_column(self) -> dict[int, list[tuple[int, Block]]]:
        """For each column the rows and blocks in it."""
        found: dict[int, list[tuple[int, Block]]] = {}
        for (row, column), block in self.at.items():
            found.setdefault(column, []).append((row, block))
        return found


def grounds(space: Space) -> tuple[Ground, ...]:
    """The ground spaces that tangents of `space` are made of.

    >>> from cats.ir.spaces import INT, R
    >>> grounds(Product((R, INT, Product((R,)))))
    (Real(shape=(), dtype='float64'), Real(shape=(), dtype='float64'))
    """
    return tuple(leaves(tangent(space)))


def transpose(f: Table) -> Table:
    """The transposed table, every block in its own structure."""
    return Table(f.cod, f.dom, {(column, row): transposed(b) for (row, column), b in f.at.items()})


def to_array(f: Table) -> Value:
    """The whole matrix, with size(cod) rows and size(dom) columns, in row-major order.

    Raises DerivativeError for what is no table of blocks.
    """
    remedy = "Give what cats.represent(linear, cats.Matrix(), at) gives."
    expected(f, Table, "table of blocks", remedy, DerivativeError)
    rows, columns = grounds(f.cod), grounds(f.dom)
    if not rows or not columns:
        return np.zeros((size(Product(rows)), size(Product(columns))))
    return _beside([_beside(_flat_row(f, i, columns), 1) for i in range(len(rows))], 0)


def _flat_row(f: Table, row: int, columns: Sequence[Ground]) -> list[Value]:
    blocks = [f.block(row, column) for column in range(len(columns))]
    return [
        shaped(dense(b), (*b.cod.shape, *b.dom.shape), (size(b.cod), size(b.dom))) for b in blocks
    ]


def _beside(parts: Sequence[Value], axis: int) -> Value:
    return concatenate(*parts, axis=axis) if len(parts) > 1 else parts[0]


def to_blocks(f: Table) -> Value:
    """The Jacobian as nested tuples: for each part of cod, for each part of dom, one array.

    An array has the shape B.shape + A.shape; a discrete part has the empty tuple.

    >>> from cats.blocks import Identity
    >>> from cats.ir.spaces import R
    >>> to_blocks(Table(Product((R, R)), R, {(0, 1): Identity(R, 2.0)}))
    (np.float64(0.0), np.float64(2.0))
    """
    rows, width = iter(range(len(grounds(f.cod)))), len(grounds(f.dom))

    def row() -> Value:
        here, columns = next(rows), iter(range(width))
        return _nested(tangent(f.dom), lambda: dense(f.block(here, next(columns))))

    return _nested(tangent(f.cod), row)


def _nested(space: Space, leaf: Callable[[], Value]) -> Value:
    if isinstance(space, Product):
        return tuple(_nested(part, leaf) for part in space.parts)
    return leaf()
