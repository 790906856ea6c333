"""How a step reads its arguments: by name, with new axes, as a literal; what is called by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cats.ir.arity import counted
from cats.ir.constant import Constant
from cats.ir.errors import BackendError, kind_of
from cats.ir.primitive import Primitive
from cats.ir.prims.guards import OtherPath, Outcome, outcome_of
from cats.ir.prims.layout import Axes, spread_text
from cats.ir.spaces import Ground, Shape, Value, lies_in, space_of

NATIVE = ("float64", "int64", "bool")
"""The dtypes of which a Python literal is a number without saying so."""


class Operand(NamedTuple):
    """How an argument is read: by name, by name with new axes, or as a literal.

    >>> print(Operand(0, (2, 3), (0,)).text("x"), Operand(1, literal="2.5").text("y"))
    x[:, None] 2.5
    """

    position: int
    shape: Shape | None = None
    axes: Axes = ()
    literal: str | None = None

    def text(self, name: str) -> str:
        """The expression, for a value of this name."""
        if self.literal is not None:
            return self.literal
        return name if self.shape is None else spread_text(name, shape=self.shape, axes=self.axes)


def is_literal(value: Constant) -> bool:
    """Whether a constant is written in place: a number NumPy has a dtype for."""
    return value.array.ndim == 0 and value.array.dtype.kind in "fiub"


def weak_text(value: Constant) -> str:
    """A number as Python writes it, exact, ready to stand beside any operator.

    >>> weak_text(Constant(-2.5)), weak_text(Constant(float("inf"))), weak_text(Constant(True))
    ('(-2.5)', 'np.inf', 'True')
    """
    item = value.array.item()
    if isinstance(item, float) and not np.isfinite(item):
        return "np.nan" if item != item else ("np.inf" if item > 0 else "(-np.inf)")
    text = repr(item)
    return f"({text})" if text.startswith("-") else text


def typed_text(value: Constant) -> str:
    """A number that carries its dtype.

    >>> typed_text(Constant(2.5))
    'np.float64(2.5)'
    """
    return f"np.{value.array.dtype.name}({weak_text(value).strip('()')})"


def typed(position: int, value: Constant, *, bare: bool = False) -> Operand:
    """A number that keeps its dtype alone; `bare` where a Python number of it does too."""
    native = bare and value.array.dtype.name in NATIVE
    return Operand(position, literal=weak_text(value) if native else typed_text(value))


@dataclass(frozen=True, slots=True)
class Opaque:
    """A user's Python function as a callable that keeps the space it promised."""

    op: Primitive
    params: tuple[tuple[str, Any], ...]
    spaces: tuple[Ground, ...]

    def __call__(self, *args: Value) -> Value:
        return Kept(self.op, self.spaces)(self.op.evaluate(*args, **dict(self.params)))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a user's operation gives, if it lies in the spaces that its record says."""

    op: Primitive
    spaces: tuple[Ground, ...]

    def __call__(self, found: Value) -> Value:
        if len(self.spaces) == 1:
            return self._kept(found, self.spaces[0])
        if not isinstance(found, tuple | list) or len(found) != len(self.spaces):
            raise BackendError(
                f"the {self._part} of {self.op.name} returned {kind_of(found)}, "
                f"and its space says {counted(len(self.spaces), 'result')}",
                remedy=f"Return a tuple of {len(self.spaces)}.",
            )
        return tuple(map(self._kept, found, self.spaces))

    def _kept(self, value: Value, space: Ground) -> Value:
        array = np.asarray(value)
        weak = isinstance(value, int | float) and not isinstance(value, np.generic)
        same = weak or array.dtype in (space.dtype, object)
        if not same or not lies_in(array, space):
            raise BackendError(
                f"the {self._part} of {self.op.name} returned a value in {space_of(value)}, "
                f"and its space says {space}",
                remedy=f"Correct the {self._part}, or the space of the primitive.",
            )
        return array.astype(space.dtype, copy=False)[()] if array.dtype != object else value

    @property
    def _part(self) -> str:
        """Which part of the record computes."""
        return "function" if self.op.code is None else "code"


@dataclass(frozen=True, slots=True)
class Departure:
    """What a guard raises where it does not pass, made from what was found."""

    number: int
    outcome: Outcome

    def __call__(self, value: Value) -> OtherPath:
        return OtherPath(self.number, outcome_of(value, self.outcome))
