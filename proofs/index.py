"""What is proved, how, and what is not: every rule, every derivative, every theorem.

`unproved_count()` is what the README says; the test runs every proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pkgutil import iter_modules

import sympy as sp

import cats.ir.rules
from cats.ir.letters import letters
from cats.ir.primitive import Primitive
from cats.ir.prims import VOCABULARY, special
from cats.ir.rewrite import Rule
from cats.ir.smoothing import Smoothing
from proofs import (
    addition,
    arrays,
    biproduct,
    chain_rule,
    closed,
    derivatives,
    dual,
    forward,
    matrices,
    programs,
    smoothing,
)
from proofs.calculation import Calculation, NotAProof

Proof = Callable[[], str]
"""Raises if it is no proof; says how far it reaches."""


@dataclass(frozen=True)
class Unproved:
    """What nobody proved yet, and why."""

    why: str


@dataclass(frozen=True)
class Axiom:
    """What proofs start from: it defines what it speaks of, and is tested in every category."""

    what: str


Entry = Proof | Unproved | Axiom

PRIMITIVES = (*VOCABULARY, *special.FAMILY)


def unproved(why: str) -> Unproved:
    """An entry for what is not proved."""
    return Unproved(why)


def _calculated(law: Rule, calculation: Calculation) -> Proof:
    def prove() -> str:
        calculation.proves(law, tuple(letters(law.letters).values()))
        return f"in {len(calculation.rows)} rows"

    return prove


def _equal(sides: Callable[[], Iterable[tuple[str, object, object]]]) -> Proof:
    def prove() -> str:
        count = 0
        for name, left, right in sides():
            if left != right:
                raise NotAProof(f"{name}: {left} is not {right}")
            count += 1
        return f"in {count} cases"

    return prove


def _formulas() -> str:
    for name, left, right in chain_rule.formulas():
        if sp.simplify(left - right) != 0:
            raise NotAProof(f"{name}: {left} is not {right}")
    return derivatives.FOR_ALL


def _derivative(op: Primitive) -> Entry:
    if op.name in DEFINED:
        return Axiom(DEFINED[op.name])
    if op.name in NOT_YET:
        return unproved(NOT_YET[op.name])
    if op.name in LINEAR:
        return lambda: arrays.prove_linear(op)
    if op.name in BILINEAR:
        return lambda: arrays.prove_bilinear(op)
    if op.name in matrices.POINTS:
        return lambda: matrices.prove(op)
    if not op.meaning:
        return lambda: arrays.prove_exactly(op)
    return lambda: _by_formula(op)


def _by_formula(op: Primitive) -> str:
    """For all arguments, if sympy can; special functions at points only."""
    params = {e.params for e in op.examples} or {()}
    symbolic = op not in special.FAMILY
    return max((derivatives.prove_formula(op, p, symbolic) for p in params), key=len)


LINEAR = ("convert", "accumulate", "add_into", "concatenate", "put", "ldexp", "fsum")
"""Their code makes arrays of floats, so they are run on whole numbers."""

BILINEAR = ("sumprod",)
"""Its code splits floats, so it is run on whole numbers."""

ALL_OF_THEM = "a formula of all entries of a line, of which sympy has none; compared in tests"

DIRECTION = "what its directions, and those of its derivative, are: derivatives by definition"

DEFINED = {
    "stop": "a value that is looked at but not varied: its derivative is 0 by definition",
    **{
        name: DIRECTION
        for name in ("cofactors", "expm", "expm_along", "logm", "logm_along", "pinv_along")
    },
}

NOT_YET = {
    "rint": "sympy has no rounding to even; its rule is 0, as for floor and ceil",
    "copysign": "no formula in x and y that keeps the sign of zero",
    "fmod": "no formula for the remainder of a truncated quotient",
    "spacing": "sympy has no floating numbers; its rule is 0, as for floor and ceil",
    "running": "what it runs has a proof of its own; the recurrence of its slopes is tested",
    **{
        name: ALL_OF_THEM
        for name in (
            "softmax",
            "log_softmax",
            "logsumexp",
            "logaddexp_reduce",
            "logaddexp2_reduce",
            "hypot_reduce",
        )
    },
    **{
        name: "an inverse, or an elliptic function, of which sympy has no formula"
        for name in (
            "gammaincinv",
            "gammainccinv",
            "betaincinv",
            "betainccinv",
            "stdtrit",
            "ellipj",
        )
    },
    **{
        name: "sympy takes too long over its formula; compared with differences in tests"
        for name in ("student_density", "boxcox1p", "inv_boxcox", "inv_boxcox1p", "modstruve")
    },
    "nextafter": "sympy has no floating numbers; it is x and a spacing, which does not vary",
}

BIPRODUCT_AXIOM = "what identity, composition, products, joins and zero are"
SCALE_AXIOM = "what scaling by a number is"

AXIOMS = {
    **{f"biproduct.{law.name}": BIPRODUCT_AXIOM for law in biproduct.AXIOMS},
    **{
        f"biproduct.{name}": SCALE_AXIOM
        for name in ("scale_one", "scale_zero", "minus_minus", "scale_scale")
    },
    "structure.minus_moves": SCALE_AXIOM,
    **{f"closed.{law.name}": "what products, sums and functions are" for law in closed.AXIOMS},
}

THEOREMS: dict[str, Entry] = {
    "dual is a functor": _equal(dual.equations),
    "dual is an involution": _equal(dual.involutions),
    "forward is a functor": _equal(forward.equations),
    "D is a functor": _equal(chain_rule.equations),
    "the chain rule": _formulas,
    "curry is unique": lambda: _curry_is_unique(),
    "a corner of a function of matrices is its derivative": matrices.corners,
    "forward of a linear program is forward of its terms": unproved("tested, not calculated"),
    "the transposed linear program is its dual": unproved("tested, not calculated"),
}


def _curry_is_unique() -> str:
    f, g = letters("f: A * B -> C, g: A -> (B -> C)").values()
    closed.curry_is_unique(f, g).check()
    return "in 2 rows"


def rules() -> Iterator[tuple[str, Rule]]:
    """Every rule of the library, by family and name."""
    for module in iter_modules(cats.ir.rules.__path__):
        family = import_module(f"cats.ir.rules.{module.name}")
        for law in getattr(family, "RULES", ()):
            yield f"{module.name}.{law.name}", law


def smoothings() -> Iterator[tuple[str, Smoothing]]:
    """Every rule of derivatives of compositions, by family and name."""
    for module in iter_modules(cats.ir.rules.__path__):
        family = import_module(f"cats.ir.rules.{module.name}")
        for law in getattr(family, "SMOOTHINGS", ()):
            yield f"{module.name}.{law.name}", law


def index() -> dict[str, Entry]:
    """Rule, derivative or theorem -> proof, axiom, or unproved."""
    found: dict[str, Entry] = dict(THEOREMS)
    for name, what in AXIOMS.items():
        found[name] = Axiom(what)
    proved = {**biproduct.THEOREMS, **addition.THEOREMS, **closed.THEOREMS}
    for name, law in rules():
        if law in proved:
            found[name] = _calculated(law, proved[law])
        elif law.head is not None:
            found[name] = partial(programs.prove_rule, law)
    for name, smooth in smoothings():
        found[name] = partial(smoothing.prove, smooth)
    for op in PRIMITIVES:
        if op.linearise is not None:
            found[f"derivative of {op.name}"] = _derivative(op)
    return found


def claims() -> set[str]:
    """Everything that should be in the index."""
    derived = {f"derivative of {op.name}" for op in PRIMITIVES if op.linearise is not None}
    laws = {name for name, _ in (*rules(), *smoothings())}
    return laws | derived | set(THEOREMS)


def missing() -> set[str]:
    """What should have an entry and has none."""
    return claims() - set(index())


def stale() -> set[str]:
    """Entries about what is no longer there."""
    names = {*NOT_YET, *LINEAR, *BILINEAR, *DEFINED, *matrices.POINTS}
    return (set(index()) - claims()) | names - {op.name for op in PRIMITIVES}


def unproved_count() -> int:
    """How many claims nobody proved."""
    return sum(isinstance(entry, Unproved) for entry in index().values())
