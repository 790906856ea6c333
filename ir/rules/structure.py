"""Laws of biproducts that rearrange without simplifying: for proofs, and for those who choose.

Each has one direction here and may be used in both; together they need not come to an end.
"""

from __future__ import annotations

from cats.ir.linear import Fork, Id, Inj, Join, Linear, Proj, Scale, Then, Zero, total
from cats.ir.rewrite import rule
from cats.ir.spaces import Product


@rule(
    "h: A -o B, f: B -o C, g: B -o D",
    lambda h, f, g: (Then(h, Fork((f, g))), Fork((Then(h, f), Then(h, g)))),
)
def then_fork(t: Linear) -> Linear | None:
    """A map before a fork: `h ; <f, g> = <h ; f, h ; g>`."""
    match t:
        case Then(h, Fork(fs)):
            return Fork(tuple(Then(h, f) for f in fs))
        case _:
            return None


@rule(
    "f: A -o C, g: B -o C, h: C -o D",
    lambda f, g, h: (Then(Join((f, g)), h), Join((Then(f, h), Then(g, h)))),
    exact=False,
)
def join_then(t: Linear) -> Linear | None:
    """A map after a join: `[f | g] ; h = [f ; h | g ; h]`, which adds after h, not before."""
    match t:
        case Then(Join(fs), h):
            return Join(tuple(Then(f, h) for f in fs))
        case _:
            return None


@rule(
    "f: A -o C, g: B -o C, h: A -o D, k: B -o D",
    lambda f, g, h, k: (
        Fork((Join((f, g)), Join((h, k)))),
        Join((Fork((f, h)), Fork((g, k)))),
    ),
)
def exchange(t: Linear) -> Linear | None:
    """A block matrix by rows or by columns: `<[f | g], [h | k]> = [<f, h> | <g, k>]`."""
    if not isinstance(t, Fork):
        return None
    rows = [p.parts for p in t.parts if isinstance(p, Join)]
    if len(rows) != len(t.parts) or len({len(row) for row in rows}) != 1:
        return None
    return Join(tuple(Fork(column) for column in zip(*rows, strict=True)))


@rule(
    "f: A -o B, g: A -o C, h: B -o D, k: C -o D",
    lambda f, g, h, k: (Then(Fork((f, g)), Join((h, k))), Then(f, h) + Then(g, k)),
)
def fork_join(t: Linear) -> Linear | None:
    """A row times a column: `<f, g> ; [h | k] = f ; h + g ; k`."""
    match t:
        case Then(Fork(fs), Join(gs)) if not _plain(gs):
            return _sum([Then(f, g) for f, g in zip(fs, gs, strict=True)])
        case _:
            return None


def _plain(gs: tuple[Linear, ...]) -> bool:
    return all(isinstance(g, Id) for g in gs)


def _sum(fs: list[Linear]) -> Linear:
    return total(fs, fs[0].dom, fs[0].cod)


@rule("f: A -o B, g: A -o B", lambda f, g: (f + g, g + f))
def add_commutes(t: Linear) -> Linear | None:
    """Addition does not ask for order: `f + g = g + f`."""
    match t:
        case Then(Fork((f, g)), Join((Id(), Id()))):
            return g + f
        case _:
            return None


@rule(
    "f: A -o B, g: A -o B, h: A -o B",
    lambda f, g, h: (f + (g + h), (f + g) + h),
    exact=False,
)
def add_assoc(t: Linear) -> Linear | None:
    """Nor for brackets, but for rounding: `f + (g + h) = (f + g) + h`."""
    match t:
        case Then(Fork((f, Then(Fork((g, h)), Join((Id(), Id()))))), Join((Id(), Id()))):
            return (f + g) + h
        case _:
            return None


@rule(
    "h: A -o B, f: B -o C, g: B -o C",
    lambda h, f, g: (Then(h, f + g), Then(h, f) + Then(h, g)),
)
def then_add(t: Linear) -> Linear | None:
    """Composition distributes from the left: `h ; (f + g) = h ; f + h ; g`."""
    match t:
        case Then(h, Then(Fork(fs), Join(gs))) if _plain(gs):
            return _sum([Then(h, f) for f in fs])
        case _:
            return None


@rule(
    "f: A -o B, g: A -o B, h: B -o C",
    lambda f, g, h: (Then(f + g, h), Then(f, h) + Then(g, h)),
    exact=False,
)
def add_then(t: Linear) -> Linear | None:
    """And from the right, but for rounding: `(f + g) ; h = f ; h + g ; h`."""
    match t:
        case Then(Then(Fork(fs), Join(gs)), h) if _plain(gs):
            return _sum([Then(f, h) for f in fs])
        case _:
            return None


@rule("A, B", lambda A, B: (Inj((A, B), 0), Fork((Id(A), Zero(A, B)))))
def inj_fork(t: Linear) -> Linear | None:
    """An injection as a column: `i0 = <id, 0>`."""
    if not isinstance(t, Inj):
        return None
    own = t.spaces[t.index]
    return Fork(tuple(Id(s) if i == t.index else Zero(own, s) for i, s in enumerate(t.spaces)))


@rule("A, B", lambda A, B: (Proj((A, B), 0), Join((Id(A), Zero(B, A)))))
def proj_join(t: Linear) -> Linear | None:
    """A projection as a row: `p0 = [id | 0]`."""
    if not isinstance(t, Proj):
        return None
    own = t.spaces[t.index]
    return Join(tuple(Id(s) if i == t.index else Zero(s, own) for i, s in enumerate(t.spaces)))


@rule(
    "A, B",
    lambda A, B: (
        Id(Product((A, B))),
        Then(Proj((A, B), 0), Inj((A, B), 0)) + Then(Proj((A, B), 1), Inj((A, B), 1)),
    ),
)
def resolution(t: Linear) -> Linear | None:
    """A product is the sum of its parts: `id = p0 ; i0 + p1 ; i1`."""
    if not isinstance(t, Id) or not isinstance(t.space, Product) or len(t.space.parts) < 2:
        return None
    spaces = t.space.parts
    return _sum([Then(Proj(spaces, i), Inj(spaces, i)) for i in range(len(spaces))])


@rule(
    "f: A -o B, A, B",
    lambda f, A, B: (Then(Scale(A, -1), f), Then(f, Scale(B, -1))),
    exact=False,
)
def minus_moves(t: Linear) -> Linear | None:
    """A sign goes through, but for that of zero: `scale(-1) ; f = f ; scale(-1)`."""
    match t:
        case Then(Scale(_, -1), f):
            return Then(f, Scale(f.cod, -1))
        case _:
            return None


RULES = (
    then_fork, join_then, exchange, fork_join, add_commutes, add_assoc, then_add, add_then,
    inj_fork, proj_join, resolution, minus_moves,
)  # fmt: skip
