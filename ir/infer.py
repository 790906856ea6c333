"""The space of a term: unknown spaces are unified, operations wait until their arguments are known.

Lets are monomorphic: a function has one space, wherever it is used, and so has an object that a
term holds in several places. What stays unknown is R. An operation that acts entry by entry takes
arguments of one shape, or numbers beside arrays: `agreed` says what each argument is brought to,
and `cats.pointfree` does it. (Damas and Milner 1982, without generalisation.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, assert_never

from cats.ir.arity import counted
from cats.ir.errors import TermError
from cats.ir.lam import App, Const, Control, Lam, Let, Prim, Proj, Run, Term, Tuple, Var
from cats.ir.operations import Pending, Stacking, solve, usual
from cats.ir.prims import BY_NAME
from cats.ir.scope import Scope, shared_terms
from cats.ir.sentences import INTEGERS, ends, misses, no_function, quoted, shown
from cats.ir.spaces import ANY, BOOL, INT, R, Space
from cats.ir.trampoline import Asking, answer
from cats.ir.unify import Cell, Equations, cell_of, form_of, function, product, space_in, text


def infer(term: Term, env: Mapping[str, Space] | None = None, args: Sequence[Space] = ()) -> Space:
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

    >>> from cats.ir.spaces import R
    >>> check(Var("x"), R, {"x": BOOL})
    Traceback (most recent call last):
        ...
    cats.ir.errors.TermError: `x` is in Bool, and was to be in R
    """
    inference = _Inference(term, env or {})
    found = inference.whole(term, ())
    inference.equal(found, cell_of(space), term, lambda a, b: misses(term, a, b))
    inference.settle()


