"""+ - * / on whatever records operations: wires, terms, series."""

from __future__ import annotations

from cats.ir.prims.algebra import add, div, mul, neg, sub
from cats.ir.spaces import Value


class Arithmetic:
    """Python's operators as the operations of the vocabulary."""

    __slots__ = ()

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
