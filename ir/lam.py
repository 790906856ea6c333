"""Lambda terms: what tracing gives and what people write by hand.

`Let` is a telescope: each value may speak of the names before it, so that a program of 100,000
operations is flat. `str(term)` is what one writes on the board and `cats.ir.parse.parse` reads
back; `repr(term)` evaluates to the term where this module, `cats.ir.spaces`, `Constant`, `np`,
`inf`, `nan` and the primitives are at hand. `where` is the place in the user's code; it never
matters for equality.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field
from numbers import Number
from typing import Any

import numpy as np

from cats.ir.arity import counted
from cats.ir.constant import Constant
from cats.ir.errors import SpaceError, TermError, Where
from cats.ir.linear import Params
from cats.ir.node import Node, node, postorder
from cats.ir.operators import Operators
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME
from cats.ir.program import Control as ProgramControl
from cats.ir.program import program_of_word
from cats.ir.show import constant_text, operation_text
from cats.ir.spaces import Space, Sum, Value
from cats.ir.words import (
    ALIAS,
    ARGUMENT,
    ATOM,
    CALL,
    INFIX,
    OPEN,
    OPERATION,
    POWER,
    SIGN,
    in_short,
    injection_text,
    name_text,
)
from cats.ir.writing import Layout, Part, Piece, between, written

Naming = Callable[[str], str]
"""How a variable's name is written."""


class Recorder:
    """Writes an operation on terms down as a term, so that `sin(x)` of a term is a term."""

    stamp = -1

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params) -> Prim:
        """`op` applied to terms and to numbers, which become constants."""
        return Prim(op, tuple(map(lifted, args)), params)


class TermNode(Node, Operators):
    """A lambda term. Primitives may be called on it, and it on terms."""

    recorder = Recorder()

    def __call__(self, *args: Value) -> Term:
        """The term applied to arguments, one after the other."""
        return call(self, *args)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        """Raises TermError: what is true of a term is known only when it is run."""
        raise TermError(
            f"{in_short(str(self))} is a term: whether it is true is not known before it is run",
            remedy="Choose with if_(condition, then, other), which makes a term of both branches.",
        )

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same term. Raises TermError for a number or an array."""
        if isinstance(other, int | float | np.ndarray | np.generic):
            raise TermError(
                f"{in_short(str(self))} is a term: whether it is equal to {other!r} is not known "
                "before it is run",
                remedy="Write equal(term, number), from cats.ir.prims.choice, which is a term.",
            )
        return super().__eq__(other)

    __hash__ = Node.__hash__

    def board(self, name: Naming) -> Layout:
        """How the term is written, its variables by `name`."""
        raise NotImplementedError

    def layout(self) -> Layout:
        """How the term is written."""
        return self.board(lambda name: name_text(name, BY_NAME))

    def __str__(self) -> str:
        used = BY_NAME.keys() | {n.op.name for n in postorder(self) if isinstance(n, Prim)}
        text = _written(self, lambda name: name_text(name, used))
        if "(s0 := " not in text:
            return text
        return _written(self, lambda name: name_text(name, used, ALIAS))


def _written(term: TermNode, name: Naming) -> str:
    return written(term, lambda part: part.board(name))


@node
class Var(TermNode):
    """x: what the nearest binder of that name gives it."""

    name: str
    where: Where | None = field(default=None, compare=False)

    def board(self, name: Naming) -> Layout:
        return Layout(ATOM, [name(self.name)])


@node
class Const(TermNode):
    """A number, a truth value or an array. Raises SpaceError for what lies in no space."""

    value: Constant
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        array = self.value.array
        strange = (
            [e for e in array.flat if not isinstance(e, Number)] if array.dtype == object else []
        )
        if strange:
            raise SpaceError(f"{strange[0]!r} is no number, so it is in no space of cats")
        _ = self.value.space

    @property
    def bare(self) -> bool:
        r"""Whether it is a number of usual width: it takes the width of what it meets.

        >>> Const(Constant(2)).bare, Const(Constant(True)).bare
        (True, False)
        """
        array = self.value.array
        return array.ndim == 0 and array.dtype in (np.float64, np.int64)

    def board(self, name: Naming) -> Layout:
        array, text = self.value.array, constant_text(self.value)
        if array.ndim == 0 and (array.dtype == object or not array.dtype.isnative):
            return Layout(ARGUMENT, [f"#[{text}]"])
        return Layout(SIGN if text.startswith("-") else ARGUMENT, [text])


@node
class Lam(TermNode):
    r"""\x: A. body; without a space the parameter's is inferred."""

    param: str
    space: Space | None
    body: Term
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.space is not None and not isinstance(self.space, Space):
            raise TermError(
                f"{self.space!r} is no space that {self.param} may be in",
                remedy="Give a space of cats.ir.spaces, or read one with read_space.",
            )

    def board(self, name: Naming) -> Layout:
        params, body = [self], self.body
        while isinstance(body, Lam):
            params.append(body)
            body = body.body
        header = " ".join([_binder(lam, name) for lam in params])
        return Layout(OPEN, [f"\\{header}. ", Part(body)])


