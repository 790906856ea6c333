"""Matrices that a routine of linear algebra does not take, found while a program runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cats.ir.errors import CatsError
from cats.ir.prims.guards import OtherPath
from cats.ir.program import Program
from cats.ir.spaces import Value


class Unsolved(CatsError, np.linalg.LinAlgError):
    """A routine did not go through, and the line of the user's it comes from."""


def unsolved(error: np.linalg.LinAlgError, program: Program, args: Sequence[Value]) -> Exception:
    """The error with the place of the first step that raises it."""
    at: list[Value] = list(args)
    for step in program.steps:
        try:
            made = step.op(*[at[a] for a in step.args], **dict(step.params))
        except OtherPath as other:
            return other
        except np.linalg.LinAlgError:
            return Unsolved(
                str(error),
                where=step.where,
                remedy="Give another matrix, or catch numpy.linalg.LinAlgError in the function.",
            )
        at.extend(made if isinstance(made, tuple) else (made,))
    return error
