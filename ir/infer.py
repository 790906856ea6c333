"""The space of a term: unknown spaces are unified, operations wait until their arguments are known.

Lets are monomorphic: a function has one space, wherever it is used, and so has an object that a
term holds in several places. What stays unknown is R. An operation that acts entry by entry takes
arguments of one shape, or numbers beside arrays: `agreed` says what each argument is brought to,
and `cats.pointfree` does it. (Damas and Milner 1982, without generalisation.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn, assert_never

from cats.ir.arity import counted
from cats.ir.errors import TermError
from cats.ir.lam import App, Const, Control, Lam, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.operations import Pending, agreed, solve, usual
from cats.ir.scope import Scope, shared_terms
from cats.ir.spaces import BOOL, R, Real, Space
from cats.ir.trampoline import Asking, answer
from cats.ir.unify import Cell, Equations, cell_of, form_of, function, product, space_in, text
from cats.ir.words import OPERATIONS

__all__ = ["infer", "check", "agreed"]

SHOWN = 60
"""Longer terms are cut in messages."""


def infer(
    term: Term, env: Mapping[str, Space] | None = None, args: Sequence[Space] = ()
) -> Space:
    r"""The space of a term whose free variables lie in the spaces of env.

    args   the spaces of arguments: then it is the space of the term applied to them
    Raises TermError, naming the part of the term that is wrong.

    >>> from cats.ir.lam import App
    >>> twice = Lam("f", None, Lam("x", None, App(Var("f"), App(Var("f"), Var("x")))))
    >>> print(infer(twice))
    (R -> R) -> R -> R
    """
    inference = _Inference(term, env or {})
    found = inference.whole(term, args)
    inference.settle()
    return space_in(found)


def check(term: Term, space: Space, env: Mapping[str, Space] | None = None) -> None:
    """Raises TermError if the term does not lie in the space.

    >>> check(Lam("x", None, Var("x")), cell_space := infer(Lam("x", None, Var("x"))))
    """
    inference = _Inference(term, env or {})
    found = inference.whole(term, ())
    inference.equal(
        found, cell_of(space), term, "{term} is in {left}, and was to be in {right}"
    )
    inference.settle()


class _Inference:
    """The equations between the spaces of a term's parts, collected in one walk."""

    def __init__(self, term: Term, env: Mapping[str, Space]) -> None:
        cells = {name: cell_of(space) for name, space in env.items()}
        self.scope: Scope[Cell] = Scope(cells, shared=shared_terms(term))
        self.equations = Equations()
        self.pending: list[Pending] = []

    def whole(self, term: Term, args: Sequence[Space]) -> Cell:
        """The cell of the term, applied to arguments of the given spaces."""
        found: Cell = answer(term, self.begin)
        for space in args:
            cod = Cell()
            self.applies(found, cell_of(space), cod, term, "an argument")
            found = cod
        return found

    # One term

    def begin(self, term: Term) -> Any:
        """The cell of the term, or a walk that gives it."""
        match term:
            case Var():
                return self.variable(term)
            case Const():
                return Cell(term.value.space)
            case Lam():
                return self.function(term)
        known = self.scope.known(term)
        if known is not None:
            return known
        match term:
            case App():
                return self.application(term)
            case Let():
                return self.let(term)
            case Tuple():
                return self.tuple(term)
            case Proj():
                return self.projection(term)
            case Prim():
                return self.operation(term)
            case Control("if"):
                return self.choice(term)
            case Control("inj"):
                return self.injection(term)
            case Control():
                return self.case(term)
            case _:
                assert_never(term)

    def variable(self, term: Var) -> Cell:
        if term.name not in self.scope:
            names = [*self.scope.names(), *sorted(OPERATIONS)]
            close = [f"`{name}`" for name in get_close_matches(term.name, names, 2)]
            hint = f": did you mean {' or '.join(close)}?" if close else ""
            raise TermError(f"there is no variable `{term.name}` here{hint}", where=term.where)
        return self.scope[term.name]

    def function(self, term: Lam) -> Asking[Cell]:
        dom = Cell() if term.space is None else cell_of(term.space)
        mark = self.scope.mark()
        self.scope.bind(term.param, dom)
        cod = yield term.body
        self.scope.release(mark)
        return function(dom, cod)

    def let(self, term: Let) -> Asking[Cell]:
        mark = self.scope.mark()
        for name, value in zip(term.names, term.values, strict=True):
            self.scope.bind(name, (yield value))
        body = yield term.body
        self.scope.release(mark)
        return self.scope.learn(term, body)

    def application(self, term: App) -> Asking[Cell]:
        fun = yield term.fun
        arg = yield term.arg
        cod = Cell()
        self.applies(fun, arg, cod, term, _shown(term.arg))
        return self.scope.learn(term, cod)

    def applies(self, fun: Cell, arg: Cell, cod: Cell, term: Term, argument: str) -> None:
        """fun : arg -> cod, or a sentence about which of the two is wrong."""
        form, whole = form_of(fun), term.fun if isinstance(term, App) else term
        if form is None:
            self.equal(fun, function(arg, cod), term, "{term} cannot be: {left} and {right}")
            return
        if not isinstance(form, tuple) or form[0] != "->":
            _no_function(whole, text(fun), argument)
        dom, result = form[1]
        message = f"{_shown(whole)} takes {{left}}, and {argument} is in {{right}}"
        self.equal(dom, arg, term, message, _REMEDY)
        self.equal(cod, result, term, "{left} and {right}")

    def tuple(self, term: Tuple) -> Asking[Cell]:
        parts: list[Cell] = []
        for part in term.parts:
            parts.append((yield part))
        return self.scope.learn(term, product(parts))

    def projection(self, term: Proj) -> Asking[Cell]:
        whole = yield term.term
        out = Cell()
        self.wait(Pending(term, (whole,), out))
        return self.scope.learn(term, out)

    def operation(self, term: Prim) -> Asking[Cell]:
        args: list[Cell] = []
        for arg in term.args:
            args.append((yield arg))
        out = Cell()
        self.wait(Pending(term, tuple(args), out))
        return self.scope.learn(term, out)

    def choice(self, term: Control) -> Asking[Cell]:
        condition, then, other = term.parts
        found = yield condition
        message = f"the condition {_shown(condition)} is in {{left}}, not in Bool"
        self.equal(found, Cell(BOOL), term, message, "Compare: a condition is a truth value.")
        left = yield then
        right = yield other
        message = f"the branches of {_shown(term)} end in different spaces: {{left}} and {{right}}"
        self.equal(left, right, term, message, _REMEDY)
        return self.scope.learn(term, left)

    def injection(self, term: Control) -> Asking[Cell]:
        index, end = term.injection
        found = yield term.parts[0]
        message = f"{_shown(term)} injects {{right}}, and {_shown(term.parts[0])} is in {{left}}"
        self.equal(found, cell_of(end.parts[index]), term, message, _REMEDY)
        return self.scope.learn(term, cell_of(end))

    def case(self, term: Control) -> Asking[Cell]:
        scrutinee, *branches = term.parts
        found = yield scrutinee
        doms = tuple([Cell() for _ in branches])
        message = f"{_shown(scrutinee)} is in {{left}}, not in a sum of {len(doms)} spaces"
        self.equal(found, Cell(("+", doms)), term, message)
        cod = Cell()
        for dom, branch in zip(doms, branches, strict=True):
            arrow = yield branch
            message = f"a branch of {_shown(term)} is in {{right}}, and was to be in {{left}}"
            self.equal(function(dom, cod), arrow, term, message, _REMEDY)
        return self.scope.learn(term, cod)

    # Equations

    def equal(self, left: Cell, right: Cell, term: Term, message: str, remedy: str = "") -> None:
        """Makes two spaces equal. Raises TermError with the message if they cannot be."""
        before = None if form_of(left) is None or form_of(right) is None else (left, right)
        if not self.equations.unify(left, right, term):
            pair = before or (left, right)
            said = message.format(term=_shown(term), left=text(pair[0]), right=text(pair[1]))
            raise TermError(said, where=term.where, remedy=remedy or None)
        self.wake()

    def wait(self, pending: Pending) -> None:
        """Solves the constraint, now or when what it waits for is known."""
        self.pending.append(pending)
        if not self.solved(pending):
            for cell in pending.unknown():
                cell.waiting.append(pending)

    def wake(self) -> None:
        woken = deque(self.equations.woken)
        self.equations.woken.clear()
        while woken:
            self.solved(woken.popleft())
            woken.extend(self.equations.woken)
            self.equations.woken.clear()

    def solved(self, pending: Pending) -> bool:
        """Solves the constraint if its arguments are known."""
        if not pending.done and not pending.unknown():
            pending.done = True
            found = solve(pending, _shown)
            message = f"{_shown(pending.term)} is in {{right}}, and was to be in {{left}}"
            if not self.equations.unify(pending.out, found, pending.term):
                said = message.format(left=text(pending.out), right=text(found))
                raise TermError(said, where=pending.term.where)
        return pending.done

    # What is left

    def settle(self) -> None:
        """Decides what is still open: entry by entry from what stands beside, and R."""
        self.finite()
        self.wake()
        beside = deque(p for p in self.pending if not p.done)
        for first in list(beside):
            while beside:
                self.guess(beside.popleft(), beside)
            if not first.done:
                self.guess(first, beside, whatever=True)
        self.finite()

    def guess(self, pending: Pending, beside: deque[Pending], whatever: bool = False) -> None:
        """Gives unknown arguments the usual space, if an argument or the result says which."""
        if pending.done:
            return
        for cell, space in usual(pending, whatever):
            if form_of(cell) is None:
                self.equations.unify(cell, Cell(space), pending.term)
        beside.extend(p for p in self.equations.woken if not p.done)
        self.wake()

    def finite(self) -> None:
        """Raises TermError if a space would contain itself."""
        term = self.equations.endless()
        if term is not None:
            raise TermError(
                f"{_shown(term)}: its space would contain itself",
                where=term.where,
                remedy="A function cannot be applied to itself; say it without self-application.",
            )


_REMEDY = "Numbers without a point are integers: write 2.0 for the real number."


def _shown(term: Term) -> str:
    """The term in messages, cut if it is long."""
    said = " ".join(str(term).split())
    return f"`{said if len(said) <= SHOWN else said[: SHOWN - 3] + '...'}`"


def _no_function(fun: Term, space: str, argument: str) -> NoReturn:
    """Says what is wrong with the application of what is no function."""
    head, given = fun, 1
    while isinstance(head, App):
        head, given = head.fun, given + 1
    if isinstance(head, Prim) and not head.args == ():
        given += len(head.args)
    takes = given - 1
    many = f"{_shown(head)} takes {counted(takes, 'argument')}, got {given}: " if takes else ""
    raise TermError(
        f"{many}{_shown(fun)} is in {space}, which is no function, "
        f"and cannot be applied to {argument}",
        where=fun.where,
    )
