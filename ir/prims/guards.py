"""Guards: a program that was made for one outcome of a decision says so where it decides.

A path is a straight-line program for one sequence of outcomes. Its guards compare what is found
with what the path was made for, before anything that depends on it, and raise OtherPath.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.linear import Zero
from cats.ir.primitive import Primitive, free
from cats.ir.spaces import Value, space_of, tangent

Outcome = bool | int | Constant
"""What was found where a decision was taken: a truth value, a whole number, or any array."""


class OtherPath(Exception):
    """A guard found another outcome than the one its path was made for."""

    def __init__(self, number: int, found: Outcome) -> None:
        super().__init__(number, found)
        self.number = number
        self.found = found


def outcome_of(value: Value, like: Outcome | None = None) -> Outcome:
    """A value as an outcome, of the kind of another if that is given.

    >>> outcome_of(np.True_), outcome_of(np.int64(3)), outcome_of(2.5)
    (True, 3, Constant(2.5))
    """
    if isinstance(like, Constant):
        return Constant(value)
    array = np.asarray(value)
    plain = array.ndim == 0 and array.dtype.kind in "biu"
    return array.item() if plain else Constant(value)


def passed(value: Value, *, number: int, outcome: Outcome) -> Value:
    """The value itself; raises OtherPath if it is not the outcome.

    >>> passed(np.True_, number=0, outcome=True)
    np.True_
    """
    found = outcome_of(value, outcome)
    if found != outcome:
        raise OtherPath(number, found)
    return value


def refuted(x: str, outcome: Outcome) -> str:
    """The condition under which the guard does not pass, as text.

    >>> refuted("t3", True), refuted("t3", 7)
    ('not t3', 't3 != 7')
    """
    match outcome:
        case True:
            return f"not {x}"
        case False:
            return x
        case int():
            return f"{x} != {outcome}"
        case Constant():
            return f"{x}.tobytes() != {outcome.array.tobytes()!r}"


def _still(x: Value, *, out: Value, **params: Any) -> Zero:
    return Zero(tangent(space_of(x)), tangent(space_of(out)))


guard = Primitive(
    "guard",
    None,
    lambda x, *, number, outcome: x,
    linearise=_still,
    work=free,
    effect=True,
    function=passed,
)
