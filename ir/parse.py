r"""Reading lambda terms: `parse(str(term)) == term`.

    \x y. let z = x * y in (cos z, sin z)

A function stands before its argument, `f x`, and operations before or between theirs. From loose
to tight: `\x. ...`, `let`, `if` and `case`; comparisons; `+ -`; `* / // %`; minus sign; `**`;
application; `p.0`. `x ** 3`, with a whole number, is a product of factors; `x ** 3.0` a power.
Constructs that are still open wait in a list: depth of the text is no depth of Python's stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cats.ir.arity import arity, counted
from cats.ir.errors import SpaceError, Where
from cats.ir.lam import App, Const, Control, Lam, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME
from cats.ir.read import read_constant, read_params
from cats.ir.spaces import Space, Sum
from cats.ir.term_tokens import TermTokens
from cats.ir.words import COMPARE, POWER, RESERVED, SIGN, SYMBOLS, injection_text

ATOMS = frozenset({"True", "False", "inl", "inr", "inj"})
"""Reserved words that an argument may begin with."""


def parse(text: str, primitives: Mapping[str, Primitive] | None = None) -> Term:
    r"""The term that a text writes: the inverse of `str`.

    primitives   the user's own operations by name, besides the vocabulary
    Raises TermError, with line, column and a caret, for what is no term.

    >>> term = parse(r"\x y. let z = x * y in (cos z, sin z)")
    >>> print(term)
    \x y. let z = x * y in (cos z, sin z)
    >>> parse("f (x")
    Traceback (most recent call last):
        ...
    cats.ir.errors.TermError: line 1, column 5: expected an operator, ',' or ')', found the end ...
        f (x
            ^
    """
    return _Parser(TermTokens(text), {**BY_NAME, **(primitives or {})}).term()


class _Head(NamedTuple):
    """An operation, or an injection, whose arguments are still to come."""

    op: Primitive | tuple[int, Sum]
    params: Params
    place: int


class _Operator(NamedTuple):
    """An operator that waits for its right side."""

    tightness: int
    op: Primitive
    operands: int
    place: int


@dataclass
class _Open:
    """A construct that is still open, and the expression being read in it.

    kind      text, group, lambda, let, in, if, then, else, case or of
    terms     its parts that are complete
    names     what it binds, with spaces
    chain     a function and its arguments so far: `f x y`
    """

    kind: str
    place: int
    terms: list[Term] = field(default_factory=list)
    names: list[tuple[str, Space | None]] = field(default_factory=list)
    operands: list[Term] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)
    chain: list[Term | _Head] = field(default_factory=list)


EXPECTED = {
    "text": "an operator or the end",
    "group": "an operator, ',' or ')'",
    "let": "an operator, ';' or 'in'",
    "if": "an operator or 'then'",
    "then": "an operator or 'else'",
    "case": "an operator or 'of'",
    "of": "an operator or '|'",
}


class _Parser:
    """Reads one term; `stack` holds the constructs that are open, outermost first."""

    def __init__(self, tokens: TermTokens, known: Mapping[str, Primitive]) -> None:
        self.tokens = tokens
        self.known = known
        self.shared: dict[str, Term] = {}
        self.stack = [_Open("text", 0)]

    def term(self) -> Term:
        """The whole text as a term."""
        while True:
            top = self.stack[-1]
            if not top.chain:
                self.operand(top)
            elif not self.extended(top) and not self.operator(top):
                self.complete(top)
                if top.kind == "text":
                    return top.terms[0]

    def where(self, place: int) -> Where | None:
        return self.tokens.lines[place] if place < len(self.tokens.lines) else None

    # One operand

    def operand(self, top: _Open) -> None:
        """Reads the beginning of an operand: a complete one, or what opens one."""
        tokens = self.tokens
        word, place = tokens.peek(), tokens.at
        if word == "-":
            self.minus(top)
        elif word in _OPENERS:
            tokens.at += 1
            _OPENERS[word](self, place)
        elif word == ")" and top.kind == "group" and not (top.operands or top.operators):
            self.close_group(top)
        elif self.argument():
            top.chain.append(self.atom())
        else:
            raise tokens.error("expected an expression")

    def minus(self, top: _Open) -> None:
        """A minus sign: part of the number after it, if nothing else takes hold of that."""
        tokens, place = self.tokens, self.tokens.at
        tokens.at += 1
        number = tokens.kind() == "number" and not tokens.peek().startswith("nan")
        width = 3 if tokens.peek(1) == ":" else 1
        if number and not self.argument(width) and tokens.kind_ahead(width) != "part":
            if tokens.peek(width) != "**":
                tokens.words[tokens.at] = "-" + tokens.peek()
                top.chain.append(self.constant(place))
                return
        top.operators.append(_Operator(SIGN, self.known["neg"], 1, place))

    def argument(self, ahead: int = 0) -> bool:
        """Whether the next word, or one further on, begins an argument."""
        word, kind = self.tokens.peek(ahead), self.tokens.kind_ahead(ahead)
        if kind == "name":
            return word not in RESERVED or word in ATOMS
        return kind in ("number", "string") or word in ("(", "[", "#", "\\")

    def atom(self) -> Term | _Head:
        """A number, a name, an array, an operation or an injection."""
        tokens, place = self.tokens, self.tokens.at
        word, kind = tokens.peek(), tokens.kind()
        if kind == "number" or word in ("[", "#", "True", "False"):
            return self.constant(place)
        if word in ("inl", "inr", "inj"):
            return self.injection(place)
        if word in self.known and kind == "name":
            tokens.at += 1
            params = tuple(sorted(read_params(tokens), key=lambda pair: pair[0]))
            return _Head(self.known[word], params, place)
        if word in self.shared:
            tokens.at += 1
            return self.shared[word]
        return Var(tokens.variable(), self.where(place))

    def constant(self, place: int) -> Const:
        """A number, an array in brackets, or anything as `#[...]`."""
        tokens = self.tokens
        marked = tokens.took("#")
        if marked:
            tokens.take("[")
        try:
            found = Const(read_constant(tokens), self.where(place))
        except (ValueError, TypeError, OverflowError, SpaceError) as error:
            tokens.at = place
            raise tokens.error(f"expected a constant ({error})") from None
        if marked:
            tokens.take("]")
        return found

    def injection(self, place: int) -> _Head:
        """`inl[A + B]`, `inr[A + B]`, `inj[2, A + B + C]`."""
        tokens = self.tokens
        word = tokens.take()
        tokens.take("[")
        index = 1 if word == "inr" else 0
        if word == "inj":
            index = int(tokens.take()) if tokens.peek().isdigit() else -1
            tokens.take(",")
        begin = tokens.at
        end = tokens.space()
        if not isinstance(end, Sum) or not 0 <= index < len(end.parts) or len(end.parts) < 2:
            tokens.at = begin
            raise tokens.error("expected a sum of spaces that has such a summand")
        tokens.take("]")
        return _Head((index, end), (), place)

    # What opens

    def open_group(self, place: int) -> None:
        tokens = self.tokens
        group = _Open("group", place)
        if tokens.peek(1) == ":=":
            group.names.append((tokens.name(), None))
            tokens.take(":=")
        self.stack.append(group)

    def open_lambda(self, place: int) -> None:
        top = _Open("lambda", place)
        while not self.tokens.took("."):
            if self.tokens.kind() == "part":
                raise self.tokens.error("expected a space after the dot")
            top.names.append(self.binder())
        if not top.names:
            self.tokens.at -= 1
            raise self.tokens.error("expected a parameter")
        self.stack.append(top)

    def binder(self) -> tuple[str, Space | None]:
        name = self.tokens.variable()
        return name, self.tokens.space() if self.tokens.took(":") else None

    def open_let(self, place: int) -> None:
        top = _Open("let", place)
        self.bind(top)
        self.stack.append(top)

    def bind(self, top: _Open) -> None:
        top.names.append((self.tokens.variable(), None))
        self.tokens.take("=")

    def open_if(self, place: int) -> None:
        self.stack.append(_Open("if", place))

    def open_case(self, place: int) -> None:
        self.stack.append(_Open("case", place))

    def pattern(self, top: _Open) -> None:
        """`inl x ->`, `inr (y: R) ->`, `inj[2] z ->`: the summands in order."""
        tokens, index = self.tokens, len(top.terms) - 1
        if tokens.took("inj"):
            for word in ("[", str(index), "]"):
                tokens.take(word)
        else:
            tokens.take(injection_text(min(index, 1), 2))
        bracketed = tokens.took("(")
        top.names.append(self.binder())
        if bracketed:
            tokens.take(")")
        tokens.take("->")

    # What follows an operand

    def extended(self, top: _Open) -> bool:
        """Reads one more argument, or a part of the last one, if there is one."""
        tokens = self.tokens
        word, kind, place = tokens.peek(), tokens.kind(), tokens.at
        if kind == "part":
            last = top.chain[-1]
            if isinstance(last, _Head):
                raise tokens.error("expected an argument")
            top.chain[-1] = Proj(int(word[1:]), last, self.where(place))
            tokens.at += 1
            return True
        if word in ("(", "\\"):
            tokens.at += 1
            _OPENERS[word](self, place)
            return True
        if not self.argument():
            return False
        top.chain.append(self.atom())
        return True

    def operator(self, top: _Open) -> bool:
        """Reads an operator, if there is one."""
        tokens, place = self.tokens, self.tokens.at
        infix = SYMBOLS.get(tokens.peek())
        if infix is None or tokens.kind() != "mark":
            return False
        top.operands.append(self.applied(top.chain))
        top.chain = []
        self.reduce(top, infix.left)
        if top.operators and infix.tightness == top.operators[-1].tightness == COMPARE:
            raise tokens.error("expected no second comparison: they do not chain")
        tokens.at += 1
        if infix.tightness == POWER and self.whole_exponent(top, place):
            return True
        top.operators.append(_Operator(infix.tightness, self.known[infix.name], 2, place))
        return True

    def whole_exponent(self, top: _Open, place: int) -> bool:
        """Reads `3` or `-3` after `**`, if that is the whole exponent."""
        tokens = self.tokens
        signed = tokens.peek() == "-"
        extends = self.argument(signed + 1) or tokens.kind_ahead(signed + 1) == "part"
        if extends or tokens.peek(signed + 1) in ("**", ":") or not tokens.peek(signed).isdigit():
            return False
        n = int(tokens.peek(signed)) * (-1 if signed else 1)
        tokens.at += signed + 1
        base = top.operands.pop()
        top.chain = [Prim(self.known["ipow"], (base,), (("n", n),), self.where(place))]
        return True

    def reduce(self, top: _Open, tightness: int) -> None:
        """Applies the waiting operators that bind at least as tightly."""
        while top.operators and top.operators[-1].tightness >= tightness:
            operator = top.operators.pop()
            args = tuple(top.operands[-operator.operands :])
            del top.operands[-operator.operands :]
            top.operands.append(Prim(operator.op, args, (), self.where(operator.place)))

    def applied(self, chain: list[Term | _Head]) -> Term:
        """A function with its arguments, one after the other."""
        head, args = chain[0], [self.settled(part) for part in chain[1:]]
        term, rest = self.operation(head, args) if isinstance(head, _Head) else (head, args)
        for arg in rest:
            term = App(term, arg, term.where)
        return term

    def settled(self, part: Term | _Head) -> Term:
        """An operation that is itself an argument."""
        return self.operation(part, [])[0] if isinstance(part, _Head) else part

    def operation(self, head: _Head, args: list[Term]) -> tuple[Term, list[Term]]:
        """The operation with its arguments, and those left over; none given: as a function."""
        where = self.where(head.place)
        if isinstance(head.op, tuple):
            params = (("index", head.op[0]), ("sum", head.op[1]))
            bound: tuple[Term, ...] = (*args[:1],) or (Var("x", where),)
            made: Term = Control("inj", bound, params, where)
            return (made, args[1:]) if args else (Lam("x", None, made, where), [])
        takes = arity(head.op)
        count = len(args) if takes is None else takes
        if not args and count:
            names = "xyz"[:count] if count < 4 else [f"x{i}" for i in range(count)]
            made = Prim(head.op, tuple(Var(n, where) for n in names), head.params, where)
            for name in reversed(names):
                made = Lam(name, None, made, where)
            return made, []
        if len(args) < max(count, takes is None):
            self.tokens.at = head.place
            asked = "arguments" if takes is None else counted(count, "argument")
            raise self.tokens.error(f"expected {asked} of an operation, got {len(args)}")
        return Prim(head.op, tuple(args[:count]), head.params, where), args[count:]

    # What closes

    def complete(self, top: _Open) -> None:
        """The expression ends here: the construct it is in goes on, or is complete as well."""
        tokens = self.tokens
        top.operands.append(self.applied(top.chain))
        top.chain = []
        self.reduce(top, 0)
        top.terms.append(top.operands.pop())
        match top.kind:
            case "text" if not tokens.peek():
                return
            case "group" if tokens.took(","):
                top.names.append(("", None))
            case "group" if tokens.peek() == ")":
                self.close_group(top)
            case "lambda" | "else" | "in":
                self.close(self.closed(top))
            case "let" if tokens.took(";"):
                self.bind(top)
            case "let" if tokens.took("in"):
                top.kind = "in"
            case "if" if tokens.took("then"):
                top.kind = "then"
            case "then" if tokens.took("else"):
                top.kind = "else"
            case "case" if tokens.took("of"):
                top.kind = "of"
                self.pattern(top)
            case "of" if tokens.took("|"):
                self.pattern(top)
            case "of" if len(top.terms) > 2:
                self.close(self.closed(top))
            case _:
                raise tokens.error(f"expected {EXPECTED[top.kind]}")

    def closed(self, top: _Open) -> Term:
        where, terms = self.where(top.place), top.terms
        names = tuple([name for name, _ in top.names])
        if top.kind == "in":
            return Let(names, tuple(terms[:-1]), terms[-1], where)
        if top.kind == "else":
            return Control("if", tuple(terms), (), where)
        if top.kind == "of":
            pairs = zip(top.names, terms[1:], strict=True)
            branches = [Lam(name, space, body, where) for (name, space), body in pairs]
            return Control("case", (terms[0], *branches), (), where)
        body = terms[0]
        for name, space in reversed(top.names):
            body = Lam(name, space, body, where)
        return body

    def close_group(self, top: _Open) -> None:
        """A closing bracket: a term in brackets, or a tuple."""
        place = self.tokens.at
        self.tokens.take(")")
        named = bool(top.names) and top.names[0][0] != ""
        if len(top.terms) == 1 and len(top.names) == named:
            if named:
                self.shared[top.names[0][0]] = top.terms[0]
            self.close(top.terms[0])
        else:
            self.close(Tuple(tuple(top.terms), self.where(place)))

    def close(self, term: Term) -> None:
        self.stack.pop()
        self.stack[-1].chain.append(term)


_OPENERS: dict[str, Any] = {
    "(": _Parser.open_group,
    "\\": _Parser.open_lambda,
    "let": _Parser.open_let,
    "if": _Parser.open_if,
    "case": _Parser.open_case,
}