class _Inference:
    """The equations between the spaces of a term's parts, collected in one walk."""

    def __init__(self, term: Term, env: Mapping[str, Space]) -> None:
        cells = {name: cell_of(space) for name, space in env.items()}
        self.scope: Scope[Cell] = Scope(cells, shared=shared_terms(term))
        self.equations = Equations()
        self.pending: list[Pending | Stacking] = []
        self.beside: deque[Pending | Stacking] = deque()

    def whole(self, term: Term, args: Sequence[Space]) -> Cell:
        """The cell of the term, applied to arguments of the given spaces."""
        found: Cell = answer(term, self.begin)
        for count, space in enumerate(args):
            form = form_of(found)
            if form is not None and not (isinstance(form, tuple) and form[0] == "->"):
                takes = counted(count, "argument")
                raise TermError(f"{shown(term)} takes {takes}, got {len(args)}", where=term.where)
            cod = Cell()
            self.applies(found, cell_of(space), cod, term, term, None)
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
            case Prim() | Run():
                return self.operation(term)
            case Control("if"):
                return self.choice(term)
            case Control("inj"):
                return self.injection(term)
            case Control("scan"):
                return self.scan(term)
            case Control("while"):
                return self.repeat(term)
            case Control():
                return self.case(term)
            case _:
                assert_never(term)

    def variable(self, term: Var) -> Cell:
        if term.name not in self.scope:
            names = [*self.scope.names(), *sorted(BY_NAME)]
            close = [f"`{name}`" for name in get_close_matches(term.name, names, 2)]
            hint = f": did you mean {' or '.join(close)}?" if close else ""
            raise TermError(
                f"there is no variable `{term.name}` here{hint}",
                where=term.where,
                remedy="Bind it, or, if it is an operation of your own, give it by its name: "
                f"parse(text, primitives={{{term.name!r}: op}}).",
            )
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
        self.applies(fun, arg, cod, term, term.fun, term.arg)
        return self.scope.learn(term, cod)

    def applies(
        self, fun: Cell, arg: Cell, cod: Cell, term: Term, whole: Term, given: Term | None
    ) -> None:
        """fun : arg -> cod, or a sentence about which of the two is wrong."""
        form = form_of(fun)
        if form is None:
            self.equal(fun, function(arg, cod), term, lambda a, b: misses(whole, a, b))
        elif not isinstance(form, tuple) or form[0] != "->":
            no_function(whole, text(fun), given)
        else:
            self.equal(
                form[1][0],
                arg,
                term,
                lambda a, b: f"{shown(whole)} takes {a}, and {quoted(given)} is in {b}",
            )
            self.equal(cod, form[1][1], term, lambda a, b: misses(term, b, a))

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

    def operation(self, term: Prim | Run) -> Asking[Cell]:
        args: list[Cell] = []
        for arg in term.args:
            args.append((yield arg))
        out = Cell()
        self.wait(Pending(term, tuple(args), out))
        return self.scope.learn(term, out)

    def choice(self, term: Control) -> Asking[Cell]:
        condition, then, other = term.parts
        found = yield condition
        self.equal(
            found,
            Cell(BOOL),
            term,
            lambda a, b: f"the condition {shown(condition)} is in {a}, not in {b}",
        )
        left = yield then
        right = yield other
        self.equal(left, right, term, lambda a, b: ends(term, a, b))
        return self.scope.learn(term, left)

    def injection(self, term: Control) -> Asking[Cell]:
        index, end = term.injection
        found = yield term.parts[0]
        self.equal(
            cell_of(end.parts[index]),
            found,
            term,
            lambda a, b: f"{shown(term)} injects {a}, and {shown(term.parts[0])} is in {b}",
        )
        return self.scope.learn(term, cell_of(end))

    def case(self, term: Control) -> Asking[Cell]:
        scrutinee, *branches = term.parts
        found = yield scrutinee
        doms = tuple([Cell() for _ in branches])
        self.equal(
            found,
            Cell(("+", doms)),
            term,
            lambda a, b: f"{shown(scrutinee)} is in {a}, not in a sum of {len(doms)} spaces",
        )
        end = Cell()
        for dom, branch in zip(doms, branches, strict=True):
            arrow = form_of((yield branch))
            if isinstance(arrow, tuple):
                takes, gives = arrow[1]
                self.equal(takes, dom, branch, lambda a, b: f"a branch takes {a}, and gets {b}")
                self.equal(end, gives, term, lambda a, b: ends(term, a, b))
        return self.scope.learn(term, end)

    def scan(self, term: Control) -> Asking[Cell]:
        body, first, stacks, *count = term.parts
        carry = yield first
        row, left, piles = Cell(), Cell(), Cell()
        length = dict(term.params)["length"]
        self.wait(Stacking(term, row, (yield stacks), ANY if length is None else length))
        for part in count:
            self.equal((yield part), Cell(INT), term, lambda a, b: f"a count is in {a}, not in {b}")
        self.round(term, (yield body), function(carry, function(row, product([carry, left]))))
        self.wait(Stacking(term, left, piles, ANY if length is None else length))
        return self.scope.learn(term, product([carry, piles]))

    def repeat(self, term: Control) -> Asking[Cell]:
        test, body, first = term.parts
        carry = yield first
        left, piles = Cell(), Cell()
        self.round(term, (yield test), function(carry, Cell(BOOL)))
        self.round(term, (yield body), function(carry, product([carry, left])))
        self.wait(Stacking(term, left, piles, ANY))
        return self.scope.learn(term, product([Cell(INT), carry, piles]))

    def round(self, term: Control, found: Cell, asked: Cell) -> None:
        """What a round takes and gives; carries stay in their space."""
        self.equal(found, asked, term, lambda a, b: f"a round of {shown(term)} is in {a}, not {b}")

    # Equations

    def equal(
        self, left: Cell, right: Cell, term: Term, explain: Callable[[str, str], str]
    ) -> None:
        """Makes two spaces equal. Raises TermError with the explanation if they cannot be."""
        if not self.equations.unify(left, right, term):
            pair = text(left), text(right)
            remedy = INTEGERS if sorted(pair) == ["Int", "R"] else None
            raise TermError(explain(*pair), where=term.where, remedy=remedy)
        self.wake()

    def wait(self, pending: Pending | Stacking) -> None:
        """Solves the constraint, now or when what it waits for is known."""
        self.pending.append(pending)
        if not self.solved(pending):
            for cell in pending.unknown():
                cell.waiting.append(pending)

    def wake(self) -> None:
        """Solves what waited for spaces that are known now; the rest may know a neighbour."""
        while self.equations.woken:
            pending = self.equations.woken.pop()
            if not self.solved(pending):
                self.beside.append(pending)

    def solved(self, pending: Pending | Stacking) -> bool:
        """Solves the constraint if its arguments are known."""
        if not pending.done and not pending.unknown():
            pending.done = True
            if isinstance(pending, Stacking):
                self.stacked(pending)
                return True
            found = solve(pending, shown)
            if not self.equations.unify(pending.out, found, pending.term):
                said = misses(pending.term, text(found), text(pending.out))
                raise TermError(said, where=pending.term.where)
        return pending.done

    def stacked(self, pending: Stacking) -> None:
        """The stack from the row or the row from the stack, part by part."""
        row, stack, parts = pending.other(shown)
        for left, right in ((pending.row, row), (pending.stack, stack)):
            self.equal(
                left, right, pending.term, lambda a, b: f"rows in {b} are asked for, not in {a}"
            )
        for part in parts:
            self.wait(part)

    # What is left

    def settle(self) -> None:
        """Decides what is still open: entry by entry from what stands beside, and R."""
        self.finite()
        self.wake()
        left = [p for p in self.pending if not p.done]
        self.beside.extend(left)
        for first in left:
            while self.beside:
                self.guess(self.beside.popleft())
            self.guess(first, whatever=True)
        self.finite()

    def guess(self, pending: Pending | Stacking, whatever: bool = False) -> None:
        """Gives unknown arguments the usual space, if an argument or the result says which."""
        if isinstance(pending, Stacking):
            if whatever and not pending.done:
                self.equations.unify(pending.row, Cell(R), pending.term)
                self.wake()
        elif not pending.done:
            for cell, space in usual(pending, whatever):
                if form_of(cell) is None:
                    self.equations.unify(cell, Cell(space), pending.term)
            self.wake()

    def finite(self) -> None:
        """Raises TermError if a space would contain itself."""
        term = self.equations.endless()
        if term is not None:
            raise TermError(
                f"{shown(term)}: its space would contain itself",
                where=term.where,
                remedy="A function cannot be applied to itself; say it without self-application.",
            )
