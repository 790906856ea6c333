"""What arrays do not let be done, found while a program runs: matrices, and places in arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cats.ir.errors import CatsError, Where
from cats.ir.prims.guards import OtherPath
from cats.ir.program import Program
from cats.ir.spaces import Value


class Unsolved(CatsError, np.linalg.LinAlgError):
    """A routine did not go through, and the line of the user's it comes from."""


class NoSuchPlace(CatsError, IndexError):
    """A place was read that an array does not have, and the line of the user's it comes from."""


Error = np.linalg.LinAlgError | IndexError


def unsolved(error: Error, program: Program, args: Sequence[Value]) -> Exception:
    """The error with the place of the first step that raises it."""
    at: list[Value] = list(args)
    for step in program.steps:
        try:
            made = step.op(*[at[a] for a in step.args], **dict(step.params))
        except OtherPath as other:
            return other
        except (np.linalg.LinAlgError, IndexError):
            return _told(error, step.where)
        at.extend(made if isinstance(made, tuple) else (made,))
    return error


def _told(error: Error, where: Where | None) -> CatsError:
    if isinstance(error, IndexError):
        return NoSuchPlace(
            str(error),
            where=where,
            remedy="Index within x.shape, from 0 or back from -1, in every round of a loop.",
        )
    return Unsolved(
        str(error),
        where=where,
        remedy="Give another matrix, or catch numpy.linalg.LinAlgError in the function.",
    )
