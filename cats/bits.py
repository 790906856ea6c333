"""Plain things as parts of a key: many at once, so that large containers are pictured cheaply."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from cats.ir.constant import Constant

ATOMS = frozenset({type(None), bool, int, float, str, bytes})
"""Types of what never changes, and is known by its type and value, a float by its bits."""


def atoms(values: Sequence[Any]) -> Any:
    """Values of these types as one key, in order; None if there is anything else among them.

    >>> atoms([1, 2]) == atoms([1, True]), atoms([0.0]) == atoms([-0.0]), atoms([[]])
    (False, False, None)
    """
    kinds = set(map(type, values))
    if not kinds <= ATOMS:
        return None
    if kinds == {float}:
        return array("d", values).tobytes()
    types = tuple(map(type, values)) if len(kinds) > 1 else tuple(kinds)
    if float not in kinds:
        return types, tuple(values)
    floats = array("d", [v for v in values if type(v) is float])
    return types, floats.tobytes(), tuple([v for v in values if type(v) is not float])


def rows(values: Sequence[Any]) -> Any:
    """Lists, or tuples, of such values as one key; None if there is anything else among them.

    >>> rows([[1.0], [2.0]]) == rows([[1.0, 2.0], []]), rows([[[1.0]]]), rows([[1.0], (2.0,)])
    (False, None, None)
    """
    kinds = set(map(type, values))
    if kinds not in ({list}, {tuple}):
        return None
    found = atoms(list(chain.from_iterable(values)))
    return None if found is None else (*kinds, tuple(map(len, values)), found)


def plainly(value: Any) -> Any:
    """What a number or a text of any class is as a plain one.

    >>> class Metres(float): pass
    >>> plainly(Metres(2.0)) == plainly(2.0), plainly(2j) == plainly(2.0)
    (True, False)
    """
    found = plain(value)
    return Constant(found) if type(found) is complex else atoms([found])


def plain(value: Any) -> Any:
    """A number or a text of any class as one of Python's own."""
    return next(read(value) for kind, read in _PLAIN.items() if isinstance(value, kind))


_PLAIN: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: bytes.__bytes__,
}
"""How the value of a subclass is read past what the subclass says of itself."""
