"""The laws of a bicartesian closed category, on arrows: C1 to C5, C11, C12, oriented.

All are exact: an arrow only says which values go where. Together they come to an end; those in
STRUCTURE rearrange, and are for proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cats.ir.arrow import (
    Arrow,
    Case,
    Curry,
    Distl,
    Eval,
    Flat,
    Fork,
    Id,
    Inj,
    Proj,
    Terminal,
    Then,
    cross,
)
from cats.ir.rewrite import Rule, on_pairs, rule
from cats.ir.spaces import UNIT, Function, Product, Space

Step = Callable[[Arrow, Arrow], Arrow | None]


def _pairs(letters: str, sides: Any) -> Callable[[Step], Rule]:
    """A rule on `f ; g`, whatever is composed before."""
    return lambda step: rule(letters, sides)(on_pairs(Then, step))


# Composition


@rule("A, f: A -> B", lambda A, f: (Then(Id(A), f), f))
def id_then(t: Arrow) -> Arrow | None:
    """Identity before: `id ; f = f`."""
    match t:
        case Then(Id(), f):
            return f
        case _:
            return None


@rule("f: A -> B, B", lambda f, B: (Then(f, Id(B)), f))
def then_id(t: Arrow) -> Arrow | None:
    """Identity after: `f ; id = f`."""
    match t:
        case Then(f, Id()):
            return f
        case _:
            return None


@rule(
    "f: A -> B, g: B -> C, h: C -> D",
    lambda f, g, h: (Then(f, Then(g, h)), Then(Then(f, g), h)),
)
def assoc(t: Arrow) -> Arrow | None:
    """Brackets to the left."""
    match t:
        case Then(f, Then(g, h)):
            return Then(Then(f, g), h)
        case _:
            return None


# Products


@_pairs("f: A -> B, g: A -> C", lambda f, g: (Then(Fork((f, g)), Proj((f.cod, g.cod), 1)), g))
def fork_proj(f: Arrow, g: Arrow) -> Arrow | None:
    """A projection of a fork: `<f, g> ; p1 = g`."""
    match f, g:
        case Fork(fs), Proj(_, i):
            return fs[i]
        case _:
            return None


@rule(
    "h: A -> B * C, B, C",
    lambda h, B, C: (Fork((Then(h, Proj((B, C), 0)), Then(h, Proj((B, C), 1)))), h),
)
def pairing(t: Arrow) -> Arrow | None:
    """Surjective pairing: `<h ; p0, h ; p1> = h`, and `<p0, p1> = id`."""
    if not isinstance(t, Fork):
        return None
    split = [_last(p) for p in t.parts]
    before, proj = split[0]
    if not isinstance(proj, Proj) or len(proj.spaces) != len(split):
        return None
    if any(s != (before, Proj(proj.spaces, i)) for i, s in enumerate(split)):
        return None
    return Id(t.dom) if before is None else before


def _last(t: Arrow) -> tuple[Arrow | None, Arrow]:
    """What comes before the last arrow, and the last arrow, brackets being to the left."""
    return (t.first, t.second) if isinstance(t, Then) else (None, t)


@rule("f: A -> B, B", lambda f, B: (Then(f, Terminal(B)), Terminal(f.dom)))
def then_terminal(t: Arrow) -> Arrow | None:
    """All that ends in the unit is one: `f ; ! = !`."""
    match t:
        case Then(f, Terminal()):
            return Terminal(f.dom)
        case _:
            return None


@rule("", lambda: (Terminal(UNIT), Id(UNIT)))
def terminal_unit(t: Arrow) -> Arrow | None:
    """From the unit to itself: `! = id`."""
    return Id(UNIT) if isinstance(t, Terminal) and t.space == UNIT else None


@_pairs(
    "f: D -> A, g: D -> B, h: D -> C",
    lambda f, g, h: (
        Then(Fork((Fork((f, g)), Fork((h,)))), Flat((Product((f.cod, g.cod)), Product((h.cod,))))),
        Fork((f, g, h)),
    ),
)
def fork_flat(f: Arrow, g: Arrow) -> Arrow | None:
    """Forks in a fork, laid flat: `<<f, g>, <h>> ; flat = <f, g, h>`."""
    match f, g:
        case Fork(fs), Flat():
            inner = [p.parts for p in fs if isinstance(p, Fork)]
            return Fork(tuple(p for ps in inner for p in ps)) if len(inner) == len(fs) else None
        case _:
            return None


@rule(
    "h: A -> B, f: B -> C, g: B -> D",
    lambda h, f, g: (Then(h, Fork((f, g))), Fork((Then(h, f), Then(h, g)))),
)
def then_fork(t: Arrow) -> Arrow | None:
    """An arrow before a fork: `h ; <f, g> = <h ; f, h ; g>`."""
    match t:
        case Then(h, Fork(fs)):
            return Fork(tuple(Then(h, f) for f in fs))
        case _:
            return None


# Functions


def _beta_sides(f: Any, g: Any, h: Any) -> tuple[Any, Any]:
    function = Function(h.dom.parts[1], h.cod)
    return Then(Fork((Then(f, Curry(h)), g)), Eval(function)), Then(Fork((f, g)), h)


@_pairs("f: D -> A, g: D -> B, h: A * B -> C", _beta_sides)
def beta(f: Arrow, g: Arrow) -> Arrow | None:
    """A function at its argument: `<f ; curry h, g> ; eval = <f, g> ; h`."""
    match f, g:
        case Fork((Curry(h), argument)), Eval():
            return Then(Fork((Id(argument.dom), argument)), h)
        case Fork((Then(before, Curry(h)), argument)), Eval():
            return Then(Fork((before, argument)), h)
        case _:
            return None


def _eta_sides(g: Any, B: Any) -> tuple[Any, Any]:
    return Curry(Then(cross(g, Id(B)), Eval(g.cod))), g


@rule("g: A -> (B -> C), B", _eta_sides)
def eta(t: Arrow) -> Arrow | None:
    """A function is what it does: `curry (<p0 ; g, p1> ; eval) = g`, with p1 or `p1 ; id`."""
    match t:
        case Curry(Then(Fork((first, second)), Eval())):
            before, after = _past_proj(first, 0), _past_proj(second, 1)
            return before if before is not None and isinstance(after, Id) else None
        case _:
            return None


def _past_proj(t: Arrow, index: int) -> Arrow | None:
    """What follows `p_i` in an arrow that begins with it, brackets being to the left."""
    chain: list[Arrow] = []
    while isinstance(t, Then):
        chain.append(t.second)
        t = t.first
    if not isinstance(t, Proj) or t.index != index:
        return None
    whole: Arrow = Id(t.cod)
    for part in reversed(chain):
        whole = part if isinstance(whole, Id) else Then(whole, part)
    return whole


@rule(
    "h: A -> B, f: B * C -> D, C",
    lambda h, f, C: (Then(h, Curry(f)), Curry(Then(cross(h, Id(C)), f))),
)
def then_curry(t: Arrow) -> Arrow | None:
    """An arrow before a curry: `h ; curry f = curry (h x id ; f)`."""
    match t:
        case Then(h, Curry(f)) if isinstance(f.dom, Product):
            return Curry(Then(cross(h, Id(f.dom.parts[1])), f))
        case _:
            return None


# Sums


@_pairs("f: A -> C, g: B -> C", lambda f, g: (Then(Inj((f.dom, g.dom), 1), Case((f, g))), g))
def inj_case(f: Arrow, g: Arrow) -> Arrow | None:
    """A case of a known part: `i1 ; [f | g] = g`."""
    match f, g:
        case Inj(_, i), Case(gs):
            return gs[i]
        case _:
            return None


@rule(
    "h: A + B -> C, A, B",
    lambda h, A, B: (Case((Then(Inj((A, B), 0), h), Then(Inj((A, B), 1), h))), h),
)
def case_eta(t: Arrow) -> Arrow | None:
    """One arrow on every part: `[i0 ; h | i1 ; h] = h`, and `[i0 | i1] = id`."""
    if not isinstance(t, Case):
        return None
    split = [_past_inj(p, i) for i, p in enumerate(t.parts)]
    if any(s is None or s != (t.dom, split[0] and split[0][1]) for s in split):
        return None
    after = split[0][1] if split[0] else None
    return Id(t.cod) if after is None else after


def _past_inj(t: Arrow, index: int) -> tuple[Space, Arrow | None] | None:
    """The sum and what follows, in an arrow that begins with `i_index`."""
    chain: list[Arrow] = []
    while isinstance(t, Then):
        chain.append(t.second)
        t = t.first
    if not isinstance(t, Inj) or t.index != index:
        return None
    whole: Arrow | None = None
    for part in reversed(chain):
        whole = part if whole is None else Then(whole, part)
    return t.cod, whole


@rule(
    "f: A -> C, g: B -> C, h: C -> D",
    lambda f, g, h: (Then(Case((f, g)), h), Case((Then(f, h), Then(g, h)))),
)
def case_then(t: Arrow) -> Arrow | None:
    """An arrow after a case goes into its branches: `[f | g] ; h = [f ; h | g ; h]`."""
    match t:
        case Then(Case(fs), h):
            return Case(tuple(Then(f, h) for f in fs))
        case _:
            return None


def _distl_sides(f: Any, g: Any, A: Any) -> tuple[Any, Any]:
    spaces = (g.cod, A)
    pairs = tuple(Product((f.cod, s)) for s in spaces)
    left = Then(Fork((f, Then(g, Inj(spaces, 0)))), Distl(f.cod, spaces))
    return left, Then(Fork((f, g)), Inj(pairs, 0))


@_pairs("f: D -> C, g: D -> B, A", _distl_sides)
def distl_inj(f: Arrow, g: Arrow) -> Arrow | None:
    """Distributing a known part: `<f, g ; i0> ; distl = <f, g> ; i0`."""
    match f, g:
        case Fork((a, last)), Distl(space, spaces):
            before, inj = _last(last)
            if not isinstance(inj, Inj):
                return None
            pairs = tuple(Product((space, s)) for s in spaces)
            value = Id(inj.dom) if before is None else before
            return Then(Fork((a, value)), Inj(pairs, inj.index))
        case _:
            return None


SIMPLIFYING = (
    id_then, then_id, assoc, fork_proj, pairing, then_terminal, terminal_unit, fork_flat,
    beta, eta, inj_case, case_eta, distl_inj,
)  # fmt: skip

STRUCTURE = (then_fork, then_curry, case_then)

RULES = (*SIMPLIFYING, *STRUCTURE)
