"""Every derivative rule of the vocabulary against what it should be.

Operations with a formula: the rule is run on symbols and compared with sympy's derivative, on
each smooth piece, for all arguments; where sympy cannot decide, to 40 digits at many points, and
the verdict says so. Operations on whole arrays: at their examples, in exact arithmetic, against
the part of f(x + e v) that is linear in e, with e * e = 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import sympy as sp

from cats.functor import interpret
from cats.ir.linear import Params
from cats.ir.primitive import Domain, Primitive
from cats.ir.spaces import Discrete
from proofs.symbols import Slopes, Symbol, Truth, meaning

FOR_ALL = "for all arguments"
DIGITS = 40
POINTS = 30
FEW = 4
"""So many points for a function that is compared at points only."""


class Wrong(Exception):
    """A rule that is not the derivative."""


@dataclass(frozen=True)
class Piece:
    """A region where the operation is smooth: each argument as a formula in free symbols."""

    args: tuple[Any, ...]


def prove_formula(op: Primitive, params: Params = (), symbolic: bool = True) -> str:
    """How far the rule is the derivative: FOR_ALL, or to so many digits. Raises Wrong.

    symbolic   whether to try to decide it for all arguments
    """
    verdicts = [_prove_piece(op, params, mask, symbolic) for mask in _masks(op)]
    return max(verdicts, key=len)


def _masks(op: Primitive) -> list[tuple[Any, ...]]:
    """For arguments that are true or false, both; for whole numbers, some; None for the others."""
    spaces = op.examples[0].spaces if op.examples else ()
    kinds = [s.dtype if isinstance(s, Discrete) else "" for s in spaces] or [""] * arity(op)
    found: list[tuple[Any, ...]] = [()]
    for kind in kinds:
        found = [(*m, v) for m in found for v in FIXED.get(kind, (None,))]
    return found


FIXED = {"bool": (sp.true, sp.false), "int64": tuple(map(sp.Integer, (0, 1, 3)))}
"""What arguments that do not vary are, by dtype."""


def arity(op: Primitive) -> int:
    """How many arguments the formula speaks of."""
    if op.examples:
        return len(op.examples[0].spaces)
    names = {str(s) for s in sp.sympify(op.meaning, locals={"n": 2}).free_symbols}
    return 1 + max("xyz".index(name) for name in names)


def _prove_piece(op: Primitive, params: Params, mask: Sequence[Any], symbolic: bool) -> str:
    names = [sp.Symbol(f"a{i}", real=True) for i in range(len(mask))]
    args = [n if m is None else m for n, m in zip(names, mask, strict=True)]
    unknown = [slot for slot, _ in op.refused]
    live = [i for i, m in enumerate(mask) if m is None and i not in unknown]
    rule, truth = slopes(op, params, args), derivatives(op, params, args, live)
    pairs = [(rule[i], truth[i]) for i in live]
    domains = [op.domain[min(i, len(op.domain) - 1)] for i in range(len(mask))]
    if symbolic and all(_same_everywhere(r - t, names, domains) for r, t in pairs):
        return FOR_ALL
    count = POINTS if symbolic else FEW
    for rule_i, truth_i in pairs:
        _compare_at_points(op, rule_i, truth_i, names, domains, count)
    return f"to {DIGITS} digits at {count} points"


def slopes(op: Primitive, params: Params, args: Sequence[Any]) -> dict[int, Any]:
    """The rule of the operation, run on symbols: a formula for each argument that has a tangent."""
    if op.linearise is None:
        raise Wrong(f"{op.name} has no rule")
    symbols = [Truth(a) if a in (sp.true, sp.false) else Symbol(a) for a in args]
    out = Symbol(meaning(op, list(args), params))
    row = interpret(op.linearise(*symbols, out=out, **dict(params)), Slopes())
    live = [i for i, s in enumerate(symbols) if not isinstance(s, Truth)]
    if row.shape != (1, len(live)):
        raise Wrong(f"{op.name}: the rule has {row.shape[1]} slopes for {len(live)} arguments")
    return dict(zip(live, row, strict=True))


def derivatives(
    op: Primitive, params: Params, args: Sequence[Any], live: Sequence[int]
) -> dict[int, Any]:
    """Sympy's derivative in each argument; floor and ceiling are constants between their jumps."""
    whole = meaning(op, list(args), params)
    frozen: dict[Any, Any] = {}

    def freeze(jump: Any) -> Any:
        return frozen.setdefault(jump, sp.Dummy(real=True))

    whole = whole.replace(lambda e: isinstance(e, sp.floor | sp.ceiling), freeze)
    back = {dummy: jump for jump, dummy in frozen.items()}
    return {i: sp.diff(whole, args[i]).subs(back) for i in live}


def _same_everywhere(gap: Any, names: Sequence[Any], domains: Sequence[Domain]) -> bool:
    """Whether a formula vanishes on every smooth piece of the domain."""
    return all(
        sp.simplify(sp.piecewise_fold(gap.subs(dict(zip(names, piece.args, strict=True))))) == 0
        for piece in pieces(names, domains)
    )


def pieces(names: Sequence[Any], domains: Sequence[Domain]) -> Iterator[Piece]:
    """Each sign of one argument, each order of two; positive where the domain is."""
    p, q = sp.symbols("p q", positive=True)
    if len(names) == 1:
        yield Piece((p,))
        if domains[0].low < 0:
            yield Piece((-p,))
    elif len(names) == 2 and all(d.low < 0 for d in domains):
        for big, small in ((q + p, q), (p, -q), (-q, -q - p)):
            yield Piece((big, small))
            yield Piece((small, big))
    else:
        yield Piece(
            tuple(
                sp.Symbol(f"p{i}", positive=d.low >= 0 or None, real=True)
                for i, d in enumerate(domains)
            )
        )


def _compare_at_points(
    op: Primitive,
    rule: Any,
    truth: Any,
    names: Sequence[Any],
    domains: Sequence[Domain],
    count: int,
) -> None:
    rng = Random(op.name)
    for _ in range(count):
        at = {
            n: sp.Rational(rng.randint(1, 10**6 - 1), 10**6) * (_exact(d.high) - _exact(d.low))
            + _exact(d.low)
            for n, d in zip(names, domains, strict=True)
        }
        left, right = (sp.N(f.subs(at), DIGITS + 15) for f in (rule, truth))
        if not abs(left - right) <= sp.Float(10) ** -DIGITS * (1 + abs(right)):
            raise Wrong(f"{op.name} at {at}: the rule gives {left}, the derivative is {right}")


def _exact(number: float) -> Any:
    return sp.Rational(str(number))
