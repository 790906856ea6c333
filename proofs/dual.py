"""Dual is a functor that turns maps round, and twice turned is not turned.

Proved by cases over the nine nodes, on letters: that a fold over terms has a property follows
from its having it at each node. Dual is run in the free category, where two maps are the same
only if they are written the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from cats.dual import Dual
from cats.functor import BIPRODUCTS, interpret
from cats.ir.letters import letters
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Scale, Then, Zero
from cats.ir.spaces import Space, Value


class Free:
    """The free category with biproducts: a map is the term that writes it."""

    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Linear:
        return Id(a)

    def zero(self, a: Space, b: Space, /) -> Linear:
        return Zero(a, b)

    def then(self, f: Linear, g: Linear, /) -> Linear:
        return Then(f, g)

    def fork(self, fs: tuple[Linear, ...], /) -> Linear:
        return Fork(fs)

    def join(self, fs: tuple[Linear, ...], /) -> Linear:
        return Join(fs)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Linear:
        return Proj(spaces, i)

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Linear:
        return Inj(spaces, i)

    def scale(self, a: Space, by: Value, /) -> Linear:
        return Scale(a, by)

    def leaf(self, leaf: Leaf, /) -> Linear:
        return leaf


def dual(term: Linear) -> Linear:
    """The term turned round."""
    return interpret(term, Dual(Free()))


def equations() -> Iterator[tuple[str, Linear, Linear]]:
    """That Dual keeps the structure, turned round: one equation for each node."""
    found = letters("f: A -o B, g: B -o C, h: A -o C, k: B -o C, A, B")
    f, g, h, k, a, b = found.values()
    yield "id' = id", dual(Id(a)), Id(a)
    yield "(f ; g)' = g' ; f'", dual(Then(f, g)), Then(dual(g), dual(f))
    yield "<f, h>' = [f' | h']", dual(Fork((f, h))), Join((dual(f), dual(h)))
    yield "[h | k]' = <h', k'>", dual(Join((h, k))), Fork((dual(h), dual(k)))
    yield "p0' = i0", dual(Proj((a, b), 0)), Inj((a, b), 0)
    yield "i1' = p1", dual(Inj((a, b), 1)), Proj((a, b), 1)
    yield "0' = 0", dual(Zero(a, b)), Zero(b, a)
    yield "scale(3)' = scale(3)", dual(Scale(a, 3)), Scale(a, 3)


def involutions() -> Iterator[tuple[str, Linear, Linear]]:
    """(f')' = f, for each node on letters."""
    f, g, h, k, a, b = letters("f: A -o B, g: B -o C, h: A -o C, k: B -o C, A, B").values()
    nodes = (
        f, Id(a), Zero(a, b), Then(f, g), Fork((f, h)), Join((h, k)), Proj((a, b), 0),
        Inj((a, b), 1), Scale(a, 3),
    )  # fmt: skip
    for node in nodes:
        yield f"({node})'' = {node}", dual(dual(node)), node
