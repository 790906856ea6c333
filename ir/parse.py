r"""Reading lambda terms: `parse(str(term)) == term`.

    \x y. let z = x * y in (cos z, sin z)

A function stands before its argument, `f x`, and operations before or between theirs. From loose
to tight: `\x. ...`, `let`, `if` and `case`; comparisons; `+ -`; `* / // %`; minus sign; `**`;
application; `p.0`. `x ** 3`, with a whole number, is a product of factors; `x ** 3.0` a power.
Constructs that are still open wait in a list: depth of the text is no depth of Python's stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cats.ir.atoms import Atoms, Head
from cats.ir.expression import Expression
from cats.ir.lam import Control, Lam, Let, Proj, Term, Tuple
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME
from cats.ir.spaces import Space
from cats.ir.term_tokens import TermTokens
from cats.ir.words import injection_text


def parse(text: str, primitives: Mapping[str, Primitive] | None = None) -> Term:
    r"""The term that a text writes: the inverse of `str`.

    primitives   the user's own operations by name, besides the vocabulary
    A variable has one space, one that `let` binds too: a function that is used in two is bound
    twice. Raises TermError, with line, column and a caret, for what is no term.

    >>> term = parse(r"\x y. let z = x * y in (cos z, sin z)")
    >>> print(term)
    \x y. let z = x * y in (cos z, sin z)
    >>> parse("(x + )")
    Traceback (most recent call last):
        ...
    cats.ir.errors.TermError: line 1, column 6: expected an expression, found ')'
        (x + )
             ^
    """
    return _Parser(Atoms(TermTokens(text), {**BY_NAME, **(primitives or {})})).term()


@dataclass
class _Open:
    """A construct that is still open, and the expression being read in it.

    kind    text, group, lambda, let, in, if, then, else, case or of
    terms   its parts that are complete
    names   what it binds, with spaces
    alias   the name a text gives to a term in brackets
    commas  how many were met
    """

    kind: str
    place: int
    inside: Expression
    terms: list[Term] = field(default_factory=list)
    names: list[tuple[str, Space | None]] = field(default_factory=list)
    alias: str = ""
    commas: int = 0


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

    def __init__(self, atoms: Atoms) -> None:
        self.atoms = atoms
        self.tokens = atoms.tokens
        self.stack: list[_Open] = []
        self.open("text")

    def open(self, kind: str) -> _Open:
        """A new construct, innermost."""
        self.stack.append(_Open(kind, max(self.tokens.at - 1, 0), Expression(self.atoms)))
        return self.stack[-1]

    def term(self) -> Term:
        """The whole text as a term."""
        while True:
            top = self.stack[-1]
            if not top.inside.chain:
                self.operand(top)
            elif not self.extended(top.inside) and not top.inside.operator():
                self.complete(top)
                if top.kind == "text":
                    return top.terms[0]

    def operand(self, top: _Open) -> None:
        """Reads the beginning of an operand: a complete one, or what opens one."""
        word = self.tokens.peek()
        if word == "-":
            top.inside.minus()
        elif word in _OPENERS:
            self.tokens.at += 1
            _OPENERS[word](self)
        elif word == ")" and top.kind == "group" and top.inside.empty:
            self.close_group(top)
        elif self.atoms.begins():
            top.inside.chain.append(self.atoms.read())
        else:
            raise self.tokens.error("expected an expression")

    def extended(self, inside: Expression) -> bool:
        """Reads one more argument, or a part of the last one, if there is one."""
        tokens, place = self.tokens, self.tokens.at
        word = tokens.peek()
        if tokens.kind() == "part":
            last = inside.chain[-1]
            if isinstance(last, Head):
                raise tokens.error("expected an argument")
            inside.chain[-1] = Proj(tokens.whole(skip=1), last, self.atoms.where(place))
        elif word in ("(", "\\"):
            tokens.at += 1
            _OPENERS[word](self)
        elif self.atoms.begins():
            inside.chain.append(self.atoms.read())
        else:
            return False
        return True

    # What opens

    def open_group(self) -> None:
        top = self.open("group")
        if self.tokens.peek(1) == ":=":
            top.alias = self.tokens.name()
            self.tokens.take(":=")

    def open_lambda(self) -> None:
        top, tokens = self.open("lambda"), self.tokens
        while not tokens.took("."):
            if tokens.kind() == "part":
                raise tokens.error("expected a space after the dot")
            top.names.append(self.binder())
        if not top.names:
            tokens.at -= 1
            raise tokens.error("expected a parameter")

    def binder(self) -> tuple[str, Space | None]:
        name = self.tokens.variable(self.atoms.known)
        return name, self.tokens.space() if self.tokens.took(":") else None

    def bind(self, top: _Open) -> None:
        top.names.append((self.tokens.variable(self.atoms.known), None))
        self.tokens.take("=")

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

    # What closes

    def complete(self, top: _Open) -> None:
        """The expression ends here: the construct it is in goes on, or is complete as well."""
        tokens = self.tokens
        top.terms.append(top.inside.finish())
        match top.kind:
            case "text" if not tokens.peek():
                return
            case "group" if tokens.took(","):
                top.commas += 1
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
        """The term of a construct that is complete."""
        where, terms = self.atoms.where(top.place), top.terms
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
        self.tokens.take(")")
        if len(top.terms) == 1 and not top.commas:
            if top.alias:
                self.atoms.shared[top.alias] = top.terms[0]
            self.close(top.terms[0])
        else:
            self.close(Tuple(tuple(top.terms), self.atoms.where(top.place)))

    def close(self, term: Term) -> None:
        self.stack.pop()
        self.stack[-1].inside.chain.append(term)


def _open_let(parser: _Parser) -> None:
    parser.bind(parser.open("let"))


_OPENERS: dict[str, Callable[[_Parser], object]] = {
    "(": _Parser.open_group,
    "\\": _Parser.open_lambda,
    "let": _open_let,
    "if": lambda parser: parser.open("if"),
    "case": lambda parser: parser.open("case"),
}
