"""Blocks: a linear map between two ground spaces, as a matrix that knows where its zeros are.

The matrix of A -o B is an array of shape B.shape + A.shape. It is written out (`Dense`) only where
nothing better is known. Entries are numbers or wires, masked where a choice put them to zero, in
the width of B: where it is another than that of A, they are converted on the way to the transpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np

from cats.ir.linear import Leaf
from cats.ir.prims.algebra import mul, number, spread
from cats.ir.prims.contraction import contract, parts_of
from cats.ir.prims.indexing import gather
from cats.ir.prims.layout import broadcast, convert, reshape, transpose
from cats.ir.spaces import Ground, Shape, Value, size, space_of
from cats.zeros import negative, product, through, wide

Array = np.ndarray[Any, Any]
Axes = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Zero:
    """0 : A -o B."""

    dom: Ground
    cod: Ground


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """v |-> by * v, `by` a number known now; the identity when it is 1."""

    dom: Ground
    by: Any = 1

    @property
    def cod(self) -> Ground:
        """A multiple of the identity ends where it began."""
        return self.dom


@dataclass(frozen=True, slots=True, eq=False)
class Diagonal:
    """v |-> entries * v, entry by entry."""

    dom: Ground
    cod: Ground
    entries: Value


@dataclass(frozen=True, slots=True, eq=False)
class Permutation:
    """out[i] = weights[i] * in[index[i]] in row-major order; no weights: all are 1."""

    dom: Ground
    cod: Ground
    index: Array
    weights: Value | None = None

    @property
    def entries(self) -> Value:
        """The weights, ones included."""
        return ones(self.cod) if self.weights is None else self.weights


@dataclass(frozen=True, slots=True, eq=False)
class Kronecker:
    """X |-> left X right^T on matrices: left (x) right in row-major order; None is an identity."""

    dom: Ground
    cod: Ground
    left: Value | None
    right: Value | None


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """The array itself, of shape cod.shape + dom.shape."""

    dom: Ground
    cod: Ground
    entries: Value


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """by * leaf, its matrix not written out: applied to what comes before, or its adjoint after."""

    leaf: Leaf
    by: Any = 1

    @property
    def dom(self) -> Ground:
        """Where the leaf begins."""
        return self.leaf.dom  # type: ignore[return-value]

    @property
    def cod(self) -> Ground:
        """Where the leaf ends."""
        return self.leaf.cod  # type: ignore[return-value]

    @property
    def entrywise(self) -> bool:
        """Whether its matrix is diagonal."""
        op = self.leaf.op
        return op is convert or op.structure(self.leaf) == "diagonal"


Block = Zero | Identity | Diagonal | Permutation | Kronecker | Dense | Operation


def of_leaf(leaf: Leaf) -> Block:
    """The leaf as a block, in the best structure that is known without computing anything.

    >>> from cats.ir.primitive import leaf_of
    >>> from cats.ir.spaces import Real
    >>> of_leaf(leaf_of(transpose, 0, (), Real((2, 2)), Real((2, 2)), axes=(1, 0))).index
    array([0, 2, 1, 3])
    """
    lazy = Operation(leaf)
    if leaf.op is contract:
        return _matrix_of(lazy) or _factors_of(lazy) or lazy
    if leaf.op is mul and space_of(leaf.fixed[0]).shape == lazy.dom.shape:
        return Diagonal(lazy.dom, lazy.cod, leaf.fixed[0])
    if leaf.op is convert and lazy.dom == lazy.cod:
        return Identity(lazy.dom)
    moves = leaf.op.structure(leaf) == "permutation"
    if moves and not leaf.fixed and lazy.dom.dtype == lazy.cod.dtype:
        places = np.arange(size(lazy.dom)).reshape(lazy.dom.shape)
        return Permutation(lazy.dom, lazy.cod, np.ravel(leaf.op.apply(leaf, places)))
    return lazy


def _matrix_of(f: Operation) -> Dense | None:
    """A contraction with one array that shares no axis with the result is that array."""
    operands, out = parts_of(dict(f.leaf.params)["spec"])
    inner = operands.pop(f.leaf.slot)
    if len(operands) != 1 or sorted(operands[0]) != sorted(out + inner):
        return None
    axes = tuple(operands[0].index(letter) for letter in out + inner)
    return Dense(f.dom, f.cod, turned(f.leaf.fixed[0], axes))


def _factors_of(f: Operation) -> Kronecker | None:
    """A contraction of a matrix with a matrix on the left, on the right, or on both sides."""
    operands, out = parts_of(dict(f.leaf.params)["spec"])
    inner = operands.pop(f.leaf.slot)
    if len(inner) != 2 or len(out) != 2 or inner[0] == out[1] or inner[1] == out[0]:
        return None
    unused = list(zip(operands, f.leaf.fixed, strict=True))
    sides: list[Value | None] = []
    for old, new in zip(inner, out, strict=True):
        place = next((i for i, (name, _) in enumerate(unused) if set(name) == {old, new}), None)
        if old != new and place is None:
            return None
        if old == new or place is None:
            sides.append(None)
        else:
            name, x = unused.pop(place)
            sides.append(x if name == new + old else turned(x, (1, 0)))
    return None if unused or not operands else Kronecker(f.dom, f.cod, *sides)


def transposed(f: Block) -> Block:
    """<A x, y> = <x, A' y>, in the same structure."""
    match f:
        case Zero(dom, cod):
            return Zero(cod, dom)
        case Identity():
            return f
        case Diagonal(dom, cod, entries):
            return Diagonal(cod, dom, wide(entries, dom))
        case Permutation(dom, cod, index, weights):
            back = np.argsort(index)
            if weights is None:
                return Permutation(cod, dom, back)
            flat = shaped(weights, cod.shape, (size(cod),))
            moved = through(lambda w: gather(w, back), wide(flat, dom))
            return Permutation(cod, dom, back, shaped(moved, (size(dom),), dom.shape))
        case Kronecker(dom, cod, left, right):
            return Kronecker(cod, dom, _flipped(left, dom), _flipped(right, dom))
        case Dense(dom, cod, entries):
            return Dense(cod, dom, swapped(wide(entries, dom), cod.shape, dom.shape))
        case Operation(leaf, by):
            return Operation(leaf.op.adjoint(leaf), by)
        case _:
            assert_never(f)


