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
    ones,
    repeated,
    scaled,
    shaped,
    swapped,
    times,
    transposed,
    turned,
)
from cats.functor import applied, product
from cats.ir.prims.algebra import add
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import accumulate, gather
from cats.ir.prims.layout import broadcast
from cats.ir.spaces import Ground, Shape, Value, size

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def apply(f: Block, v: Value, extra: Shape = ()) -> Value:
    """The map on every entry of the trailing axes: v has the shape dom.shape + extra."""
    match f:
        case Zero(_, cod):
            return np.zeros((*cod.shape, *extra), cod.dtype)[()]
        case Identity(_, by):
            return times(by, v)
        case Diagonal(dom, _, entries):
            return product(repeated(entries, dom.shape, extra), v)
        case Permutation(dom, cod, index, weights):
            flat = shaped(v, (*dom.shape, *extra), (size(dom), *extra))
            moved = shaped(gather(flat, index), (size(cod), *extra), (*cod.shape, *extra))
            return moved if weights is None else product(repeated(weights, cod.shape, extra), moved)
        case Kronecker():
            return _both_sides(f, v, LETTERS[4 : 4 + len(extra)])
        case Dense(dom, cod, entries):
            n, m = len(cod.shape), len(dom.shape)
            out, shared = LETTERS[:n], LETTERS[n : n + m]
            more = LETTERS[n + m : n + m + len(extra)]
            return contract(entries, v, spec=f"{out}{shared},{shared}{more}->{out}{more}")
        case Operation(leaf, by):
            wide = leaf.op.lift(leaf, extra)
            return times(by, applied(wide, v))
        case _:
            assert_never(f)


def _both_sides(f: Kronecker, v: Value, more: str) -> Value:
    """left v right^T, one side after the other."""
    if f.left is not None:
        v = contract(f.left, v, spec=f"ab,bc{more}->ac{more}")
    if f.right is not None:
        v = contract(v, f.right, spec=f"ab{more},cb->ac{more}")
    return v


def dense(f: Block) -> Value:
    """Its matrix, of shape cod.shape + dom.shape.

    Entries are placed, never multiplied by zeros: an infinite one spoils no other.

    >>> from cats.ir.spaces import Real
    >>> dense(Permutation(Real((2,)), Real((2,)), np.array([1, 0])))
    array([[0., 1.],
           [1., 0.]])
    """
    match f:
        case Zero(dom, cod):
            return np.zeros((*cod.shape, *dom.shape), cod.dtype)[()]
        case Identity(dom, by):
            return times(by, np.eye(size(dom), dtype=dom.dtype).reshape(dom.shape * 2)[()])
        case Diagonal(dom, cod, entries):
            return _placed(dom, cod, np.arange(size(dom)), entries)
        case Permutation(dom, cod, index):
            return _placed(dom, cod, index, f.entries)
        case Kronecker():
            return _product(f)
        case Dense(entries=entries):
            return entries
        case Operation(_, by) if f.entrywise:
            return dense(settled(f))
        case Operation(_, by):
            if size(f.cod) >= size(f.dom):
                return apply(f, dense(Identity(f.dom)), f.dom.shape)
            rows = apply(transposed(f), dense(Identity(f.cod)), f.cod.shape)
            return swapped(rows, f.dom.shape, f.cod.shape)
        case _:
            assert_never(f)


def settled(f: Block) -> Block:
    """The block with its entries there: no leaf left unapplied."""
    if not isinstance(f, Operation):
        return f
    if f.entrywise:
        return Diagonal(f.dom, f.cod, apply(f, ones(f.dom)))
    return Dense(f.dom, f.cod, dense(f))


def _placed(dom: Ground, cod: Ground, index: Array, weights: Value) -> Value:
    """The matrix with weights[i] in row i and column index[i]."""
    rows, columns = size(cod), size(dom)
    if rows == 1:
        return shaped(weights, cod.shape, (*cod.shape, *dom.shape))
    entries = accumulate(
        shaped(weights, cod.shape, (rows,)), np.arange(rows), index,
        shape=(rows, columns), dtype=cod.dtype, targets=(2,),
    )  # fmt: skip
    return shaped(entries, (rows, columns), (*cod.shape, *dom.shape))


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
            left, right = _composed(f.left, g.left), _composed(f.right, g.right)
            return Kronecker(f.dom, g.cod, left, right)
        case Dense(), _:
            return Dense(f.dom, g.cod, apply(g, f.entries, f.dom.shape))
        case _, Dense():
            rows = apply(transposed(f), swapped(g.entries, g.cod.shape, g.dom.shape), g.cod.shape)
            return Dense(f.dom, g.cod, swapped(rows, f.dom.shape, g.cod.shape))
        case _:
            return _sparse(f, g) or _smaller(f, g)


def _composed(f: Value | None, g: Value | None) -> Value | None:
    """The matrix product g f, None being an identity."""
    if f is None or g is None:
        return g if f is None else f
    return contract(g, f, spec="ij,jk->ik")


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
        return then(f, Dense(g.dom, g.cod, dense(g)))
    return then(Dense(f.dom, f.cod, dense(f)), g)


def plus(f: Block, g: Block) -> Block:
    """f + g, in the best structure the two allow."""
    match settled(f), settled(g):
        case Zero(), other:
            return other
        case other, Zero():
            return other
        case Identity(dom, a), Identity(_, b):
            return Identity(dom, a + b)
        case (Diagonal(dom, cod, d), Identity(_, by)) | (Identity(_, by), Diagonal(dom, cod, d)):
            return Diagonal(dom, cod, add(d, by))
        case Diagonal(dom, cod, d), Diagonal(_, _, e):
            return Diagonal(dom, cod, add(d, e))
        case Permutation() as p, Permutation() as q if np.array_equal(p.index, q.index):
            return Permutation(p.dom, p.cod, p.index, add(p.entries, q.entries))
        case Kronecker(dom, cod, None, a), Kronecker(_, _, None, b):
            return Kronecker(dom, cod, None, add(a, b))
        case Kronecker(dom, cod, a, None), Kronecker(_, _, b, None):
            return Kronecker(dom, cod, add(a, b), None)
        case a, b:
            return Dense(f.dom, f.cod, add(dense(a), dense(b)))
