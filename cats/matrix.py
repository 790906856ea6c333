"""Matrix: a linear map is a table of blocks, each in the best structure that is known.

Rows are the ground spaces of the codomain, columns those of the domain; what is not in the table
is zero. Entries are numbers or wires: the same instance computes a Jacobian and compiles one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from typing import assert_never

import numpy as np

from cats.blocks import Block, Dense, Diagonal, Identity, Zero, of_leaf, ones, scaled
from cats.blockwise import apply, matrix_of, plus, settled, then
from cats.branches import Branch, choice, chosen
from cats.columns import by_columns
from cats.functor import BIPRODUCTS, At, alone, by_position, prepared, resolve
from cats.ir.linear import Leaf, meet
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve
from cats.ir.linear_program import ZERO, LinearProgram, SumStep, Term, args_of
from cats.ir.primitive import Primitive
from cats.ir.prims.layout import extend
from cats.ir.spaces import ANY, Ground, Product, Space, Value
from cats.ir.trampoline import Asking, outcome
from cats.ir.wire import Builder, Wire
from cats.tables import Place, Table, grounds, to_array, to_blocks, transpose
from cats.zeros import Nothing, together

__all__ = ["Matrix", "Table", "grounds", "to_array", "to_blocks", "transpose"]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Maps are tables of structured blocks. Elliott 2018, section 8, with the zeros left out.

    A choice whose branch is not known yet becomes a case that returns the blocks. A loop has no
    structure but that it is linear: its blocks are dense, made by columns or by rows.

    >>> from cats.functor import interpret
    >>> from cats.ir.linear import Fork, Id, Scale
    >>> from cats.ir.spaces import R
    >>> to_array(interpret(Fork((Id(R), Scale(R, 3.0))), Matrix()))
    array([[1.],
           [3.]])
    """

    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Table:
        """Identities on the diagonal."""
        return Table(a, a, {(i, i): Identity(space) for i, space in enumerate(grounds(a))})

    def zero(self, a: Space, b: Space, /) -> Table:
        """The empty table."""
        return Table(a, b, {})

    def then(self, f: Table, g: Table, /) -> Table:
        """The product g f, over the blocks that are there."""
        meet(f.cod, g.dom)
        few, many = sorted((f.by_row, g.by_column), key=len)
        found: dict[Place, Block] = {}
        for middle in few:
            if middle in many:
                for row, after in g.by_column[middle]:
                    for column, before in f.by_row[middle]:
                        _add(found, (row, column), then(before, after))
        return Table(f.dom, g.cod, found)

    def fork(self, fs: tuple[Table, ...], /) -> Table:
        """One above the other."""
        found: dict[Place, Block] = {}
        start = 0
        for f in fs:
            found.update({(start + row, column): b for (row, column), b in f.at.items()})
            start += len(grounds(f.cod))
        return Table(fs[0].dom, Product(tuple(f.cod for f in fs)), found)

    def join(self, fs: tuple[Table, ...], /) -> Table:
        """Side by side."""
        found: dict[Place, Block] = {}
        start = 0
        for f in fs:
            found.update({(row, start + column): b for (row, column), b in f.at.items()})
            start += len(grounds(f.dom))
        return Table(Product(tuple(f.dom for f in fs)), fs[0].cod, found)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Table:
        """Zeros, an identity, zeros."""
        start = sum(len(grounds(s)) for s in spaces[:i])
        here = enumerate(grounds(spaces[i]))
        blocks: dict[Place, Block] = {(k, start + k): Identity(space) for k, space in here}
        return Table(Product(spaces), spaces[i], blocks)

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Table:
        """The transpose of the projection."""
        p = self.proj(spaces, i)
        return Table(p.cod, p.dom, {(column, row): b for (row, column), b in p.at.items()})

    def scale(self, a: Space, by: Value, /) -> Table:
        """`by` on the diagonal: a number, or an array with an entry for each."""
        by = by.item() if isinstance(by, np.generic) else by
        if isinstance(by, Number):
            return Table(a, a, {(i, i): Identity(s, by) for i, s in enumerate(grounds(a))})
        return Table(a, a, {(i, i): Diagonal(s, s, by) for i, s in enumerate(grounds(a))})

    def leaf(self, leaf: Leaf, /) -> Table:
        """One block, in the structure its operation declares."""
        present = grounds(leaf.dom) and grounds(leaf.cod)
        return Table(leaf.dom, leaf.cod, {(0, 0): of_leaf(leaf)} if present else {})

    def straight_line(self, program: LinearProgram, at: At, /) -> Table:
        """Every position as a row of blocks, one for each input it depends on.

        Where stacks are as long as a loop turns out to run there are no blocks: by columns then.
        """
        return outcome(_read(self, program, at))


def _read(k: Matrix, program: LinearProgram, at: At) -> Asking[Table]:
    if any(ANY in part.shape for space in program.spaces for part in grounds(space)):
        return by_columns(program, at)
    dom = Product(program.inputs)
    rows = _inputs(program, dom)
    for step in program.steps:
        match step:
            case SumStep(terms, space):
                rows.append(_sum(terms, rows, dom, space, at))
            case LinCase():
                before = k.fork(tuple(rows[a] for a in step.args)) if step.args else _none(dom)
                taken: Table = yield _case(k, step, at)
                rows.extend(_rows(k.then(before, taken), step.spaces))
            case LinLoop() | LinSolve():
                before = k.fork(tuple([rows[a] for a in args_of(step)]))
                taken = by_columns(alone(step, program.spaces), at)
                rows.extend(_rows(k.then(before, taken), step.spaces))
            case LinCall():
                before = k.fork(tuple(rows[a] for a in step.args)) if step.args else _none(dom)
                taken = yield _read(k, step.body, prepared(step, at))
                rows.extend(_rows(k.then(before, taken), step.spaces))
            case _:
                assert_never(step)
    ends = zip(program.outputs, program.ends, strict=True)
    chosen = tuple(k.zero(dom, end) if o == ZERO else rows[o] for o, end in ends)
    return k.fork(chosen) if chosen else _none(dom)


