"""The laws a representation of linear maps must keep, as plain equations, for anyone's category.

    for name, left, right in laws(MyCategory(), arrow):
        assert same(left, right), name

needs no test library. Which laws are asked is what the representation says that it `keeps`.
C1 to C10 of Elliott 2018, "The simple essence of AD"; of leaves, that an array is the product of
its entries (`cats.ir.indexed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from cats.functor import Biproducts, added
from cats.ir.indexed import jam, repl
from cats.ir.linear import Leaf
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import mul
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import WHOLE, gather, index
from cats.ir.prims.layout import transpose
from cats.ir.spaces import Product, R, Real, Space

M = TypeVar("M")

Law = tuple[str, M, M]
"""A name, and two maps that are to be the same."""

Arrow = Callable[[str, Space, Space], M]
"""Some map of that name from one space to the other: random, but the same when asked again."""

SPACES: tuple[Space, ...] = (Real((2,)), Real((3,)), Real(), Real((2, 2)))


def laws(k: Biproducts[M], arrow: Arrow[M], spaces: Sequence[Space] = SPACES) -> Iterator[Law[M]]:
    """Every law that k must keep, each as (name, left, right).

    k       the representation; what it `keeps` says which laws are asked
    arrow   makes sample maps of given ends
    spaces  four of them, A B C D

    >>> from cats.forward import Forward
    >>> def arrow(name, a, b):
    ...     return Forward().zero(a, b)
    >>> [name for name, _, _ in laws(Forward(), arrow)][:3]
    ['id ; f = f', 'f ; id = f', '(f ; g) ; h = f ; (g ; h)']
    """
    suites = {"category": category_laws, "products": product_laws, "biproducts": biproduct_laws}
    for name, suite in suites.items():
        if name in k.keeps:
            yield from suite(k, arrow, spaces)
    if "biproducts" in k.keeps:
        yield from leaf_laws(k)


def category_laws(
    k: Biproducts[M], arrow: Arrow[M], spaces: Sequence[Space] = SPACES
) -> Iterator[Law[M]]:
    """C1, C2: identity and associativity."""
    a, b, c, d = spaces
    f, g, h = arrow("f", a, b), arrow("g", b, c), arrow("h", c, d)
    yield "id ; f = f", k.then(k.identity(a), f), f
    yield "f ; id = f", k.then(f, k.identity(b)), f
    yield "(f ; g) ; h = f ; (g ; h)", k.then(k.then(f, g), h), k.then(f, k.then(g, h))


def product_laws(
    k: Biproducts[M], arrow: Arrow[M], spaces: Sequence[Space] = SPACES
) -> Iterator[Law[M]]:
    """C3 to C5: forks and projections, of pairs and of triples."""
    a, b, c, d = spaces
    f, g, h = arrow("f", a, b), arrow("g", a, c), arrow("h", d, a)
    both = k.fork((f, g))
    yield "<f, g> ; p0 = f", k.then(both, k.proj((b, c), 0)), f
    yield "<f, g> ; p1 = g", k.then(both, k.proj((b, c), 1)), g
    yield "<p0, p1> = id", k.fork(_projections(k, (b, c))), k.identity(Product((b, c)))
    yield "h ; <f, g> = <h ; f, h ; g>", k.then(h, both), k.fork((k.then(h, f), k.then(h, g)))
    pair = arrow("pair", a, Product((b, c)))
    split = k.fork(tuple(k.then(pair, p) for p in _projections(k, (b, c))))
    yield "<h ; p0, h ; p1> = h", split, pair
    u, v = arrow("u", b, c), arrow("v", c, d)
    yield (
        "<f, g> ; u x v = <f ; u, g ; v>",
        k.then(both, cross(k, (b, c), (u, v))),
        k.fork((k.then(f, u), k.then(g, v))),
    )
    ids = cross(k, (b, c), (k.identity(b), k.identity(c)))
    yield "id x id = id", ids, k.identity(Product((b, c)))
    three = k.fork((f, g, f))
    yield "<f, g, f> ; p2 = f", k.then(three, k.proj((b, c, b), 2)), f
    swap = k.fork(_projections(k, (b, c))[::-1])
    back = k.fork(_projections(k, (c, b))[::-1])
    yield "swap ; swap = id", k.then(swap, back), k.identity(Product((b, c)))


def biproduct_laws(
    k: Biproducts[M], arrow: Arrow[M], spaces: Sequence[Space] = SPACES
) -> Iterator[Law[M]]:
    """C6 to C10: joins, zeros, sums, and how they meet forks."""
    yield from _join_laws(k, arrow, spaces)
    yield from _zero_laws(k, arrow, spaces)
    yield from _sum_laws(k, arrow, spaces)


def _join_laws(k: Biproducts[M], arrow: Arrow[M], spaces: Sequence[Space]) -> Iterator[Law[M]]:
    a, b, c, d = spaces
    f, g, h = arrow("f", a, c), arrow("g", b, c), arrow("h", c, d)
    both, pair = k.join((f, g)), (a, b)
    yield "i0 ; [f | g] = f", k.then(k.inj(pair, 0), both), f
    yield "i1 ; [f | g] = g", k.then(k.inj(pair, 1), both), g
    yield "[i0 | i1] = id", k.join(_injections(k, pair)), k.identity(Product(pair))
    yield "[f | g] ; h = [f ; h | g ; h]", k.then(both, h), k.join((k.then(f, h), k.then(g, h)))
    u, v = arrow("u", a, d), arrow("v", b, d)
    rows, columns = k.fork((both, k.join((u, v)))), k.join((k.fork((f, u)), k.fork((g, v))))
    yield "<[f | g], [u | v]> = [<f, u> | <g, v>]", rows, columns
    three = k.join((f, g, f))
    yield "i2 ; [f | g | f] = f", k.then(k.inj((a, b, a), 2), three), f


def _zero_laws(k: Biproducts[M], arrow: Arrow[M], spaces: Sequence[Space]) -> Iterator[Law[M]]:
    a, b, c, d = spaces
    pair, f = (a, b), arrow("f", b, c)
    for i in range(2):
        for j in range(2):
            right = k.identity(pair[i]) if i == j else k.zero(pair[i], pair[j])
            name = "id" if i == j else "0"
            yield f"i{i} ; p{j} = {name}", k.then(k.inj(pair, i), k.proj(pair, j)), right
    yield "0 ; f = 0", k.then(k.zero(a, b), f), k.zero(a, c)
    yield "f ; 0 = 0", k.then(f, k.zero(c, d)), k.zero(b, d)
    yield "<0, 0> = 0", k.fork((k.zero(a, b), k.zero(a, c))), k.zero(a, Product((b, c)))
    yield "[0 | 0] = 0", k.join((k.zero(a, c), k.zero(b, c))), k.zero(Product((a, b)), c)
    yield "scale(1) = id", k.scale(a, 1), k.identity(a)
    yield "scale(0) = 0", k.scale(a, 0), k.zero(a, a)
    yield "scale(2) ; scale(3) = scale(6)", k.then(k.scale(a, 2), k.scale(a, 3)), k.scale(a, 6)
    yield "scale(3) ; f = f ; scale(3)", k.then(k.scale(b, 3), f), k.then(f, k.scale(c, 3))
    both = cross(k, pair, (k.scale(a, 3), k.scale(b, 3)))
    yield "scale(3) = scale(3) x scale(3)", k.scale(Product(pair), 3), both


def _sum_laws(k: Biproducts[M], arrow: Arrow[M], spaces: Sequence[Space]) -> Iterator[Law[M]]:
    a, b, c, d = spaces
    f, g, e = arrow("f", a, b), arrow("g", a, b), arrow("e", a, b)
    before, after = arrow("h", c, a), arrow("k", b, d)

    def add(x: M, y: M, cod: Space = b) -> M:
        return plus(k, cod, x, y)

    yield "f + 0 = f", add(f, k.zero(a, b)), f
    yield "f + g = g + f", add(f, g), add(g, f)
    yield "f + (g + e) = (f + g) + e", add(f, add(g, e)), add(add(f, g), e)
    yield (
        "h ; (f + g) = h ; f + h ; g",
        k.then(before, add(f, g)),
        add(k.then(before, f), k.then(before, g)),
    )
    yield (
        "(f + g) ; k = f ; k + g ; k",
        k.then(add(f, g), after),
        add(k.then(f, after), k.then(g, after), d),
    )
    yield "f + f = f ; scale(2)", add(f, f), k.then(f, k.scale(b, 2))
    pair = (a, b)
    back = [k.then(p, i) for p, i in zip(_projections(k, pair), _injections(k, pair), strict=True)]
    yield "p0 ; i0 + p1 ; i1 = id", add(back[0], back[1], Product(pair)), k.identity(Product(pair))
    u, v = arrow("u", b, c), arrow("v", b, c)
    row = k.then(k.fork((f, g)), k.join((u, v)))
    yield "<f, g> ; [u | v] = f ; u + g ; v", row, add(k.then(f, u), k.then(g, v), c)


def leaf_laws(k: Biproducts[M]) -> Iterator[Law[M]]:
    """Leaves: an array is the product of its entries, and a leaf what it makes of each.

    Entries are read by `index` and put among zeros by its adjoint; every other leaf is a sum of
    entries read, scaled, and put.
    """
    whole = Real((2, 2))
    for row in _cells(whole):
        for column in _cells(whole):
            back = k.then(_put(k, whole, column), _read(k, whole, row))
            right = k.identity(R) if row == column else k.zero(R, R)
            name = "id" if row == column else "0"
            yield f"into{list(column)} ; ex{list(row)} = {name}", back, right
    for leaf, entries in _leaves():
        yield f"{leaf} = its entries", k.leaf(leaf), _of_entries(k, leaf, entries)


Cell = tuple[int, ...]


def _leaves() -> Iterator[tuple[Leaf, Mapping[tuple[Cell, Cell], int]]]:
    """Leaves that move, repeat, add and scale entries, and the entries of their matrices."""
    a, b, c = Real((3,)), Real((2, 3)), Real((3, 2))
    order = range(3)
    same = leaf_of(index, 0, (), a, a, key=(WHOLE,))
    yield same, {((i,), (i,)): 1 for i in order}
    turned = leaf_of(index, 0, (), a, a, key=((None, None, -1),))
    yield turned, {((i,), (2 - i,)): 1 for i in order}
    taken = leaf_of(gather, 0, (np.array([1, 1, 0]),), a, a)
    yield taken, {((0,), (1,)): 1, ((1,), (1,)): 1, ((2,), (0,)): 1}
    yield taken.op.adjoint(taken), {((1,), (0,)): 1, ((1,), (1,)): 1, ((0,), (2,)): 1}
    yield jam(R, 3), {((), (i,)): 1 for i in order}
    yield repl(R, 3), {((i,), ()): 1 for i in order}
    across = leaf_of(transpose, 0, (), b, c, axes=(1, 0))
    yield across, {((j, i), (i, j)): 1 for i, j in _cells(b)}
    by = np.array([[2, -1, 7], [0, 3, 5]], object)
    made = leaf_of(contract, 1, (by,), a, Real((2,)), spec="ij,j->i")
    yield made, {((i,), (j,)): by[i, j] for i, j in _cells(b)}
    slopes = leaf_of(mul, 1, (by,), b, b)
    yield slopes, {(cell, cell): by[cell] for cell in _cells(b)}


def _of_entries(k: Biproducts[M], leaf: Leaf, entries: Mapping[tuple[Cell, Cell], int]) -> M:
    """The sum over the entries: the column read, scaled, and put into the row."""
    one, other = leaf.dom, leaf.cod
    parts = [
        k.then(k.then(_read(k, one, column), k.scale(R, by)), _put(k, other, row))
        for (row, column), by in entries.items()
    ]
    return added(k, parts, one, other)


def _read(k: Biproducts[M], whole: Space, cell: Cell) -> M:
    """One entry of an array."""
    return k.leaf(leaf_of(index, 0, (), whole, R, key=cell)) if cell else k.identity(R)


def _put(k: Biproducts[M], whole: Space, cell: Cell) -> M:
    """A number as one entry, the others zero."""
    read = leaf_of(index, 0, (), whole, R, key=cell)
    return k.leaf(read.op.adjoint(read)) if cell else k.identity(R)


def _cells(space: Real) -> Iterator[Cell]:
    return np.ndindex(space.shape)


def plus(k: Biproducts[M], cod: Space, f: M, g: M) -> M:
    """f + g = <f, g> ; [id | id]."""
    return k.then(k.fork((f, g)), k.join((k.identity(cod), k.identity(cod))))


def cross(k: Biproducts[M], spaces: tuple[Space, ...], fs: tuple[M, ...]) -> M:
    """f x g = <p0 ; f, p1 ; g>."""
    projections = _projections(k, spaces)
    return k.fork(tuple(k.then(p, f) for p, f in zip(projections, fs, strict=True)))


def _projections(k: Biproducts[M], spaces: tuple[Space, ...]) -> tuple[M, ...]:
    return tuple(k.proj(spaces, i) for i in range(len(spaces)))


def _injections(k: Biproducts[M], spaces: tuple[Space, ...]) -> tuple[M, ...]:
    return tuple(k.inj(spaces, i) for i in range(len(spaces)))