@node
class App(TermNode):
    """f x."""

    fun: Term
    arg: Term
    where: Where | None = field(default=None, compare=False)

    def board(self, name: Naming) -> Layout:
        return Layout(CALL, [Part(self.fun, CALL), " ", Part(self.arg, ARGUMENT)])


@node
class Let(TermNode):
    """let a = s; b = t in body: each value is computed once, and speaks of the names before it."""

    names: tuple[str, ...]
    values: tuple[Term, ...]
    body: Term
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.names or len(self.names) != len(self.values):
            raise TermError(f"let binds {len(self.names)} names to {len(self.values)} values")

    def board(self, name: Naming) -> Layout:
        few = len(self.names) < 4
        pieces: list[Piece] = ["let " if few else "let\n  "]
        for bound, value in zip(self.names, self.values, strict=True):
            if len(pieces) > 1:
                pieces.append("; " if few else ";\n  ")
            pieces += [f"{name(bound)} = ", Part(value)]
        return Layout(OPEN, [*pieces, " in " if few else "\nin ", Part(self.body)])


@node
class Tuple(TermNode):
    """(s, t, ...); () is the unit."""

    parts: tuple[Term, ...]
    where: Where | None = field(default=None, compare=False)

    def board(self, name: Naming) -> Layout:
        closing = ",)" if len(self.parts) == 1 else ")"
        return Layout(ATOM, ["(", *between(", ", self.parts), closing])


@node
class Proj(TermNode):
    """t.i: the part at index i of a tuple, counted from 0."""

    index: int
    term: Term
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if type(self.index) is not int or self.index < 0:
            raise TermError(f"the parts of a tuple are counted from 0, there is no {self.index!r}")

    def board(self, name: Naming) -> Layout:
        return Layout(ATOM, [Part(self.term, ATOM), f".{self.index}"])


@node
class Prim(TermNode):
    """An operation on arrays. Raises TermError for a wrong number of arguments."""

    op: Primitive
    args: tuple[Term, ...]
    params: Params = ()
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        wrong = self.op.takes.miscounted(self.op.name, len(self.args))
        if wrong is not None:
            raise TermError(wrong, where=self.where)

    def board(self, name: Naming) -> Layout:
        infix = None if self.params else INFIX.get(self.op.name)
        if infix is not None and len(self.args) == 2:
            left, right = self.args
            exponent = _whole(right) if infix.tightness == POWER else False
            last = ["(", Part(right), ")"] if exponent else [Part(right, infix.right)]
            pieces: list[Piece] = [Part(left, infix.left), f" {infix.symbol} ", *last]
            return Layout(infix.tightness, pieces)
        if self.op.name == "neg" and len(self.args) == 1 and not self.params:
            (arg,) = self.args
            return Layout(
                SIGN, ["-(", Part(arg), ")"] if _unsigned(arg) else ["-", Part(arg, SIGN)]
            )
        if self.op.name == "ipow" and [(k, type(v)) for k, v in self.params] == [("n", int)]:
            return Layout(POWER, [Part(self.args[0], OPERATION), f" ** {self.params[0][1]}"])
        head: list[Piece] = [operation_text(self.op.name, self.params)]
        for arg in self.args:
            head += [" ", Part(arg, ARGUMENT)]
        return Layout(OPERATION if self.args else ARGUMENT, head)


