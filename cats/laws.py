"""The laws a representation of linear maps must keep, as plain equations, for anyone's category.

    for name, left, right in laws(MyCategory(), arrow):
        assert same(left, right), name

needs no test library. Which laws are asked is what the representation says that it `keeps`.
C1 to C10 of Elliott 2018, "The simple essence of AD".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from cats.functor import Biproducts
from cats.ir.spaces import Product, Real, Space

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
