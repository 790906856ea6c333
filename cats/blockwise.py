"""Block algebra: composition, sums, multiples and transposes of blocks, each in its own structure.

No product is taken with a zero that is known: Zero absorbs, identities vanish, diagonals and
permutations compose entry by entry, and a leaf is applied to the columns before it or, transposed,
to the rows after it, whichever are fewer. Its own matrix is not formed for that.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np

from cats.blocks import (
    Array,
    Block,
    Dense,
    Diagonal,
    Identity,
    Kronecker,
    Operation,
    Permutation,
    Zero,
    counted,
    ones,
    repeated,
    scaled,
    shaped,
    swapped,
    times,
    transposed,
    turned,
)
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import add
from cats.ir.prims.contraction import contract, spare
from cats.ir.prims.indexing import accumulate, gather
from cats.ir.prims.layout import broadcast, with_shape
from cats.ir.spaces import Ground, Shape, Value, size
from cats.zeros import Masked, applied, contracted, plain, product, summed, through, wide


def apply(f: Block, v: Value, extra: Shape = ()) -> Value:
    """The map on every entry of the trailing axes: v has the shape dom.shape + extra."""
    match f:
        case Zero(_, cod):
            return np.zeros((*cod.shape, *extra), cod.dtype)[()]
        case Identity(_, by):
            return times(by, v)
        case Diagonal(dom, cod, entries):
            return product(repeated(entries, dom.shape, extra), wide(v, cod))
        case Permutation(dom, cod, index, weights):
            flat = shaped(wide(v, cod), (*dom.shape, *extra), (size(dom), *extra))
            rows = through(lambda x: gather(x, index), flat)
            moved = shaped(rows, (size(cod), *extra), (*cod.shape, *extra))
            return moved if weights is None else product(repeated(weights, cod.shape, extra), moved)
        case Kronecker():
            return _both_sides(f, wide(v, f.cod), spare(len(extra), "abc"))
        case Dense(dom, cod, entries):
            n, m = len(cod.shape), len(dom.shape)
            names = spare(n + m + len(extra))
            out, shared, more = names[:n], names[n : n + m], names[n + m :]
            return contracted(entries, wide(v, cod), f"{out}{shared},{shared}{more}->{out}{more}")
        case Operation(leaf, by):
            return times(by, applied(leaf.op.lift(leaf, extra), v))
        case _:
            assert_never(f)


def _both_sides(f: Kronecker, v: Value, more: str) -> Value:
    """left v right^T, one side after the other."""
    if f.left is not None:
        v = contracted(f.left, v, f"ab,bc{more}->ac{more}")
    if f.right is not None:
        v = contracted(v, f.right, f"ab{more},cb->ac{more}")
    return v


def dense(f: Block) -> Value:
    """Its matrix, of shape cod.shape + dom.shape, every zero written.

    >>> from cats.ir.spaces import Real
    >>> dense(Permutation(Real((2,)), Real((2,)), np.array([1, 0])))
    array([[0., 1.],
           [1., 0.]])
    """
    return plain(matrix_of(f))


def matrix_of(f: Block) -> Value:
    """Its matrix, masked where a choice put entries to zero.

    Entries are placed, never multiplied by zeros: an infinite one spoils no other.
    """
    match f:
        case Zero(dom, cod):
            return np.zeros((*cod.shape, *dom.shape), cod.dtype)[()]
        case Identity(dom, 1):
            return np.eye(size(dom), dtype=dom.dtype).reshape(dom.shape * 2)[()]
        case Identity(dom, by):
            return _placed(dom, dom, np.arange(size(dom)), times(by, ones(dom)))
        case Diagonal(dom, cod, entries):
            return _placed(dom, cod, np.arange(size(dom)), entries)
        case Permutation(dom, cod, index):
            return _placed(dom, cod, index, f.entries)
        case Kronecker():
            return _product(f)
        case Dense(entries=entries):
            return entries
        case Operation(_, by) if f.entrywise:
            return matrix_of(settled(f))
        case Operation(_, by):
            if size(f.cod) >= size(f.dom):
                return apply(f, matrix_of(Identity(f.dom)), f.dom.shape)
            rows = apply(transposed(f), matrix_of(Identity(f.cod)), f.cod.shape)
            return swapped(wide(rows, f.cod), f.dom.shape, f.cod.shape)
        case _:
            assert_never(f)


def settled(f: Block) -> Block:
    """The block with its entries there: no leaf left unapplied."""
    if not isinstance(f, Operation):
        return f
    if f.entrywise:
        return Diagonal(f.dom, f.cod, apply(f, ones(f.dom)))
    return Dense(f.dom, f.cod, matrix_of(f))


def written(f: Block) -> Block:
    """The block with its known zeros written."""
    match f:
        case Diagonal(dom, cod, Masked() as entries):
            return Diagonal(dom, cod, plain(entries))
        case Permutation(dom, cod, index, Masked() as weights):
            return Permutation(dom, cod, index, plain(weights))
        case Dense(dom, cod, Masked() as entries):
            return Dense(dom, cod, plain(entries))
        case _:
            return f


def _placed(dom: Ground, cod: Ground, index: Array, weights: Value) -> Value:
    """The matrix with weights[i] in row i and column index[i]."""
    rows, columns = size(cod), size(dom)
    if rows == 1:
        return shaped(weights, cod.shape, (*cod.shape, *dom.shape))
    places, whole = (np.arange(rows), index), with_shape(cod, (rows, columns))
    here = {"shape": whole.shape, "dtype": cod.dtype, "targets": (2,)}
    place = leaf_of(accumulate, 0, places, with_shape(cod, (rows,)), whole, **here)
    entries = applied(place, shaped(weights, cod.shape, (rows,)))
    return shaped(entries, whole.shape, (*cod.shape, *dom.shape))


def _product(f: Kronecker) -> Value:
    """out[i, l, j, k] = left[i, j] * right[l, k]."""
    (p, q), (m, n) = f.cod.shape, f.dom.shape
    if f.left is not None and f.right is not None:
        return contract(f.left, f.right, spec="ij,lk->iljk")
    if f.left is not None:
        return turned(_on_diagonal(f.left, (p, m), n, f.cod.dtype), (2, 0, 3, 1))
    return turned(_on_diagonal(f.right, (q, n), m, f.cod.dtype), (0, 2, 1, 3))


def _on_diagonal(x: Value, shape: Shape, n: int, dtype: str) -> Value:
    """out[i, i, ...] = x: an n x n table of matrices."""
    copies = broadcast(x, shape=(n, *shape), axes=(1, 2))
    places = np.arange(n)
    return accumulate(copies, places, places, shape=(n, n, *shape), dtype=dtype, targets=(2,))


def then(f: Block, g: Block) -> Block:
    """f ; g : A -o C, first f then g, in the best structure the two allow."""
    match f, g:
        case (Zero(), _) | (_, Zero()):
            return Zero(f.dom, g.cod)
        case _, Identity(_, by):
            return scaled(f, by)
        case Identity(_, by), _:
            return scaled(g, by)
        case Kronecker(), Kronecker():
            left, right = (
                _composed(a, b, g.cod) for a, b in ((f.left, g.left), (f.right, g.right))
            )
            return Kronecker(f.dom, g.cod, left, right)
        case Dense(), _:
            return Dense(f.dom, g.cod, apply(g, f.entries, f.dom.shape))
        case _, Dense():
            given = swapped(wide(g.entries, g.dom), g.cod.shape, g.dom.shape)
            rows = apply(transposed(f), given, g.cod.shape)
            return Dense(f.dom, g.cod, swapped(wide(rows, g.cod), f.dom.shape, g.cod.shape))
        case _:
            return _sparse(f, g) or _smaller(f, g)


def _composed(f: Value | None, g: Value | None, cod: Ground) -> Value | None:
    """The matrix product g f, None being an identity."""
    if f is None or g is None:
        return g if f is None else wide(f, cod)
    return contract(g, wide(f, cod), spec="ij,jk->ik")


def _sparse(f: Block, g: Block) -> Block | None:
    """Compositions of maps with one entry in each row and column; None for others."""
    match _entries(f), g:
        case None, _:
            return None
        case (None, v), Diagonal() | Operation(entrywise=True):
            return Diagonal(f.dom, g.cod, apply(g, v))
        case (np.ndarray() as index, v), Diagonal() | Operation(entrywise=True):
            return Permutation(f.dom, g.cod, index, apply(g, v))
        case (index, v), Permutation():
            places = g.index if index is None else index[g.index]
            plain = isinstance(f, Permutation) and f.weights is None and g.weights is None
            return _moved(f.dom, g.cod, places, None if plain else apply(g, v))
        case _:
            return None


def _moved(dom: Ground, cod: Ground, index: Array, weights: Value | None) -> Block:
    """The permutation, or what it is when every entry is back in its place."""
    if dom != cod or not np.array_equal(index, np.arange(size(dom))):
        return Permutation(dom, cod, index, weights)
    return Identity(dom) if weights is None else Diagonal(dom, cod, weights)


def _entries(f: Block) -> tuple[Array | None, Value] | None:
    """Where each row has its one entry (None: on the diagonal), and the entries."""
    match settled(f) if isinstance(f, Operation) and f.entrywise else f:
        case Diagonal(entries=v):
            return None, v
        case Permutation(index=index) as p:
            return index, p.entries
        case _:
            return None


def _smaller(f: Block, g: Block) -> Block:
    """Neither is written out: write out the one with fewer entries, then compose."""
    if size(g.dom) * size(g.cod) < size(f.dom) * size(f.cod):
        return then(f, Dense(g.dom, g.cod, matrix_of(g)))
    return then(Dense(f.dom, f.cod, matrix_of(f)), g)


def plus(f: Block, g: Block) -> Block:
    """f + g, in the best structure the two allow."""
    match settled(f), settled(g):
        case Zero(), other:
            return other
        case other, Zero():
            return other
        case Identity(dom, a), Identity(_, b):
            return Identity(dom, counted(a + b))
        case (Diagonal(dom, cod, d), Identity(_, by)) | (Identity(_, by), Diagonal(dom, cod, d)):
            return Diagonal(dom, cod, add(plain(d), by))
        case Diagonal(dom, cod, d), Diagonal(_, _, e):
            return Diagonal(dom, cod, summed([(1, d), (1, e)]))
        case Permutation() as p, Permutation() as q if np.array_equal(p.index, q.index):
            return Permutation(p.dom, p.cod, p.index, summed([(1, p.entries), (1, q.entries)]))
        case Kronecker(dom, cod, None, a), Kronecker(_, _, None, b):
            return Kronecker(dom, cod, None, add(a, b))
        case Kronecker(dom, cod, a, None), Kronecker(_, _, b, None):
            return Kronecker(dom, cod, add(a, b), None)
        case a, b:
            return Dense(f.dom, f.cod, summed([(1, matrix_of(a)), (1, matrix_of(b))]))
