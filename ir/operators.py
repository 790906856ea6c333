"""Python's operators on terms: those that are operations, and why the others are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from cats.ir.arithmetic import Arithmetic
from cats.ir.errors import TermError
from cats.ir.prims.algebra import ipow
from cats.ir.prims.choice import abs as absolute
from cats.ir.prims.choice import floor_divide, greater, greater_equal, less, less_equal, remainder
from cats.ir.prims.pairs import power
from cats.ir.spaces import Value
from cats.ir.words import in_short


def _refusing(why: str, remedy: str) -> Callable[..., NoReturn]:
    """A method that says of a term why it is not had."""

    def refuse(self: Any, *others: object, **options: object) -> NoReturn:
        raise TermError(f"{in_short(str(self))} is a term: {why}", remedy=remedy)

    return refuse


_RUN = "Make a program of it, cats.pointfree.program_of(term).program, and compile that."
_NO_VALUE = _refusing("it has no value before it is run", _RUN)
_NO_BITS = _refusing(
    "& | ^ ~ << >> are no operations on terms",
    "Write logical_and, logical_or and logical_not, of cats.ir.prims.choice.",
)


class Operators(Arithmetic):
    """The operators of terms: what they record, or the error that says what to write."""

    __slots__ = ()

    kind = "terms"

    def __pow__(self, exponent: Value) -> Value:
        """x ** n; whole numbers are written apart, as `x ** 2` in a text is."""
        if isinstance(exponent, int) and not isinstance(exponent, bool):
            return ipow(self, n=exponent)
        return power(self, exponent)

    def __rpow__(self, base: Value) -> Value:
        return power(base, self)

    def __floordiv__(self, other: Value) -> Value:
        return floor_divide(self, other)

    def __rfloordiv__(self, other: Value) -> Value:
        return floor_divide(other, self)

    def __mod__(self, other: Value) -> Value:
        return remainder(self, other)

    def __rmod__(self, other: Value) -> Value:
        return remainder(other, self)

    def __divmod__(self, other: Value) -> tuple[Value, Value]:
        return self // other, self % other

    def __rdivmod__(self, other: Value) -> tuple[Value, Value]:
        return other // self, other % self

    def __abs__(self) -> Value:
        return absolute(self)

    def __pos__(self) -> Value:
        return self

    def __lt__(self, other: Value) -> Value:
        return less(self, other)

    def __le__(self, other: Value) -> Value:
        return less_equal(self, other)

    def __gt__(self, other: Value) -> Value:
        return greater(self, other)

    def __ge__(self, other: Value) -> Value:
        return greater_equal(self, other)

    __matmul__ = __rmatmul__ = _refusing(
        "@ is written with the axes that meet, which its space alone would say",
        "Write contract(a, b, spec='ij,j->i'), of cats.ir.prims.contraction.",
    )
    __getitem__ = _refusing(
        "its parts and entries are not read with []",
        "Write proj(i, term), of cats.lam, for a part of a tuple, and index(term, key=(i,)), of "
        "cats.ir.prims.indexing, for an entry of an array.",
    )
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _NO_BITS
    __invert__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _NO_BITS
    __float__ = __int__ = __complex__ = __array__ = __round__ = _NO_VALUE
