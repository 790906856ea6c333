"""A choice of a finished program as an `if` of a lambda term, its branches as telescopes."""

from __future__ import annotations

import numpy as np

from cats.ir.constant import Constant
from cats.ir.lam import Const, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.lam import Control as LamControl
from cats.ir.primitive import Primitive
from cats.ir.prims.choice import equal
from cats.ir.program import Case, Program, Step, constant_of


def choice_term(case: Case, args: list[Term], fresh: int) -> Term:
    """A case step as a term: `if tag then ... else ...`, each branch a telescope."""
    tag, *captured = args
    branches = [_telescope(b, captured, f"b{fresh}_{i}_") for i, b in enumerate(case.branches)]
    term = branches[-1]
    for number, branch in reversed(list(enumerate(branches[:-1]))):
        if len(branches) == 2:
            return LamControl("if", (tag, branches[1], branches[0]))
        here = Prim(equal, (tag, Const(Constant(np.int64(number)))))
        term = LamControl("if", (here, branch, term))
    return term


def _telescope(program: Program, args: list[Term], prefix: str) -> Term:
    names: list[str] = []
    values: list[Term] = []
    at = list(args)
    for step in program.steps:
        parts = [at[a] for a in step.args]
        name = f"{prefix}{len(names)}"
        names.append(name)
        if isinstance(step.op, Primitive):
            values.append(_prim(step, parts))
            at.append(Var(name))
        else:
            values.append(choice_term(step.op, parts, len(names)))
            at.extend(Proj(i, Var(name)) for i in range(len(step.spaces)))
    body = Tuple(tuple(at[o] for o in program.outputs))
    return Let(tuple(names), tuple(values), body) if names else body


def _prim(step: Step, args: list[Term]) -> Term:
    found = constant_of(step)
    if found is not None:
        return Const(found)
    return Prim(step.op, tuple(args), step.params, where=step.where)  # type: ignore[arg-type]
