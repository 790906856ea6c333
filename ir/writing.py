"""Writing out: nested things as text, without recursion, in time linear in what they hold.

Whoever is to be written says its pieces: texts, and parts that are written in their turn. What
binds loosely is put in brackets where something tighter is asked for. What occurs again and again
is named where it is first written, `(s0 := ...)`, once writing it out each time would be too long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from string import Formatter
from typing import Any, NamedTuple

import numpy as np

ATOM = 9
"""How tightly a thing binds that never needs brackets."""

LIMIT = 20_000
"""Texts up to this length are written out in full; longer ones name what they share."""

SHORT = 24
"""What is no longer than this is never worth a name."""


class Part(NamedTuple):
    """Something to be written in its turn, in brackets if it binds less tightly than asked."""

    value: Any
    tightness: int = 0


Piece = str | Part


class Layout(NamedTuple):
    """How one thing is written: how tightly it binds, and its pieces, left to right."""

    tightness: int
    pieces: Sequence[Piece]


Describe = Callable[[Any], Layout]


def between(separator: str, values: Sequence[Any], tightness: int = 0) -> list[Piece]:
    """The values as parts, the separator between them."""
    pieces: list[Piece] = []
    for value in values:
        pieces += [separator, Part(value, tightness)] if pieces else [Part(value, tightness)]
    return pieces


def written(root: Any, describe: Describe, limit: int = LIMIT) -> str:
    """The text of `root`. What is shared is recognised by identity.

    >>> pair = (1, (2, 3))
    >>> def describe(x):
    ...     if isinstance(x, int):
    ...         return Layout(ATOM, [str(x)])
    ...     return Layout(1, between(" . ", x, 1 if x is pair else 2))
    >>> written(pair, describe)
    '1 . 2 . 3'
    """
    layouts, order = _survey(root, describe)
    names = _names(root, layouts, order, limit)
    out: list[str] = []
    met: set[int] = set()
    stack: list[Piece] = [Part(root)]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
            continue
        key = id(piece.value)
        layout = layouts[key]
        opening, closing = "(", ")"
        if key in names:
            if key in met:
                out.append(names[key])
                continue
            met.add(key)
            opening = f"({names[key]} := "
        elif layout.tightness >= piece.tightness:
            opening = closing = ""
        stack.append(closing)
        stack.extend(reversed(layout.pieces))
        stack.append(opening)
    return "".join(out)


def _survey(root: Any, describe: Describe) -> tuple[dict[int, Layout], list[int]]:
    """The layout of everything below `root`, and an order in which parts come first."""
    layouts: dict[int, Layout] = {}
    order: list[int] = []
    alive: list[Any] = []  # so that an identity is not used twice
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        value, ready = stack.pop()
        if ready:
            order.append(id(value))
        elif id(value) not in layouts:
            alive.append(value)
            layout = layouts[id(value)] = describe(value)
            stack.append((value, True))
            stack.extend((p.value, False) for p in layout.pieces if isinstance(p, Part))
    return layouts, order


def _names(root: Any, layouts: dict[int, Layout], order: list[int], limit: int) -> dict[int, str]:
    """Names for what occurs more than once, if the whole text would be too long without."""
    length: dict[int, int] = {}
    uses: dict[int, int] = {}
    for key in order:
        total = 0
        for piece in layouts[key].pieces:
            if isinstance(piece, Part):
                uses[id(piece.value)] = uses.get(id(piece.value), 0) + 1
                total += length[id(piece.value)]
            else:
                total += len(piece)
        length[key] = total
    if length[id(root)] <= limit:
        return {}
    shared = [key for key in reversed(order) if uses.get(key, 0) > 1 and length[key] > SHORT]
    return {key: f"s{number}" for number, key in enumerate(shared)}


def filled(tightness: int, form: str, record: object) -> Layout:
    """The layout of a form: `{first:1}` is a field as a part, `{parts:, }` a tuple with commas.

    >>> filled(ATOM, "p{real}", 3).pieces
    ['p', '3']
    """
    pieces: list[Piece] = []
    for text, name, spec, _ in Formatter().parse(form):
        if text:
            pieces.append(text)
        if name is None:
            continue
        value = getattr(record, name)
        if spec and spec.isdigit():
            pieces.append(Part(value, int(spec)))
        elif spec:
            pieces += between(spec, value)
        else:
            pieces.append(str(value))
    return Layout(tightness, pieces)


def constructor(value: Any) -> Layout:
    """The expression that makes the value again: what `repr` of nodes and programs is made of.

    >>> from cats.ir.spaces import INT, Product, Real
    >>> written(Product((Real((3,)), INT)), constructor)
    'Product((Real((3,)), Discrete()))'
    """
    if type(value) is tuple:
        return Layout(ATOM, ["(", *between(", ", value), ",)" if len(value) == 1 else ")"])
    if isinstance(value, np.ndarray):
        made = f"np.array({value.tolist()!r}, {value.dtype.str!r}).reshape({value.shape})"
        return Layout(ATOM, [made])
    if not _transparent(value):
        return Layout(ATOM, [repr(value)])
    given: list[Any] = []
    pending: list[Any] = []
    for field in fields(value):
        pending.append(getattr(value, field.name))
        if not _usual(field, pending[-1]):
            given += pending
            pending = []
    return Layout(ATOM, [f"{type(value).__name__}(", *between(", ", given), ")"])


def _transparent(value: Any) -> bool:
    """Whether the value is a record that its fields make: a primitive, say, goes by its name."""
    if not is_dataclass(value) or isinstance(value, type):
        return False
    return value.__dataclass_params__.eq or hasattr(value, "children")  # type: ignore[attr-defined]


def _usual(field: Field[Any], value: Any) -> bool:
    """Whether leaving the field out says the same; places in the user's code are left out."""
    if field.name == "where":
        return True
    return (
        field.default is not MISSING
        and type(value) is type(field.default)
        and bool(value == field.default)
    )
