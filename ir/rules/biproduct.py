"""The laws of a category with biproducts, on linear maps as data: C1 to C10, oriented.

SIMPLIFYING brings a term to a normal form and never makes more work; STRUCTURE only rearranges,
for proofs and for those who choose. A zero is a symbol, never an array of zeros: that nothing
comes of it is exact. What forgets a value that might be nan is not.
(Elliott 2018, "The simple essence of AD"; Mac Lane, "Categories", VIII.2.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cats.ir.chain import chain_of, composed
from cats.ir.linear import Fork, Id, Inj, Join, Linear, Proj, Scale, Then, Zero
from cats.ir.rewrite import Rule, on_pairs, rule
from cats.ir.spaces import Product

Step = Callable[[Linear, Linear], Linear | None]


def _pairs(letters: str, sides: Any, *, exact: bool = True) -> Callable[[Step], Rule]:
    """A rule on `f ; g`, whatever is composed before."""
    return lambda step: rule(letters, sides, exact=exact)(on_pairs(Then, step))


# Composition


@rule("A, f: A -o B", lambda A, f: (Then(Id(A), f), f))
def id_then(t: Linear) -> Linear | None:
    """Identity before: `id ; f = f`."""
    match t:
        case Then(Id(), f):
            return f
        case _:
            return None


@rule("f: A -o B, B", lambda f, B: (Then(f, Id(B)), f))
def then_id(t: Linear) -> Linear | None:
    """Identity after: `f ; id = f`."""
    match t:
        case Then(f, Id()):
            return f
        case _:
            return None


@rule(
    "f: A -o B, g: B -o C, h: C -o D",
    lambda f, g, h: (Then(f, Then(g, h)), Then(Then(f, g), h)),
)
def assoc(t: Linear) -> Linear | None:
    """Brackets to the left; `left_nested` moves all at once, in linear time."""
    match t:
        case Then(f, Then(g, h)):
            return Then(Then(f, g), h)
        case _:
            return None


# Products and sums of spaces


@_pairs("f: A -o B, g: A -o C", lambda f, g: (Then(Fork((f, g)), Proj((f.cod, g.cod), 1)), g))
def fork_proj(f: Linear, g: Linear) -> Linear | None:
    """A projection of a fork: `<f, g> ; p1 = g`."""
    match f, g:
        case Fork(fs), Proj(_, i):
            return fs[i]
        case _:
            return None


@_pairs("f: A -o C, g: B -o C", lambda f, g: (Then(Inj((f.dom, g.dom), 1), Join((f, g))), g))
def inj_join(f: Linear, g: Linear) -> Linear | None:
    """A join of an injection: `i1 ; [f | g] = g`."""
    match f, g:
        case Inj(_, i), Join(gs):
            return gs[i]
        case _:
            return None


@_pairs("A, B", lambda A, B: (Then(Inj((A, B), 0), Proj((A, B), 0)), Id(A)))
def inj_proj(f: Linear, g: Linear) -> Linear | None:
    """In and out again: `i0 ; p0 = id`."""
    match f, g:
        case Inj(spaces, i), Proj(_, j) if i == j:
            return Id(spaces[i])
        case _:
            return None


@_pairs("A, B", lambda A, B: (Then(Inj((A, B), 0), Proj((A, B), 1)), Zero(A, B)))
def inj_other(f: Linear, g: Linear) -> Linear | None:
    """In here and out there: `i0 ; p1 = 0`."""
    match f, g:
        case Inj(spaces, i), Proj(_, j) if i != j:
            return Zero(spaces[i], spaces[j])
        case _:
            return None


@rule(
    "h: A -o B * C, B, C",
    lambda h, B, C: (Fork((Then(h, Proj((B, C), 0)), Then(h, Proj((B, C), 1)))), h),
)
def pairing(t: Linear) -> Linear | None:
    """Surjective pairing: `<h ; p0, h ; p1> = h`, and `<p0, p1> = id`."""
    if not isinstance(t, Fork):
        return None
    split = [_last(p) for p in t.parts]
    before, proj = split[0]
    if not isinstance(proj, Proj) or len(proj.spaces) != len(split):
        return None
    if all(s == (before, Proj(proj.spaces, i)) for i, s in enumerate(split)):
        return Id(t.dom) if before is None else before
    return None


@rule("A, B", lambda A, B: (Join((Inj((A, B), 0), Inj((A, B), 1))), Id(Product((A, B)))))
def copairing_id(t: Linear) -> Linear | None:
    """Every part where it was: `[i0 | i1] = id`."""
    return _copaired(t, lambda after: after is None)


@rule(
    "h: A * B -o C, A, B",
    lambda h, A, B: (Join((Then(Inj((A, B), 0), h), Then(Inj((A, B), 1), h))), h),
    exact=False,
)
def copairing(t: Linear) -> Linear | None:
    """One map on every part: `[i0 ; h | i1 ; h] = h`, which adds before h, not after."""
    return _copaired(t, lambda after: after is not None)


def _copaired(t: Linear, wanted: Callable[[Linear | None], bool]) -> Linear | None:
    if not isinstance(t, Join):
        return None
    inj, after = _first(t.parts[0])
    if not wanted(after) or not isinstance(inj, Inj) or len(inj.spaces) != len(t.parts):
        return None
    if all(_first(p) == (Inj(inj.spaces, i), after) for i, p in enumerate(t.parts)):
        return Id(t.cod) if after is None else after
    return None


def _last(t: Linear) -> tuple[Linear | None, Linear]:
    """What comes before the last map, and the last map."""
    if not isinstance(t, Then):
        return None, t
    if not isinstance(t.second, Then):
        return t.first, t.second
    chain = chain_of(t)
    return composed(chain[:-1]), chain[-1]


def _first(t: Linear) -> tuple[Linear, Linear | None]:
    """The first map, and what comes after it, bracketed to the left."""
    if not isinstance(t, Then):
        return t, None
    chain = chain_of(t)
    return chain[0], composed(chain[1:])


# Zero


@_pairs("A, B, f: B -o C", lambda A, B, f: (Then(Zero(A, B), f), Zero(A, f.cod)))
def zero_then(f: Linear, g: Linear) -> Linear | None:
    """Nothing comes of nothing: `0 ; f = 0`."""
    match f, g:
        case Zero(dom, _), _:
            return Zero(dom, g.cod)
        case _:
            return None


@rule("f: A -o B, B, C", lambda f, B, C: (Then(f, Zero(B, C)), Zero(f.dom, C)), exact=False)
def then_zero(t: Linear) -> Linear | None:
    """Everything forgotten: `f ; 0 = 0`, even where f is nan."""
    match t:
        case Then(f, Zero(_, cod)):
            return Zero(f.dom, cod)
        case _:
            return None


@rule("A, B, C", lambda A, B, C: (Fork((Zero(A, B), Zero(A, C))), Zero(A, Product((B, C)))))
def fork_zero(t: Linear) -> Linear | None:
    """A fork of zeros: `<0, 0> = 0`."""
    if isinstance(t, Fork) and all(isinstance(p, Zero) for p in t.parts):
        return Zero(t.dom, t.cod)
    return None


@rule("A, B, C", lambda A, B, C: (Join((Zero(A, C), Zero(B, C))), Zero(Product((A, B)), C)))
def join_zero(t: Linear) -> Linear | None:
    """A join of zeros: `[0 | 0] = 0`."""
    if isinstance(t, Join) and all(isinstance(p, Zero) for p in t.parts):
        return Zero(t.dom, t.cod)
    return None


def _summed(fs: list[Linear], gs: list[Linear]) -> Linear:
    """f0 ; g0 + f1 ; g1 + ..., as written by a fork and a join."""
    return Then(fs[0], gs[0]) if len(fs) == 1 else Then(Fork(tuple(fs)), Join(tuple(gs)))


def _without(f: Linear, g: Linear, kind: Callable[[Linear, Linear], bool]) -> Linear | None:
    """<f, ...> ; [g | ...] without the terms of this kind."""
    if not isinstance(f, Fork) or not isinstance(g, Join):
        return None
    kept = [(a, b) for a, b in zip(f.parts, g.parts, strict=True) if not kind(a, b)]
    if len(kept) == len(f.parts):
        return None
    return _summed([a for a, _ in kept], [b for _, b in kept]) if kept else Zero(f.dom, g.cod)


@_pairs(
    "f: A -o B, A, C, g: B -o D, h: C -o D",
    lambda f, A, C, g, h: (Then(Fork((f, Zero(A, C))), Join((g, h))), Then(f, g)),
)
def add_zero(f: Linear, g: Linear) -> Linear | None:
    """A term of a sum that begins with zero: `<f, 0> ; [g | h] = f ; g`."""
    return _without(f, g, lambda a, b: isinstance(a, Zero))


@_pairs(
    "f: A -o B, k: A -o C, g: B -o D, C, D",
    lambda f, k, g, C, D: (Then(Fork((f, k)), Join((g, Zero(C, D)))), Then(f, g)),
    exact=False,
)
def add_forgotten(f: Linear, g: Linear) -> Linear | None:
    """A term of a sum that ends in zero: `<f, k> ; [g | 0] = f ; g`, even where k is nan."""
    return _without(f, g, lambda a, b: isinstance(b, Zero))


# Scaling


def _is(by: object, number: float) -> bool:
    return isinstance(by, int | float) and by == number


@rule("A", lambda A: (Scale(A, 1), Id(A)))
def scale_one(t: Linear) -> Linear | None:
    """Once is identity: `scale(1) = id`."""
    return Id(t.space) if isinstance(t, Scale) and _is(t.by, 1) else None


@rule("A", lambda A: (Scale(A, 0), Zero(A, A)), exact=False)
def scale_zero(t: Linear) -> Linear | None:
    """Times nothing is zero: `scale(0) = 0`, even where the argument is nan."""
    return Zero(t.space, t.space) if isinstance(t, Scale) and _is(t.by, 0) else None


@_pairs("A", lambda A: (Then(Scale(A, -1), Scale(A, -1)), Id(A)))
def minus_minus(f: Linear, g: Linear) -> Linear | None:
    """Minus minus is plus: `scale(-1) ; scale(-1) = id`."""
    match f, g:
        case Scale(space, a), Scale(_, b) if _is(a, -1) and _is(b, -1):
            return Id(space)
        case _:
            return None


@_pairs(
    "A, a: R, b: R",
    lambda A, a, b: (Then(Scale(A, a), Scale(A, b)), Scale(A, a * b)),
    exact=False,
)
def scale_scale(f: Linear, g: Linear) -> Linear | None:
    """Twice scaled: `scale(a) ; scale(b) = scale(a * b)`, which rounds once, not twice."""
    match f, g:
        case Scale(space, a), Scale(_, b):
            return Scale(space, a * b)
        case _:
            return None


SIMPLIFYING = (
    id_then, then_id, assoc, fork_proj, inj_join, inj_proj, inj_other, pairing,
    copairing_id, copairing,
    zero_then, then_zero, fork_zero, join_zero, add_zero, add_forgotten,
    scale_one, scale_zero, minus_minus, scale_scale,
)  # fmt: skip

RULES = SIMPLIFYING
