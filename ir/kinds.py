"""Kinds of parameters: annotations as Python has them, and whether a value is of one.

bool, int, float, str, None, Constant, tuples, Literal, unions, and Annotated[int, range(...)].
Kinds are small: what is said of them here may recurse.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np

from cats.ir.constant import Constant

Natural = Annotated[int, range(sys.maxsize)]
"""A whole number that is not negative: a length, a count, an order."""

Test = Callable[[object], bool]

_ATOMS: dict[Any, tuple[tuple[type, ...], str]] = {
    bool: ((bool, np.bool_), "True or False"),
    int: ((int, np.integer), "a whole number"),
    float: ((float, int, np.floating, np.integer), "a number"),
    str: ((str,), "text"),
    NoneType: ((NoneType,), "None"),
    Constant: ((Constant,), "a constant"),
}
"""What is of the kind, and how it is called. A truth value is no number here."""


class Numbers:
    """The kind of what may be anything but text, which could be read as code."""


def fitting(kind: Any) -> Test:
    """The test whether a value is of the kind; every value is of one that is not known.

    >>> axes = fitting(tuple[Natural, ...])
    >>> axes((0, 1)), axes((0, True)), axes((-1,)), axes(0)
    (True, False, False, False)
    """
    if kind in _ATOMS:
        types = _ATOMS[kind][0]
        if kind in (int, float):
            return lambda v: isinstance(v, types) and v is not True and v is not False
        return lambda v: isinstance(v, types)
    if kind is Numbers:
        return _numbers
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        chosen = [(type(part), part) for part in parts]
        return lambda v: any([type(v) is t and v == part for t, part in chosen])
    if origin is Annotated:
        whole, limits = fitting(parts[0]), parts[1]
        return lambda v: whole(v) and v in limits
    tests = [fitting(part) for part in parts if part is not Ellipsis]
    if origin is tuple and parts[1:] == (Ellipsis,):
        (every,) = tests
        return lambda v: isinstance(v, tuple) and all([every(part) for part in v])
    if origin is tuple:
        return lambda v: (
            isinstance(v, tuple)
            and len(v) == len(tests)
            and all([test(part) for test, part in zip(tests, v, strict=True)])
        )
    if origin in (Union, UnionType):
        return lambda v: any([test(v) for test in tests])
    return lambda v: True


def _numbers(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_numbers, value))
    return isinstance(value, bool | int | float | np.number | np.bool_ | NoneType | Constant)


def like(values: Iterable[object]) -> Any:
    """The kind that these values are of, tuples of any length.

    >>> like([0, 1]), like([(0, None), ()])
    (<class 'int'>, tuple[int | None, ...])
    """
    found: Any = None
    inner: list[object] = []
    tuples = False
    for value in values:
        if isinstance(value, tuple):
            tuples = True
            inner.extend(value)
        else:
            atoms = [kind for kind, (types, _) in _ATOMS.items() if isinstance(value, types)]
            kind = atoms[0] if atoms else Numbers
            found = kind if found is None else found | kind
    if tuples:
        rows: Any = tuple[like(inner), ...] if inner else tuple[()]  # type: ignore[misc]
        found = rows if found is None else found | rows
    return Numbers if found is None else found


def said(kind: Any) -> str:
    """The kind in words.

    >>> said(Literal["L", "U"]), said(Natural | None)
    ("'L' or 'U'", 'a whole number that is not negative or None')
    >>> said(tuple[int, ...])
    'a tuple, every part a whole number,'
    """
    if kind in _ATOMS:
        return _ATOMS[kind][1]
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin is Annotated:
        low = parts[1].start
        least = "that is not negative" if low == 0 else f"from {low} on"
        return f"{said(parts[0])} {least}"
    if origin is tuple and parts[1:] == (Ellipsis,):
        return f"a tuple, every part {said(parts[0])},"
    if origin is tuple:
        return f"({', '.join(map(said, parts))})"
    if origin in (Union, UnionType):
        return " or ".join(map(said, parts))
    return "a number, a truth value, None or a tuple of these"