def _none(dom: Space) -> Table:
    return Table(dom, Product(), {})


def _add(found: dict[Place, Block], place: Place, block: Block) -> None:
    if not isinstance(block, Zero):
        found[place] = plus(found[place], block) if place in found else block


def _inputs(program: LinearProgram, dom: Space) -> list[Table]:
    """Each input as an identity in its columns."""
    rows, start = [], 0
    for space in program.inputs:
        here = grounds(space)
        at: dict[Place, Block] = {(k, start + k): Identity(s) for k, s in enumerate(here)}
        rows.append(Table(dom, space, at))
        start += len(here)
    return rows


def _sum(terms: Sequence[Term], rows: Sequence[Table], dom: Space, space: Space, at: At) -> Table:
    """+-L1 f1 +- L2 f2 ...: pieces of one scattering operation are added in one pass."""
    found: dict[Place, Block] = {}
    scattered: dict[tuple[Primitive, int], list[tuple[Leaf, Block]]] = {}
    for term in terms:
        leaf = None if term.leaf is None else resolve(term.leaf, at)
        after = None if leaf is None else of_leaf(leaf)
        for (row, column), block in rows[term.arg].at.items():
            before = scaled(block, term.sign)
            if leaf is None or after is None:
                _add(found, (row, column), before)
            elif isinstance(leaf.op, Primitive) and leaf.op.linear and leaf.op.linear.total:
                scattered.setdefault((leaf.op, column), []).append((leaf, before))
            else:
                _add(found, (0, column), then(before, after))
    for (op, column), pieces in scattered.items():
        _add(found, (0, column), _together(op, pieces))
    return Table(dom, space, found)


def _together(op: Primitive, pieces: Sequence[tuple[Leaf, Block]]) -> Block:
    """The sum of the pieces, each a block and a leaf after it, in one pass."""
    leaf, first = pieces[0]
    if len(pieces) == 1:
        return then(first, of_leaf(leaf))
    wide = [op.lift(leaf, first.dom.shape) for leaf, _ in pieces]
    return Dense(
        first.dom, of_leaf(leaf).cod, together(op, wide, [matrix_of(b) for _, b in pieces])
    )


def _rows(f: Table, spaces: Sequence[Space]) -> list[Table]:
    """A map into a product as maps into its parts."""
    start, found = 0, list[Table]()
    for space in spaces:
        width = len(grounds(space))
        at = {(i, j): b for i in range(width) for j, b in f.by_row.get(start + i, ())}
        found.append(Table(f.dom, space, at))
        start += width
    return found


def _case(k: Matrix, step: LinCase[LinearProgram], at: At) -> Asking[Table]:
    """The blocks of the branch taken; if that is not known yet, of a case that returns them."""
    tag, residuals = choice(step, at)
    recorders: list[Builder] = [r for v in (tag, *residuals) if (r := getattr(v, "recorder", None))]
    if not recorders:
        found: Table = yield _read(k, step.branches[int(tag)], by_position(residuals))
        return found
    outer = max(recorders, key=lambda r: r.stamp)
    wires, inside = [outer.lift(v) for v in residuals], list[tuple[Builder, Table]]()
    for branch in step.branches:
        builder = Builder([w.space for w in wires])
        table: Table = yield _read(k, branch, by_position(list(builder.wires)))
        inside.append((builder, table))
    return _undecided(outer.lift(tag), wires, inside)


def _undecided(
    tag: Wire, captured: Sequence[Wire], inside: Sequence[tuple[Builder, Table]]
) -> Table:
    """A case on wires that returns the blocks: diagonals where all branches have them."""
    first = inside[0][1]
    columns, ends = grounds(first.dom), grounds(first.cod)
    places = sorted({place for _, table in inside for place in table.at})
    tables = [{p: _settled(table, p) for p in places} for _, table in inside]
    kinds: list[type[Diagonal | Dense]] = [
        Diagonal if all(_is_diagonal(table[p]) for table in tables) else Dense for p in places
    ]
    spaces = [
        ends[i] if kind is Diagonal else extend(ends[i], columns[j].shape)
        for (i, j), kind in zip(places, kinds, strict=True)
    ]
    branches = [
        Branch(builder, list(map(_entries, [table[p] for p in places], kinds, spaces)))
        for (builder, _), table in zip(inside, tables, strict=True)
    ]
    results = chosen(tag, captured, branches, spaces)
    blocks: dict[Place, Block] = {
        (i, j): kind(columns[j], ends[i], entries)
        for (i, j), kind, entries in zip(places, kinds, results, strict=True)
    }
    return Table(first.dom, first.cod, blocks)


def _settled(table: Table, place: Place) -> Block | None:
    return settled(table.at[place]) if place in table.at else None


def _is_diagonal(block: Block | None) -> bool:
    """Whether it is zero, or all its entries are on the diagonal."""
    if block is None:
        return True
    return isinstance(block, Identity | Diagonal) and block.dom.shape == block.cod.shape


def _entries(block: Block | None, kind: type[Diagonal | Dense], space: Ground) -> Value:
    if block is None:
        return Nothing(space)
    return apply(block, ones(block.dom)) if kind is Diagonal else matrix_of(block)
