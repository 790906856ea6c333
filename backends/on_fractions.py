"""Exact numbers: a program run over the fractions, or over another field, entry by entry.

Reals are object arrays of the field's numbers, truth values and integers stay NumPy's. Each
operation is the code text of the primitive, read in a NumPy whose zeros and dtypes are exact. A
float that appears in a result is an error, never a rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from cats.backends.backend import Compiled, Run, checked
from cats.backends.exact import ExactNumpy, Modulo
from cats.backends.function import Style
from cats.backends.plan import Plan, Role, plan
from cats.backends.text import write
from cats.ir.errors import BackendError
from cats.ir.objects import Number, mapped
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME
from cats.ir.program import Program, Step
from cats.ir.spaces import Ground, Real, Value

FIELD = frozenset(
    {
        "const", "reshape", "transpose", "broadcast", "sum", "convert",
        "add", "sub", "mul", "div", "neg", "ipow", "reciprocal",
        "equal", "not_equal", "isfinite", "isnan", "zeros_like",
        "logical_and", "logical_or", "logical_not",
        "keep", "select", "cumsum", "shift", "recurrence", "cumprod", "cumprod_back", "prod",
        "index", "gather", "accumulate", "concatenate", "contract",
        "winners", "erase", "put", "add_into", "nonzero", "flat_places", "inverse", "bincount",
        "tril", "triu", "solve", "solve_triangular", "inv", "det",
    }
)  # fmt: skip
"""Operations every field has."""

ORDERED = frozenset(
    {
        "less", "less_equal", "greater", "greater_equal", "maximum", "minimum", "max", "min",
        "abs", "sign", "copysign", "floor", "ceil", "rint", "trunc", "floor_divide", "remainder",
        "fmod", "argsort", "sort", "partition", "argpartition", "ranked", "argmax", "argmin",
        "searchsorted", "binned", "interp",
    }
)  # fmt: skip
"""Operations that ask which of two numbers is larger."""


@dataclass(frozen=True)
class OnField:
    """Programs over the numbers that `number` makes; without an order nothing is compared.

    Arguments may be numbers of the field, integers, Fractions or floats, alone or in arrays;
    floats mean the exact fractions that they are. Reals come back as numbers of the field, in
    object arrays if they have axes.
    """

    name: str
    number: Number
    ordered: bool = True

    def supports(self, op: Primitive) -> bool:
        """Rational operations; those that need an order only where there is one."""
        known = BY_NAME.get(op.name) is op
        return known and (op.name in FIELD or (self.ordered and op.name in ORDERED))

    def build(self, program: Program) -> Run:
        style = Style(ready=self._plan, writes=False, dtype=exact_dtype, tidy=False)
        text = write(program, "run", style, {"np"})
        namespace: dict[str, Any] = {"np": np, **text.callees}
        for name, constant in text.constants.items():
            namespace[name] = self.exact(constant.array, constant.space)
        for part in text.functions:
            exec(compile(part, "<exact>", "exec"), namespace)
        return _Exactly(self, program, namespace["run"])

    def compile(self, program: Program) -> Compiled:
        """The program as a callable; raises BackendError for what is not rational."""
        return checked(self, program, "Exact numbers have rational operations only: use numpy.")

    def _plan(self, program: Program, role: Role) -> Plan:
        found = plan(program, role, literals=False)
        lines = tuple(
            line._replace(callee=_Exact(self, op, line.step))
            if isinstance(op := line.step.op, Primitive)
            else line
            for line in found.lines
        )
        return Plan(program, lines, found.constants, found.copied, literals=False)

    def exact(self, value: Value, space: Ground) -> np.ndarray[Any, Any]:
        """A value given from outside, as an array of exact numbers of its space."""
        if not isinstance(space, Real):
            return np.asarray(value, space.dtype)
        return mapped(self.enter, np.asarray(value, object))

    def enter(self, entry: Any) -> Any:
        """One number given from outside."""
        if isinstance(entry, float | np.floating) and not math.isfinite(entry):
            raise BackendError(
                f"{entry} is no exact number",
                remedy="Exact numbers are finite: give finite arguments and constants.",
            )
        if isinstance(entry, bool | int | float | np.generic):
            return self.number(Fraction(entry.item() if isinstance(entry, np.generic) else entry))
        return self.number(entry) if isinstance(entry, Fraction) else entry

    def settle(self, entry: Any) -> Any:
        """One number of a result: integers are numbers of the field, floats are an error."""
        if isinstance(entry, float | np.floating):
            raise BackendError("a float appeared among exact numbers")
        return self.enter(entry)


@dataclass(frozen=True)
class OnFractions(OnField):
    """The rational numbers.

    >>> from cats.ir.prims.algebra import div
    >>> from cats.ir.program import Program, Step
    >>> from cats.ir.spaces import R
    >>> run = OnFractions().compile(Program((R, R), (Step(div, (0, 1), (), (R,)),), (2,)))
    >>> run(1, 3)
    (Fraction(1, 3),)
    """

    name: str = "fractions"
    number: Number = Fraction
    ordered: bool = True


def exact_dtype(space: Ground) -> str:
    """Real stacks hold objects."""
    return "object" if isinstance(space, Real) else repr(space.dtype)


def on_modulo(prime: int) -> OnField:
    """Programs over the integers modulo a prime, which have no order.

    >>> on_modulo(101).number(Fraction(1, 2))
    51 mod 101
    """
    return OnField(f"integers mod {prime}", Modulo(prime), ordered=False)


class _Exactly:
    """A function on exact arrays, given whatever numbers."""

    __slots__ = ("field", "function", "program")

    def __init__(self, field: OnField, program: Program, function: Run) -> None:
        self.field, self.program, self.function = field, program, function

    def __call__(self, *args: Value) -> tuple[Value, ...]:
        pairs = zip(args, self.program.inputs, strict=True)
        found = self.function(*[self.field.exact(a, s) for a, s in pairs])
        return tuple(map(_bare, found))


def _bare(value: Value) -> Value:
    """A number, not an array without axes; the same for the rows of a stack."""
    if not isinstance(value, np.ndarray):
        return value
    if value.ndim and value.dtype == object:
        return mapped(_bare, value)
    return value if value.ndim else value[()]


@dataclass(frozen=True)
class _Exact:
    """One operation on exact arrays: its code text, its result settled in the field."""

    field: OnField
    op: Primitive
    step: Step

    def __call__(self, *args: Value) -> Any:
        names = [f"x{i}" for i in range(len(args))]
        text = f"lambda {', '.join(names)}: {self.op.text(names, dict(self.step.params))}"
        spaces = self.step.spaces
        try:
            found = _compiled(text, self.op.helpers, self.field.number)(*map(np.asarray, args))
        except ZeroDivisionError:
            raise BackendError(
                f"{self.op.name} divides by zero, and exact numbers have no infinity",
                where=self.step.where,
                remedy="Give arguments at which nothing is divided by zero.",
            ) from None
        if len(spaces) > 1:
            return tuple(map(self._settled, found, spaces))
        return self._settled(found, spaces[0])

    def _settled(self, found: Value, space: Ground) -> np.ndarray[Any, Any]:
        if isinstance(space, Real):
            return mapped(self.field.settle, np.asarray(found, object))
        return np.asarray(found, space.dtype)


@lru_cache(maxsize=4096)
def _compiled(text: str, helpers: str, number: Number) -> Callable[..., Value]:
    namespace: dict[str, Any] = {"np": ExactNumpy(number)}
    exec(helpers, namespace)
    return eval(text, namespace)  # type: ignore[no-any-return]