def _flipped(x: Value | None, width: Ground) -> Value | None:
    return None if x is None else transpose(wide(x, width), axes=(1, 0))


def scaled(f: Block, by: Any) -> Block:
    """by * f, in the same structure."""
    match f:
        case Zero():
            return f
        case Identity(dom, first):
            return Identity(dom, counted(by * first))
        case Diagonal(dom, cod, entries):
            return Diagonal(dom, cod, times(by, entries))
        case Permutation(dom, cod, index):
            return f if by == 1 else Permutation(dom, cod, index, times(by, f.entries))
        case Kronecker(dom, cod, None, right):
            return Kronecker(dom, cod, None, times(by, right))
        case Kronecker(dom, cod, left, right):
            return Kronecker(dom, cod, times(by, left), right)
        case Dense(dom, cod, entries):
            return Dense(dom, cod, times(by, entries))
        case Operation(leaf, first):
            return Operation(leaf, counted(by * first))
        case _:
            assert_never(f)


def swapped(entries: Value, front: Shape, back: Shape) -> Value:
    """Entries of shape front + back, as back + front."""
    n, m = len(front), len(back)
    return turned(entries, (*range(n, n + m), *range(n)))


def turned(x: Value, axes: Axes) -> Value:
    """x with its axes in this order."""
    if axes == tuple(range(len(axes))):
        return x
    return through(lambda v: transpose(v, axes=axes), x)


def shaped(x: Value, now: Shape, shape: Shape) -> Value:
    """x, of shape `now`, in another shape."""
    if now == shape:
        return x
    if now:
        return through(lambda v: reshape(v, shape=shape), x)
    return through(lambda v: broadcast(v, shape=shape, axes=()), x)


def repeated(x: Value, shape: Shape, extra: Shape) -> Value:
    """x repeated along more trailing axes."""
    return through(lambda v: spread(v, shape, extra), x) if extra else x


def times(by: Any, v: Value) -> Value:
    """by * v, with 1 and -1 read as what they are."""
    if number(by) and by == 1:
        return v
    return negative(v) if number(by) and by == -1 else product(by, v)


def counted(by: Any) -> Any:
    """A factor that is whole stays so as far as floats count; beyond, it is one of them.

    >>> counted(2**53), counted(2**54)
    (9007199254740992, 1.8014398509481984e+16)
    """
    return float(by) if isinstance(by, int) and abs(by) > 2**53 else by


def ones(space: Ground) -> Value:
    """One in every entry."""
    return np.ones(space.shape, space.dtype)[()]
