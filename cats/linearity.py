"""Is a program linear? Its derivative must not depend on where it is taken, and f(0) must be 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cats.backends.on_numpy import OnNumpy
from cats.dependence import dependent
from cats.derive import derive
from cats.ir.errors import LinearityError, Where
from cats.ir.inline import without_guards
from cats.ir.prims.guards import guard
from cats.ir.program import Program


def check_linear_function(program: Program, active: Sequence[int] | None = None) -> None:
    """Raises LinearityError, naming the user's line, if the program is not linear.

    active   the inputs in which it should be linear; the others are fixed
    """
    derivative = derive(program, active)
    primal, count = derivative.primal, derivative.count
    varying = dependent(primal, derivative.active)
    places: list[Where | None] = [None] * len(primal.inputs)
    for step in primal.steps:
        places.extend([step.where] * len(step.spaces))
    for step in primal.steps:
        if step.op is guard and any(varying[a] for a in step.args):
            raise _not_linear("it decides on the argument", step.where)
    for output in primal.outputs[count:]:
        if varying[output]:
            where = places[output] or _first_nonlinear(program)
            raise _not_linear("its derivative depends on the argument", where)
    _check_origin(without_guards(program), derivative.active)


def _not_linear(why: str, where: Where | None) -> LinearityError:
    return LinearityError(
        f"the function is not linear: {why}",
        where=where,
        remedy="Use cats.vjp, which linearises first.",
    )


def _first_nonlinear(program: Program) -> Where | None:
    return next((s.where for s in program.steps if s.where is not None), None)


def _check_origin(program: Program, active: Sequence[int]) -> None:
    given = [
        np.zeros(s.shape, s.dtype) if i in active else np.ones(s.shape, s.dtype)
        for i, s in enumerate(program.inputs)
    ]
    for value in OnNumpy().compile(program)(*given):
        if np.any(np.asarray(value) != 0):
            raise LinearityError(
                "the function is affine, not linear: it does not map 0 to 0",
                where=_first_nonlinear(program),
                remedy="Leave out the constant term.",
            )
