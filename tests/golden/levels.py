"""Every level of one function as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cats.backends.on_source import source_text
from cats.derive import derive
from cats.forward import Nothing, materialise, run
from cats.functor import by_position
from cats.ir.program import Program
from cats.ir.spaces import Real
from cats.ir.transpose import transposed
from cats.ir.wire import Builder
from cats.pipeline import gradient, jacobian
from cats.signs import finished
from cats.whole import behind
from tests.golden.functions import FUNCTIONS

HERE = Path(__file__).parent


def path(name: str) -> Path:
    """Where a golden is kept."""
    return HERE / f"{name}.txt"


def pulled(program: Program) -> Program:
    """(x, a cotangent for each result) |-> (the results, a cotangent for each x)."""
    derivative = derive(program)
    reals = [s for s in program.ends if isinstance(s, Real)]
    builder = Builder([*program.inputs, *reals])
    count = len(program.inputs)
    made = builder.run(derivative.primal, builder.wires[:count])
    given = iter(builder.wires[count : count + len(reals)])
    seed = [next(given) if isinstance(s, Real) else Nothing(s) for s in program.ends]
    residuals = by_position(made[derivative.count :])
    found = run(transposed(derivative.linear), residuals, seed)
    slopes = [builder.lift(materialise(v, builder)) for v in found]
    return builder.finish([*made[: derivative.count], *slopes])


def levels(name: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each level."""
    f, args = FUNCTIONS[name]
    _, lifted, _ = behind(f, args, {})
    program = lifted.program
    derivative = derive(program)
    one: Any = program.ends == (Real(),)
    backwards = finished(gradient(program, derivative.active) if one else pulled(program))
    columns = finished(jacobian(program, derivative.active, "fwd"))
    yield "term", str(lifted.term)
    yield "program", str(program)
    yield "derivative", str(derivative)
    yield "transposed", str(transposed(derivative.linear))
    yield "gradient, simplified" if one else "pullback, simplified", str(backwards)
    yield "Jacobian by matrices, simplified", str(columns)
    yield "gradient in Python" if one else "pullback in Python", source_text(backwards)


def text(name: str) -> str:
    """The golden of a function."""
    parts = [f"{'-' * 8} {title}\n{body.rstrip()}\n" for title, body in levels(name)]
    return f"{name}\n\n" + "\n".join(parts)
