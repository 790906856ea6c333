"""Sentences about terms that are wrong, quoting the part that is."""

from __future__ import annotations

from typing import NoReturn

from cats.ir.arity import counted
from cats.ir.errors import TermError
from cats.ir.lam import App, Prim, Term
from cats.ir.words import in_short

INTEGERS = "Numbers without a point are integers: write 2.0 for the real number."
"""What to do when an integer meets a real number."""


def shown(term: Term) -> str:
    """The term in messages, cut if it is long."""
    return in_short(str(term))


def quoted(term: Term | None) -> str:
    """The argument, if there is a term for it."""
    return "an argument" if term is None else shown(term)


def misses(term: Term, found: str, asked: str) -> str:
    """A term lies in another space than asked."""
    return f"{shown(term)} is in {found}, and was to be in {asked}"


def ends(term: Term, left: str, right: str) -> str:
    """Branches do not end in one space."""
    return f"the branches of {shown(term)} end in different spaces: {left} and {right}"


def no_function(fun: Term, space: str, argument: Term | None) -> NoReturn:
    """Says what is wrong with the application of what is no function."""
    head, takes = fun, 0
    while isinstance(head, App):
        head, takes = head.fun, takes + 1
    name = shown(head)
    if isinstance(head, Prim) and head.args:
        name, takes = head.op.name, takes + len(head.args)
    many = f"{name} takes {counted(takes, 'argument')}, got {takes + 1}: " if takes else ""
    raise TermError(
        f"{many}{shown(fun)} is in {space}, which is no function, "
        f"and cannot be applied to {quoted(argument)}",
        where=fun.where,
    )
