"""+ - * / and NumPy's functions on whatever records operations: wires, terms, series."""

from __future__ import annotations

from typing import Any, ClassVar

from cats.ir.errors import TermError
from cats.ir.prims import BY_NAME
from cats.ir.prims.algebra import add, div, mul, neg, sub
from cats.ir.spaces import Value

_OPERATORS = {"multiply": mul, "subtract": sub, "divide": div, "negative": neg}
"""Operations that NumPy calls by another name."""


class Arithmetic:
    """Python's operators, and np.sin and its like, as the operations of the vocabulary.

    kind   what they are called on, in messages
    """

    __slots__ = ()

    kind: ClassVar[str] = "values of a program"

    def __add__(self, other: Value) -> Value:
        return add(self, other)

    def __radd__(self, other: Value) -> Value:
        return add(other, self)

    def __sub__(self, other: Value) -> Value:
        return sub(self, other)

    def __rsub__(self, other: Value) -> Value:
        return sub(other, self)

    def __mul__(self, other: Value) -> Value:
        return mul(self, other)

    def __rmul__(self, other: Value) -> Value:
        return mul(other, self)

    def __truediv__(self, other: Value) -> Value:
        return div(self, other)

    def __rtruediv__(self, other: Value) -> Value:
        return div(other, self)

    def __neg__(self) -> Value:
        return neg(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Value, **options: Any) -> Value:
        """np.sin(x) is the operation of that name. Raises TermError where there is none."""
        op = _OPERATORS.get(ufunc.__name__) or BY_NAME.get(ufunc.__name__)
        if method == "__call__" and not options and op is not None and op.elementwise:
            return op(*inputs)
        raise self._unknown(
            ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        )

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Value:
        raise self._unknown(function.__name__)

    def _unknown(self, name: str) -> TermError:
        return TermError(
            f"np.{name} is no operation on {self.kind}",
            remedy="Call a primitive of cats.ir.prims, or trace a function of arrays.",
        )
