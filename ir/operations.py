"""What an operation makes of the spaces of its arguments, and what it takes for granted.

An operation that acts entry by entry takes arguments of one space. Two things are put right:
a number beside an array is repeated, and a constant number takes the width of the real numbers
beside it (NumPy's rule for Python numbers). Everything else is said: `broadcast`, `convert`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cats.ir.arity import counted
from cats.ir.errors import CatsError, SpaceError, TermError
from cats.ir.lam import Const, Control, Prim, Proj, Run, Term
from cats.ir.program import program_of_word
from cats.ir.results import result_space
from cats.ir.spaces import Discrete, Ground, R, Real, row_of, with_rows
from cats.ir.unify import Cell, cell_of, find, form_of, product, text

Shown = Callable[[Term], str]
"""How a term is written in a message."""


@dataclass(eq=False)
class Pending:
    """out = term(args), to be solved when the spaces of the arguments are known."""

    term: Prim | Proj | Run
    args: tuple[Cell, ...]
    out: Cell
    done: bool = False

    def unknown(self) -> list[Cell]:
        """The arguments whose space is not known."""
        return [find(arg) for arg in self.args if form_of(arg) is None]


@dataclass(eq=False)
class Stacking:
    """stack = so many rows, part by part; to be solved when one of the two is known."""

    term: Control
    row: Cell
    stack: Cell
    count: int
    done: bool = False

    def unknown(self) -> list[Cell]:
        """Row and stack, if neither is known."""
        found = [find(self.row), find(self.stack)]
        return [] if any(cell.form is not None for cell in found) else found

    def other(self, shown: Shown) -> tuple[Cell, Cell, list[Stacking]]:
        """Row and stack as far as one tells the other, and what that asks of their parts.

        Raises TermError for what has no rows.
        """
        below = form_of(self.row) is not None
        form = form_of(self.row if below else self.stack)
        if isinstance(form, Ground):
            if below:
                return self.row, Cell(with_rows(form, self.count)), []
            if form.shape[:1] == (self.count,):
                return Cell(row_of(form)), self.stack, []
        elif form is not None and form[0] == "*":
            rows, stacks = ([Cell() for _ in form[1]] for _ in range(2))
            pairs = zip(rows, stacks, strict=True)
            parts = [Stacking(self.term, row, stack, self.count) for row, stack in pairs]
            return product(rows), product(stacks), parts
        rows_asked = "rows" if self.count < 0 else counted(self.count, "row")
        raise TermError(
            f"{shown(self.term)} goes through {rows_asked} of arrays, "
            f"and {text(self.row if below else self.stack)} "
            f"{'cannot be stacked' if below else 'has no such rows'}",
            where=self.term.where,
        )


def agreed(spaces: Sequence[Ground], bare: Sequence[bool]) -> list[Ground]:
    """What the arguments of an operation entry by entry are brought to; `bare` are the constants.

    >>> print(*agreed([Real((3,), "float32"), R], [False, True]))
    R32[3] R32[3]
    """
    pairs = list(zip(spaces, bare, strict=True))
    real = [s for s, b in pairs if isinstance(s, Real) and not b]
    real = real or [s for s in spaces if isinstance(s, Real)]
    found = [Real((), real[0].dtype) if b and real else s for s, b in pairs]
    if any(isinstance(s, Discrete) and not b for s, b in pairs) and not any(
        isinstance(s, Real) and not b for s, b in pairs
    ):
        found = list(spaces)
    shape = next((s.shape for s in found if s.shape), ())
    return [replace(s, shape=s.shape or shape) for s in found]


def is_bare(term: Term) -> bool:
    """Whether an argument is a constant number, which takes the width of what it meets."""
    return isinstance(term, Const) and term.bare


def solve(pending: Pending, shown: Shown) -> Cell:
    """The space of the result. Raises TermError, quoting the term, if there is none."""
    term = pending.term
    if isinstance(term, Proj):
        return _part(term, pending.args[0], shown)
    spaces: list[Ground] = []
    for arg, cell in zip(term.args, pending.args, strict=True):
        form = form_of(cell)
        if not isinstance(form, Ground):
            raise TermError(
                f"{shown(term)}: {shown(arg)} is in {text(cell)}, and {_name(term)} works on "
                "numbers and arrays",
                where=term.where,
            )
        spaces.append(form)
    if isinstance(term, Run):
        return _ran(term, spaces, shown)
    if term.op.elementwise and spaces.count(spaces[0]) != len(spaces):
        spaces = agreed(spaces, [is_bare(arg) for arg in term.args])
    return _result(term, spaces, shown)


def _part(term: Proj, whole: Cell, shown: Shown) -> Cell:
    form = form_of(whole)
    if not isinstance(form, tuple) or form[0] != "*":
        raise TermError(
            f"{shown(term)}: {shown(term.term)} is in {text(whole)}, which is no tuple",
            where=term.where,
        )
    if term.index >= len(form[1]):
        raise TermError(
            f"{shown(term)}: {shown(term.term)} is in {text(whole)} and has "
            f"{counted(len(form[1]), 'part')}, counted from 0",
            where=term.where,
        )
    return form[1][term.index]


def _name(term: Prim | Run) -> str:
    return term.op.name if isinstance(term, Prim) else term.word.name


def _ran(term: Run, spaces: Sequence[Ground], shown: Shown) -> Cell:
    try:
        return product(map(cell_of, term.word.space(*spaces)))
    except SpaceError as error:
        raise TermError(f"{shown(term)}: {error.message}", where=term.where) from None


def _result(term: Prim, spaces: Sequence[Ground], shown: Shown) -> Cell:
    try:
        found = result_space(term.op, spaces, dict(term.params))
    except CatsError as error:
        raise TermError(
            f"{shown(term)}: {error.message}",
            where=term.where,
            remedy=error.remedy or _remedy(term, spaces),
        ) from None
    if isinstance(found, tuple):
        return product(map(cell_of, found))
    return cell_of(found)


def _remedy(term: Prim, spaces: Sequence[Ground]) -> str | None:
    if len({s.shape for s in spaces}) > 1 and term.op.elementwise:
        return "Bring arrays to one shape with broadcast; only numbers are repeated by themselves."
    kinds = {type(s) for s in spaces}
    if term.op.elementwise and len(kinds) > 1:
        return "Write convert[dtype='float64'] n for the integer n as a real number."
    return None


def usual(pending: Pending, whatever: bool) -> Iterator[tuple[Cell, Ground]]:
    """Spaces for arguments still unknown, taken from those beside them, or the result's, or R.

    whatever   R even if nothing is known, and for operations that do not act entry by entry
    """
    term = pending.term
    if isinstance(term, Proj):
        if whatever:
            raise TermError(
                f"`{term}`: nothing says how many parts `{term.term}` has",
                where=term.where,
                remedy=f"Say its space where it is bound, as in `\\{term.term}: R * R. ...`.",
            )
        return
    if isinstance(term, Run):
        takes = program_of_word(term.word).inputs if whatever else ()
        yield from zip(pending.args, takes, strict=False)
        return
    forms = [form_of(cell) for cell in (*pending.args, pending.out)]
    grounds = [form for form in forms if isinstance(form, Ground)]
    if not whatever and not (grounds and term.op.elementwise):
        return
    beside = next((s for s in grounds if isinstance(s, Real)), None)
    shape = next((s.shape for s in grounds if s.shape), ()) if term.op.elementwise else ()
    for index, cell in enumerate(pending.args):
        example = term.op.examples[0].spaces if term.op.examples else ()
        kind = example[index] if index < len(example) else R
        if isinstance(kind, Real) and beside is not None:
            kind = beside
        yield cell, replace(kind, shape=shape)
