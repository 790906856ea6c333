"""Spaces that are not known yet: cells, made equal by unification, and read off as spaces.

Cells form a graph with union-find, so that equal parts are compared once: a space of exponential
size as text costs no more than the sharing in it. (Huet 1976, unification closure.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cats.ir.spaces import Function, Ground, Product, R, Space, Sum
from cats.ir.words import SHOWN

Form = Ground | tuple[str, tuple["Cell", ...]] | None
"""A ground space; `*`, `+` or `->` of cells; None while unknown."""

DEEPEST = 5
"""Spaces in messages are written to this depth."""


class Cell:
    """A space, known or not. `waiting` is who wants to hear when it is."""

    __slots__ = ("form", "link", "waiting")

    def __init__(self, form: Form = None) -> None:
        self.form = form
        self.link: Cell | None = None
        self.waiting: list[Any] = []


def find(cell: Cell) -> Cell:
    """The cell that speaks for all those made equal to this one."""
    while cell.link is not None:
        if cell.link.link is not None:
            cell.link = cell.link.link
        cell = cell.link
    return cell


def form_of(cell: Cell) -> Form:
    """What is known of the space."""
    return find(cell).form


def product(parts: Iterable[Cell]) -> Cell:
    """A * B * ..."""
    return Cell(("*", tuple(parts)))


def function(dom: Cell, cod: Cell) -> Cell:
    """A -> B."""
    return Cell(("->", (dom, cod)))


class Equations:
    """What was made equal: who is woken by it, and which unknown became a compound space where."""

    def __init__(self) -> None:
        self.woken: list[Any] = []
        self.bound: list[tuple[Cell, Any]] = []

    def unify(self, left: Cell, right: Cell, place: Any = None) -> bool:
        """Makes two spaces equal; False if they cannot be, which then are as they were."""
        linked: list[Cell] = []
        equal = self._unified(left, right, place, linked)
        if not equal:
            for cell in linked:
                cell.link = None
        return equal

    def _unified(self, left: Cell, right: Cell, place: Any, linked: list[Cell]) -> bool:
        stack = [(left, right)]
        while stack:
            a, b = map(find, stack.pop())
            if a is b:
                continue
            if a.form is None or b.form is None:
                linked.append(self._link(*((a, b) if a.form is None else (b, a)), place))
            elif isinstance(a.form, tuple) and isinstance(b.form, tuple):
                if a.form[0] != b.form[0] or len(a.form[1]) != len(b.form[1]):
                    return False
                linked.append(a)
                a.link = b
                stack.extend(zip(a.form[1], b.form[1], strict=True))
            elif a.form == b.form:
                linked.append(a)
                a.link = b
            else:
                return False
        return True

    def _link(self, unknown: Cell, other: Cell, place: Any) -> Cell:
        if other.form is None:
            if len(unknown.waiting) > len(other.waiting):
                unknown, other = other, unknown
            other.waiting.extend(unknown.waiting)
        else:
            self.woken.extend(unknown.waiting)
            if isinstance(other.form, tuple):
                self.bound.append((other, place))
        unknown.waiting = []
        unknown.link = other
        return unknown

    def endless(self) -> Any:
        """The latest place that made a space contain itself; None if no space does."""
        state: dict[int, int] = {}
        culprits: set[int] = set()
        for start, _ in self.bound:
            stack = [(find(start), False)]
            while stack:
                cell, ready = stack.pop()
                if ready:
                    state[id(cell)] = 2
                elif state.get(id(cell)) is None:
                    state[id(cell)] = 1
                    stack.append((cell, True))
                    for part in map(find, _parts(cell.form)):
                        if state.get(id(part)) == 1:
                            culprits.add(id(part))
                        stack.append((part, False))
        places = [place for cell, place in self.bound if id(find(cell)) in culprits]
        return (places or [self.bound[-1][1]])[-1] if culprits else None


def _parts(form: Form) -> tuple[Cell, ...]:
    return form[1] if isinstance(form, tuple) else ()


_KINDS = {"*": Product, "+": Sum}


def space_in(cell: Cell) -> Space:
    """The space, parts that are still unknown being R; equal parts are one object.

    >>> print(space_in(function(Cell(), product([Cell(), Cell(R)]))))
    R -> R * R
    """
    done: dict[int, Space] = {}
    stack = [(find(cell), False)]
    while stack:
        top, ready = stack.pop()
        if id(top) in done:
            continue
        parts = [find(part) for part in _parts(top.form)]
        if not ready and parts:
            stack.append((top, True))
            stack.extend((part, False) for part in parts)
            continue
        spaces = [done[id(part)] for part in parts]
        if not isinstance(top.form, tuple):
            done[id(top)] = top.form or R
        elif top.form[0] == "->":
            done[id(top)] = Function(*spaces)
        else:
            done[id(top)] = _KINDS[top.form[0]](tuple(spaces))
    return done[id(find(cell))]


def cell_of(space: Space) -> Cell:
    """A space as a cell.

    >>> print(space_in(cell_of(Function(R, R))))
    R -> R
    """
    done: dict[int, Cell] = {}
    stack: list[tuple[Space, bool]] = [(space, False)]
    while stack:
        top, ready = stack.pop()
        parts: tuple[Space, ...] = ()
        if isinstance(top, Function):
            parts = (top.dom, top.cod)
        elif isinstance(top, Product | Sum):
            parts = top.parts
        if ready or not parts:
            mark = {Product: "*", Sum: "+", Function: "->"}.get(type(top))
            form: Form = top if mark is None else (mark, tuple(done[id(p)] for p in parts))  # type: ignore[assignment]
            done[id(top)] = Cell(form)
        elif id(top) not in done:
            stack.append((top, True))
            stack.extend((part, False) for part in parts)
    return done[id(space)]


def text(cell: Cell) -> str:
    """The space as written in messages: `?` where it is unknown, `...` where it is too deep, so
    that it is not long.

    >>> text(function(Cell(R), Cell()))
    'R -> ?'
    """
    for depth in range(DEEPEST, 0, -1):
        found = _text(cell, depth)
        if len(found) <= SHOWN:
            break
    return found


def _text(cell: Cell, depth: int) -> str:
    form = form_of(cell)
    if form is None:
        return "?"
    if not isinstance(form, tuple):
        return str(form)
    if depth <= 0:
        return "..."
    mark, parts = form
    if mark == "*" and len(parts) < 2:
        return f"({_text(parts[0], depth - 1)},)" if parts else "1"
    inner = [_text(part, depth - 1) for part in parts]
    bracketed = [
        f"({t})" if len(_parts(form_of(p))) > 1 and not (mark == "->" and i == 1) else t
        for i, (p, t) in enumerate(zip(parts, inner, strict=True))
    ]
    return f" {mark} ".join(bracketed)