@node
class Control(TermNode):
    r"""A control word.

    if      condition, then, else
    inj     value
    case    sum, \x. s, \y. t
    scan    \c x. (c, y), the first c, stacks of x, and how often if no length is given: (c, ys)
    while   \c. test, \c. (c, y), the first c: (how often, c, ys)

    A scan goes through the rows of all arrays in its third part. Raises TermError if the parts are
    not those of the word.
    """

    word: str
    parts: tuple[Term, ...]
    params: Params = ()
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        fits = {
            "if": len(self.parts) == 3 and not self.params,
            "inj": len(self.parts) == 1 and _injects(dict(self.params)),
            "case": len(self.parts) > 2
            and not self.params
            and all(isinstance(part, Lam) for part in self.parts[1:]),
            "scan": _scans(dict(self.params), len(self.parts)),
            "while": len(self.parts) == 3 and not self.params,
        }
        if not fits.get(self.word, False):
            raise TermError(
                f"'{self.word}' with {counted(len(self.parts), 'part')} and parameters "
                f"{self.params} is no control word",
                where=self.where,
                remedy="Use if_, inj, case_, scan_ or while_, which put the parts together.",
            )

    @property
    def injection(self) -> tuple[int, Sum]:
        """Of an injection: which summand, of which sum."""
        params = dict(self.params)
        return params["index"], params["sum"]

    def board(self, name: Naming) -> Layout:
        if self.word == "if":
            condition, then, other = map(Part, self.parts)
            return Layout(OPEN, ["if ", condition, " then ", then, " else ", other])
        if self.word == "inj":
            index, end = self.injection
            tag = injection_text(index, len(end.parts)).removesuffix("]")
            opening = "[" if tag in ("inl", "inr") else ", "
            return Layout(OPERATION, [f"{tag}{opening}{end}] ", Part(self.parts[0], ARGUMENT)])
        if self.word in ("scan", "while"):
            called: list[Piece] = [operation_text(self.word, self.params)]
            for part in self.parts:
                called += [" ", Part(part, ARGUMENT)]
            return Layout(OPERATION, called)
        branches = self.parts[1:]
        pieces: list[Piece] = ["case ", Part(self.parts[0]), " of "]
        for index, branch in enumerate(branches):
            if isinstance(branch, Lam):
                binder = _binder(branch, name)
                binder = binder if branch.space is None else f"({binder})"
                tag = injection_text(index, len(branches))
                last = index == len(branches) - 1
                pieces += [" | " if index else "", f"{tag} {binder} -> "]
                pieces.append(Part(branch.body, OPEN if last else OPEN + 1))
        return Layout(OPEN, pieces)


@node
class Run(TermNode):
    """A finished control word on its arguments: the tuple of its results."""

    word: ProgramControl
    args: tuple[Term, ...]
    where: Where | None = field(default=None, compare=False)

    def board(self, name: Naming) -> Layout:
        head: list[Piece] = [f"run[{json.dumps(str(program_of_word(self.word)))}]"]
        for arg in self.args:
            head += [" ", Part(arg, ARGUMENT)]
        return Layout(OPERATION if self.args else ARGUMENT, head)


Term = Var | Const | Lam | App | Let | Tuple | Proj | Prim | Control | Run


def _binder(lam: Lam, name: Naming) -> str:
    return name(lam.param) if lam.space is None else f"{name(lam.param)}: {lam.space}"


def _injects(params: dict[str, Any]) -> bool:
    index, end = params.get("index"), params.get("sum")
    if not isinstance(end, Sum) or not isinstance(index, int) or len(params) != 2:
        return False
    return len(end.parts) > 1 and 0 <= index < len(end.parts)


def _scans(params: dict[str, Any], parts: int) -> bool:
    """Whether these are the parameters of a scan, and as many parts as they ask for."""
    length, reverse = params.get("length"), params.get("reverse")
    known = type(length) is int and length >= 0
    fits = params.keys() == {"length", "reverse"} and type(reverse) is bool
    return fits and (known or length is None) and parts == (3 if known else 4)


def _unsigned(term: Term) -> bool:
    """Whether a minus before the number as it is written would be read as part of it."""
    return (
        isinstance(term, Const)
        and term.value.array.ndim == 0
        and term.value.array.dtype.kind in "fiu"
        and not constant_text(term.value).startswith("-")
    )


def _whole(term: Term) -> bool:
    """Whether the number is written as a whole one, which as an exponent means `ipow`."""
    return (
        isinstance(term, Const)
        and term.value.array.ndim == 0
        and term.value.array.dtype.kind in "iu"
    )


def lifted(value: Value) -> Term:
    """A term as it stands; anything else as a constant. Raises TermError for a traced value.

    >>> print(lifted(2.5), lifted(Var("x")))
    2.5 x
    """
    if isinstance(value, TermNode):
        return value  # type: ignore[return-value]
    if hasattr(value, "recorder"):
        raise TermError(
            "a term is applied to a value that is traced, which has no place in a term",
            remedy="Write cats.compile(term)(x) in place of term(x).",
        )
    return Const(Constant(value))


def call(fun: Term, *args: Value) -> Term:
    """The function applied to arguments, one after the other.

    >>> print(call(Var("f"), Var("x"), 2.0))
    f x 2.0
    """
    for arg in args:
        fun = App(fun, lifted(arg))
    return fun
