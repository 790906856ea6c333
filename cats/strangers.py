"""Errors of compiled code that was given a traced value: said in terms of the user's function.

Such code takes Python's own numbers, and complains of the class of what it got in their place.
"""

from __future__ import annotations

import dis
import re

from cats.ir.errors import CatsError, TraceError, Where
from cats.places import is_users

_RAISING = ("RAISE_VARARGS", "RERAISE")
"""Instructions of Python that raise what the code says."""


def stranger(error: Exception, kind: type) -> TraceError | None:
    """What an error means whose text names the class of traced values; None for any other.

    What the user's own code raises is left as it is.
    """
    if isinstance(error, CatsError) or not re.search(rf"\b{kind.__name__}\b", str(error)):
        return None
    place, raised, at = None, False, error.__traceback__
    while at is not None:
        code, raised = at.tb_frame.f_code, False
        if is_users(code.co_filename):
            place = Where(code.co_filename, at.tb_lineno, code.co_name)
            raised = dis.opname[code.co_code[at.tb_lasti]] in _RAISING
        at = at.tb_next
    if place is None or raised:
        return None
    return TraceError(
        f"compiled code was given a traced value, and cannot see into it: {error}",
        where=place,
        remedy="Compute with NumPy or math; or make of the function that calls it one operation "
        "with cats.primitive, and say its derivative.",
    )
