"""explain: one function at every level of the compiler, and the story of the rules that fired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cats.backends.on_source import source_text
from cats.cost import Cost, Ledger, count
from cats.derive import Derivative, derive
from cats.functor import represent
from cats.gradients import Gradient, grad
from cats.ir.lam import Term
from cats.ir.linear_program import LinearProgram
from cats.ir.program import Program
from cats.ir.rewrite import Story
from cats.ir.spaces import Real
from cats.ir.transpose import transposed
from cats.jacobians import jacobian
from cats.prepared import prepare, traced
from cats.signs import signed
from cats.simplify import simplify
from cats.sourcing import name_of
from cats.tree import count as leaves
from cats.whole import behind


@dataclass(frozen=True)
class Explanation:
    """Every level of one function: `str` shows them one under another, each is a value.

    term         the function as a lambda term
    program      in unary form
    derivative   D: the primal with its residuals, and the linear program
    backwards    the linear program transposed: reverse mode
    answer       the program asked for (the gradient, or the Jacobian), as composed
    simplified   after partial evaluation
    story        which rules fired
    text         as NumPy
    """

    name: str
    term: Term
    program: Program
    derivative: Derivative
    backwards: LinearProgram
    answer: Program
    simplified: Program
    story: Story
    text: str

    @property
    def before(self) -> Ledger:
        """Operations before partial evaluation."""
        return count(self.answer)

    @property
    def after(self) -> Ledger:
        """Operations after partial evaluation."""
        return count(self.simplified)

    def __str__(self) -> str:
        linear = represent(self.derivative.linear, Cost(), lambda ref: ref)
        levels = [
            ("Term", self.term),
            ("Program (unary form)", self.program),
            ("D: primal, then residuals", self.derivative.primal),
            ("D: linear map over the residuals", self.derivative.linear),
            (f"its cost: {linear}", ""),
            ("Dual: the linear map read backwards", self.backwards),
            (
                f"{self.name}: {len(self.answer.steps)} steps, {self.before.total} operations",
                self.answer,
            ),
            (
                f"simplified: {len(self.simplified.steps)} steps, {self.after.total} operations",
                self.simplified,
            ),
            ("rules that fired", self.story),
            ("NumPy", self.text),
        ]
        return "\n\n".join(f"== {title} ==\n{body}".rstrip() for title, body in levels) + "\n"


def explain(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Explanation:
    """f at every level, for arguments like these; f may be grad(g), jacobian(g), ...

    For a plain function the answer shown is its gradient if it has one real result, else its
    Jacobian in all real arguments.

    >>> import numpy as np
    >>> e = explain(lambda x: np.sin(x) * x, 0.5)
    >>> e.before.total >= e.after.total
    True
    """
    call = prepare(getattr(f, "f", f) if hasattr(f, "answer") else f, args, kwargs)
    asked = f if hasattr(f, "answer") else _natural(f, args, kwargs)
    _, lifted, answer = behind(asked, args, kwargs)
    active = [
        i for i, s in enumerate(lifted.program.inputs[: len(call.leaves)]) if isinstance(s, Real)
    ]
    derivative = derive(lifted.program, active)
    story = Story()
    simplified = signed(simplify(answer.program, story=story))
    name = name_of(asked, simplified)
    return Explanation(
        name,
        lifted.term,
        lifted.program,
        derivative,
        transposed(derivative.linear),
        answer.program,
        simplified,
        story,
        source_text(simplified, name),
    )


def _natural(f: Any, args: Any, kwargs: Any) -> Any:
    """The derivative one would ask for: the gradient of a scalar function, else the Jacobian."""
    call = prepare(f, args, kwargs)
    program = traced(f, call).program
    positional = call.tree.parts[0]  # type: ignore[union-attr]
    real = _real_arguments(positional, call.spaces)
    numbers: Any = real[0] if len(real) == 1 else real
    if (
        len(program.outputs) == 1
        and isinstance(program.ends[0], Real)
        and not program.ends[0].shape
    ):
        found: Gradient = grad(f, numbers)
        return found
    return jacobian(f, numbers)


def _real_arguments(positional: Any, spaces: Any) -> tuple[int, ...]:
    found, at = [], 0
    for number, part in enumerate(positional.parts):
        span = range(at, at + leaves(part))
        at += leaves(part)
        if any(isinstance(spaces[i], Real) for i in span):
            found.append(number)
    return tuple(found)
