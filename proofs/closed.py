"""Theorems of bicartesian closed categories, from the laws taken as axioms."""

from __future__ import annotations

from typing import Any

from cats.ir.arrow import Case, Curry, Eval, Fork, Id, Inj, Proj, Then, cross
from cats.ir.letters import letters
from cats.ir.rewrite import Rule
from cats.ir.rules.closed import (
    SIMPLIFYING,
    assoc,
    beta,
    case_eta,
    case_then,
    eta,
    fork_proj,
    inj_case,
    pairing,
    then_curry,
    then_fork,
)
from cats.ir.spaces import Function
from proofs.calculation import Calculation

AXIOMS = SIMPLIFYING


def _of(law: Rule) -> tuple[Any, ...]:
    return tuple(letters(law.letters).values())


def _then_fork() -> Calculation:
    h, f, g = _of(then_fork)
    whole, spaces = Then(h, Fork((f, g))), (f.cod, g.cod)
    p0, p1 = Proj(spaces, 0), Proj(spaces, 1)
    return Calculation(
        whole,
        (
            (pairing, Fork((Then(whole, p0), Then(whole, p1)))),
            (fork_proj, Fork((Then(h, f), Then(whole, p1)))),
            (fork_proj, Fork((Then(h, f), Then(h, g)))),
        ),
    )


def _case_then() -> Calculation:
    f, g, h = _of(case_then)
    both, spaces = Case((f, g)), (f.dom, g.dom)
    i0, i1 = Inj(spaces, 0), Inj(spaces, 1)
    second = Then(Then(i1, both), h)
    return Calculation(
        Then(both, h),
        (
            (case_eta, Case((Then(Then(i0, both), h), second))),
            (inj_case, Case((Then(f, h), second))),
            (inj_case, Case((Then(f, h), Then(g, h)))),
        ),
    )


def _then_curry() -> Calculation:
    """Currying is natural, because a function is what it does."""
    h, f, c = _of(then_curry)
    whole, apply = Then(h, Curry(f)), Eval(Function(c, f.cod))
    spaces = (h.dom, c)
    p0, p1 = Proj(spaces, 0), Proj(spaces, 1)
    last = Then(p1, Id(c))
    return Calculation(
        whole,
        (
            (eta, Curry(Then(cross(whole, Id(c)), apply))),
            (assoc, Curry(Then(Fork((Then(Then(p0, h), Curry(f)), last)), apply))),
            (beta, Curry(Then(Fork((Then(p0, h), last)), f))),
        ),
    )


THEOREMS: dict[Rule, Calculation] = {
    then_fork: _then_fork(),
    case_then: _case_then(),
    then_curry: _then_curry(),
}
"""Each uses only axioms and theorems before it."""


def curry_is_unique(f: Any, g: Any) -> Calculation:
    """If g x id ; eval = f then g = curry f: the law of f, used as the axiom it is given as."""
    c = f.dom.parts[1]
    given = Rule(
        "given", "", lambda: (Then(cross(g, Id(c)), Eval(g.cod)), f), lambda t: _given(t, f, g, c)
    )
    return Calculation(
        g,
        ((eta, Curry(Then(cross(g, Id(c)), Eval(g.cod)))), (given, Curry(f))),
    )


def _given(t: Any, f: Any, g: Any, c: Any) -> Any:
    return f if t == Then(cross(g, Id(c)), Eval(g.cod)) else None
