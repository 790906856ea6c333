"""Random linear programs over residuals, a running of programs, and equality up to order.

Programs come as derive makes them, pruned: every position is read, no sum is empty, an argument
of a case is read by some branch, and some branch gives each of its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cats.ir.linear import Leaf, Ref
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import ZERO, LinearProgram, LinearStep, SumStep, Term
from cats.ir.primitive import Primitive
from cats.ir.program import Program
from cats.ir.prune import prune
from cats.ir.spaces import Discrete, Ground, Real, Value
from tests.linear_terms import EXACT, leaves_between, real_spaces

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Sample:
    """A linear program and the values of its residuals."""

    program: LinearProgram
    residuals: tuple[Value, ...]

    def at(self, ref: Ref) -> Value:
        """What a residual stands for."""
        return self.residuals[ref.position]


@st.composite
def linear_programs(
    draw: Draw, dtype: str = EXACT, max_steps: int = 6, cases: bool = True
) -> Sample:
    """A pruned program with sums of leaves, shared positions, zeros and (unless refused) cases."""
    residuals: list[Value] = []
    inputs = tuple(draw(st.lists(real_spaces(dtype), min_size=1, max_size=3)))
    body = _body(draw, inputs, dtype, draw(st.integers(1, max_steps)), residuals, cases)
    return Sample(prune(body), tuple(residuals))


def _body(
    draw: Draw,
    inputs: tuple[Ground, ...],
    dtype: str,
    steps: int,
    residuals: list[Value],
    cases: bool,
) -> LinearProgram:
    found: list[LinearStep] = []
    spaces: list[Any] = list(inputs)
    for _ in range(steps):
        if cases and draw(st.integers(0, 3)) == 0:
            step: LinearStep = _case(draw, spaces, dtype, residuals)
        else:
            space = draw(real_spaces(dtype))
            step = SumStep(tuple(_terms(draw, spaces, space, residuals)), space)
        found.append(step)
        spaces.extend(step.spaces)
    last = len(spaces) - 1
    outputs = [last, *draw(st.lists(st.integers(0, last), max_size=2))]
    ends = tuple(spaces[o] for o in outputs)
    if draw(st.integers(0, 4)) == 0:
        return LinearProgram(inputs, tuple(found), (*outputs, ZERO), (*ends, ends[0]))
    return LinearProgram(inputs, tuple(found), tuple(outputs), ends)


def _terms(draw: Draw, spaces: Sequence[Ground], space: Real, residuals: list[Value]) -> list[Term]:
    """One to three terms into the space; a single one is never a mere copy."""
    terms: list[Term] = []
    for _ in range(draw(st.integers(1, 3))):
        arg, sign = draw(st.integers(0, len(spaces) - 1)), draw(st.sampled_from((1, -1)))
        plain = spaces[arg] == space and draw(st.booleans())
        leaf = None if plain else _with_refs(draw, spaces[arg], space, residuals)
        terms.append(Term(sign, leaf, arg))
    if len(terms) == 1 and terms[0].leaf is None:
        return [Term(-1, None, terms[0].arg)]
    return terms


def _with_refs(draw: Draw, dom: Ground, cod: Ground, residuals: list[Value]) -> Leaf:
    """A leaf, its fixed arguments mostly residuals, some constants."""
    leaf: Leaf = draw(leaves_between(dom, cod))
    fixed = tuple(_saved(v, residuals) if draw(st.integers(0, 3)) else v for v in leaf.fixed)
    return leaf.with_fixed(fixed)


def _saved(value: Value, residuals: list[Value]) -> Ref:
    """The value as a residual."""
    residuals.append(value)
    return Ref(len(residuals) - 1, _space(value))


def _space(value: Value) -> Ground:
    array = np.asarray(value)
    if array.dtype.kind in "bi":
        return Discrete(array.shape, array.dtype.name)
    return Real(array.shape, EXACT if array.dtype == object else array.dtype.name)


def _case(
    draw: Draw, spaces: Sequence[Ground], dtype: str, residuals: list[Value]
) -> LinCase[LinearProgram]:
    """Two branches over shared arguments."""
    args = tuple(draw(st.lists(st.integers(0, len(spaces) - 1), min_size=1, max_size=2)))
    inputs = tuple(spaces[a] for a in args)
    ends = tuple(draw(st.lists(real_spaces(dtype), min_size=1, max_size=2)))
    inner: list[Value] = []
    branches = tuple(_branch(draw, inputs, ends, inner) for _ in range(2))
    tag = _saved(np.bool_(draw(st.booleans())), residuals)
    return LinCase(tag, tuple(_saved(v, residuals) for v in inner), branches, args)


def _branch(
    draw: Draw,
    inputs: tuple[Ground, ...],
    ends: tuple[Real, ...],
    inner: list[Value],
) -> LinearProgram:
    """A branch that may leave out some of its arguments and of its results."""
    steps: list[LinearStep] = []
    outputs: list[int] = []
    for end in ends:
        kept = [i for i in range(len(inputs)) if draw(st.integers(0, 3))]
        terms = tuple(Term(1, _with_refs(draw, inputs[i], end, inner), i) for i in kept)
        outputs.append(len(inputs) + len(steps) if terms else ZERO)
        steps.extend([SumStep(terms, end)] if terms else [])
    return LinearProgram(inputs, tuple(steps), tuple(outputs), ends)


def run(program: Program, args: Sequence[Value]) -> list[Value]:
    """The outputs of a program at values, one primitive after the other."""
    at = list(args)
    for step in program.steps:
        given = [at[a] for a in step.args]
        match step.op:
            case Primitive():
                made = step.op(*given, **dict(step.params))
                at.extend(made if len(step.spaces) > 1 else (made,))
            case word:
                at.extend(word.run(run, given))
    return [at[o] for o in program.outputs]


def canonical(program: LinearProgram) -> tuple[object, ...]:
    """A normal form: equal for programs that differ in the order of terms and of steps only.

    A sum read once, with a plus and no leaf, is part of the sum that reads it.
    """
    uses = [0] * len(program.spaces)
    plain = [0] * len(program.spaces)
    for step in program.steps:
        for term in step.terms if isinstance(step, SumStep) else ():
            uses[term.arg] += 1
            plain[term.arg] += term.leaf is None and term.sign > 0
        for arg in () if isinstance(step, SumStep) else step.args:
            uses[arg] += arg != ZERO
    for output in program.outputs:
        if output != ZERO:
            uses[output] += 1
    at: list[tuple[object, ...]] = [("input", i) for i in range(len(program.inputs))]
    for step in program.steps:
        match step:
            case SumStep(terms):
                rows: list[object] = []
                for t in terms:
                    inner = at[t.arg]
                    if inner[0] == "sum" and uses[t.arg] == plain[t.arg] == 1:
                        rows.extend(inner[1:])
                    else:
                        rows.append((t.sign, repr_leaf(t.leaf), inner))
                at.append(("sum", *sorted(rows, key=repr)))
            case word:
                inside = tuple(canonical(b) for b in word.bodies)
                given = tuple(("zero",) if a == ZERO else at[a] for a in word.args)
                key = (type(word).__name__, word.hollow(), inside, given)
                at.extend((*key, k) for k in range(len(word.spaces)))
    return tuple(("zero",) if o == ZERO else at[o] for o in program.outputs)


def repr_leaf(leaf: Leaf | None) -> object:
    """What tells leaves apart, in a form that can be sorted."""
    if leaf is None:
        return "+"
    fixed = tuple(v if isinstance(v, Ref) else np.asarray(v).tolist() for v in leaf.fixed)
    return (leaf.op.name, leaf.slot, repr(fixed), repr(leaf.params), repr((leaf.dom, leaf.cod)))


def terms(program: LinearProgram) -> Iterator[Term]:
    """Every term of every sum, those in branches included."""
    for step in program.steps:
        match step:
            case SumStep(found):
                yield from found
            case word:
                for body in word.bodies:
                    yield from terms(body)
