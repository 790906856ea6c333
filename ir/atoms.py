"""The smallest parts of a term in text: names, constants, and operations with their arguments."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cats.ir.arity import counted
from cats.ir.errors import CatsError, SpaceError, Where
from cats.ir.lam import App, Const, Control, Lam, Prim, Run, Term, Var
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.program import Program
from cats.ir.read import read_constant, read_params, read_program
from cats.ir.spaces import Sum
from cats.ir.term_tokens import TermTokens
from cats.ir.words import RESERVED

ATOMS = frozenset({"True", "False", "inl", "inr", "inj", "scan", "while", "run"})
"""Reserved words that an argument may begin with."""


class Head(NamedTuple):
    """An operation, an injection or a loop, whose arguments are still to come."""

    op: Primitive | tuple[int, Sum] | str | Program
    params: Params
    place: int


Atom = Term | Head


@dataclass
class Atoms:
    """Reads atoms off a text. `known` are the operations, `shared` the terms it gave a name."""

    tokens: TermTokens
    known: Mapping[str, Primitive]
    shared: dict[str, Term] = field(default_factory=dict)

    def where(self, place: int) -> Where | None:
        """The line of a word."""
        return self.tokens.lines[place] if place < len(self.tokens.lines) else None

    def begins(self, ahead: int = 0) -> bool:
        """Whether the next word, or one further on, begins an argument."""
        word, kind = self.tokens.peek(ahead), self.tokens.kind_ahead(ahead)
        if kind == "name":
            return word not in RESERVED or word in ATOMS
        return kind in ("number", "string") or word in ("(", "[", "#", "\\")

    def read(self) -> Atom:
        """A number, a name, an array, an operation or an injection."""
        tokens, place = self.tokens, self.tokens.at
        word, kind = tokens.peek(), tokens.kind()
        if kind == "number" or word in ("[", "#", "True", "False"):
            return self.constant(place)
        if word in ("inl", "inr", "inj"):
            return self.injection(place)
        if word in ("scan", "while") and kind == "name":
            tokens.at += 1
            return Head(word, read_params(tokens) if tokens.adjacent() else (), place)
        if word == "run" and kind == "name":
            return self.run(place)
        if word in self.known and kind == "name":
            tokens.at += 1
            params = read_params(tokens) if tokens.adjacent() else ()
            return Head(self.known[word], tuple(sorted(params, key=lambda p: p[0])), place)
        if word in self.shared:
            tokens.at += 1
            return self.shared[word]
        return Var(tokens.variable(self.known), self.where(place))

    def negative(self, place: int) -> Const | None:
        """The number after a minus sign as a negative one, unless something else takes hold of it.

        `-2.0 ** 2` and `-2.0 x` are the negatives of a power and of an application.
        """
        tokens = self.tokens
        if tokens.kind() != "number" or tokens.peek().startswith("nan"):
            return None
        width = 3 if tokens.peek(1) == ":" else 1
        part = tokens.kind_ahead(width) == "part"
        if part or self.begins(width) or tokens.peek(width) == "**":
            return None
        tokens.words[tokens.at] = "-" + tokens.peek()
        return self.constant(place)

    def whole(self) -> int | None:
        """`3` or `-3` where it is a whole exponent and not the beginning of one."""
        tokens = self.tokens
        signed = tokens.peek() == "-"
        after = tokens.peek(signed + 1)
        part = tokens.kind_ahead(signed + 1) == "part"
        if part or self.begins(signed + 1) or after in ("**", ":"):
            return None
        if not tokens.peek(signed).isdecimal():
            return None
        tokens.at += signed
        return tokens.whole() * (-1 if signed else 1)

    def constant(self, place: int) -> Const:
        """A number, an array in brackets, or anything as `#[...]`."""
        tokens = self.tokens
        marked = tokens.took("#")
        if marked:
            tokens.take("[")
        try:
            found = Const(read_constant(tokens), self.where(place))
        except SpaceError as error:
            tokens.at = place
            raise tokens.error(f"expected a constant ({error})") from None
        if marked:
            tokens.take("]")
        return found

    def injection(self, place: int) -> Head:
        """`inl[A + B]`, `inr[A + B]`, `inj[2, A + B + C]`."""
        tokens = self.tokens
        word = tokens.take()
        tokens.take("[")
        index = 1 if word == "inr" else 0
        if word == "inj":
            index = tokens.whole() if tokens.peek().isdecimal() else -1
            tokens.take(",")
        begin = tokens.at
        end = tokens.space()
        if not isinstance(end, Sum) or not 0 <= index < len(end.parts) or len(end.parts) < 2:
            tokens.at = begin
            raise tokens.error("expected a sum of spaces that has such a summand")
        tokens.take("]")
        return Head((index, end), (), place)

    def run(self, place: int) -> Head:
        """`run["..."]`: a control word as a program in quotes."""
        tokens = self.tokens
        for word in ("run", "["):
            tokens.take(word)
        begin = tokens.at
        try:
            text = ast.literal_eval(tokens.take()) if tokens.kind() == "string" else ""
            program = read_program(text, self.known)
            words = [step.op.name for step in program.steps]
            fits = len(words) == 1 and not isinstance(program.steps[0].op, Primitive)
            why = f" (its steps: {', '.join(words[:3]) or 'none'}{', ...' if words[3:] else ''})"
        except (CatsError, ValueError, SyntaxError) as error:
            fits, why = False, f" ({error.message if isinstance(error, CatsError) else error})"
        if not fits:
            tokens.at = begin
            raise tokens.error(f"expected a program in quotes that is one control word{why}")
        tokens.take("]")
        return Head(program, (), place)

    # Application

    def applied(self, chain: list[Atom]) -> Term:
        """A function with its arguments, one after the other: `f x y`."""
        head = chain[0]
        args = [self.operation(a, [])[0] if isinstance(a, Head) else a for a in chain[1:]]
        term, rest = self.operation(head, args) if isinstance(head, Head) else (head, args)
        for arg in rest:
            term = App(term, arg, term.where)
        return term

    def operation(self, head: Head, args: list[Term]) -> tuple[Term, list[Term]]:
        """The operation with its arguments, and those left over; without any, as a function."""
        takes = self.takes(head)
        count = max(len(args), 1) if takes is None else takes
        if not args and count and takes is not None:
            return self.function(head, count), []
        if len(args) < count:
            self.tokens.at = head.place
            asked = "arguments" if takes is None else counted(count, "argument")
            raise self.tokens.error(f"expected an operation with {asked}, got {len(args)}")
        return self.made(head, args[:count]), args[count:]

    def takes(self, head: Head) -> int | None:
        """How many arguments it takes; None if it takes one or more."""
        match head.op:
            case Primitive() as op:
                return op.takes.count
            case Program() as program:
                return len(program.inputs)
            case str():
                return 4 if dict(head.params).get("length", 0) is None else 3
            case _:
                return 1

    def made(self, head: Head, args: list[Term]) -> Term:
        """The operation on as many arguments as it takes."""
        where = self.where(head.place)
        if isinstance(head.op, Program):
            return Run(head.op.steps[0].op, tuple(args), where)  # type: ignore[arg-type]
        if isinstance(head.op, str):
            return Control(head.op, tuple(args), head.params, where)
        if isinstance(head.op, tuple):
            params = (("index", head.op[0]), ("sum", head.op[1]))
            return Control("inj", tuple(args), params, where)
        return Prim(head.op, tuple(args), head.params, where)

    def function(self, head: Head, count: int) -> Term:
        r"""The operation as a function: `sin` alone is `\x. sin x`."""
        where = self.where(head.place)
        names = list("xyz"[:count]) if count < 4 else [f"x{i}" for i in range(count)]
        term = self.made(head, [Var(name, where) for name in names])
        for name in reversed(names):
            term = Lam(name, None, term, where)
        return term
