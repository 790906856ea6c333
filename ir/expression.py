"""One expression of a term in text: operands, and the operators between them that still wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cats.ir.atoms import Atom, Atoms
from cats.ir.lam import Prim, Term
from cats.ir.primitive import Primitive
from cats.ir.words import COMPARE, POWER, SIGN, SYMBOLS


class Operator(NamedTuple):
    """An operator that waits for its right side."""

    tightness: int
    op: Primitive
    operands: int
    place: int


@dataclass
class Expression:
    """An expression as far as it is read.

    chain   the last operand: a function and its arguments so far, `f x y`
    """

    atoms: Atoms
    operands: list[Term] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    chain: list[Atom] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing is read."""
        return not (self.operands or self.operators or self.chain)

    def minus(self) -> None:
        """A minus sign before an operand: part of the number after it, or an operation."""
        tokens = self.atoms.tokens
        place = tokens.at
        tokens.at += 1
        number = self.atoms.negative(place)
        if number is not None:
            self.chain.append(number)
        else:
            self.operators.append(Operator(SIGN, self.atoms.known["neg"], 1, place))

    def operator(self) -> bool:
        """Reads an operator, if there is one."""
        tokens = self.atoms.tokens
        infix, place = SYMBOLS.get(tokens.peek()), tokens.at
        if infix is None or tokens.kind() != "mark":
            return False
        self.reduce(infix.left)
        if self.operators and infix.tightness == self.operators[-1].tightness == COMPARE:
            raise tokens.error("expected no second comparison: they do not chain")
        tokens.at += 1
        n = self.atoms.whole() if infix.tightness == POWER else None
        if n is None:
            known = self.atoms.known[infix.name]
            self.operators.append(Operator(infix.tightness, known, 2, place))
        else:
            ipow, where = self.atoms.known["ipow"], self.atoms.where(place)
            self.chain = [Prim(ipow, (self.operands.pop(),), (("n", n),), where)]
        return True

    def reduce(self, tightness: int) -> None:
        """Applies the waiting operators that bind at least as tightly."""
        self.operands.append(self.atoms.applied(self.chain))
        self.chain = []
        while self.operators and self.operators[-1].tightness >= tightness:
            operator = self.operators.pop()
            args = tuple(self.operands[-operator.operands :])
            del self.operands[-operator.operands :]
            where = self.atoms.where(operator.place)
            self.operands.append(Prim(operator.op, args, (), where))

    def finish(self) -> Term:
        """The expression as a term; it is empty again."""
        self.reduce(0)
        return self.operands.pop()
