"""Values that are no arrays as Python text that stands alone, with NumPy as `np`."""

from __future__ import annotations

import builtins
import sys
from operator import attrgetter
from typing import Any

import numpy as np

from cats.ir.literals import literal as plain
from cats.titles import title

LONGEST = 2000
"""The bits of the longest decimals: Python limits them, and not hexadecimal numbers."""


def literal(value: Any) -> str | None:
    """The text that gives the value again; None if there is none, as for most objects.

    >>> literal((1, "a", float("inf"))), literal(np.int64(3)), literal(float), literal(np.sum)
    ("(1, 'a', np.inf)", 'np.int64(3)', 'float', 'np.sum')
    >>> literal(float("nan")), literal(object())
    (None, None)
    """
    kind = type(value)
    if value is None or value is Ellipsis or kind in (bool, str, bytes):
        return repr(value)
    if kind is int:
        return hex(value) if value.bit_length() > LONGEST else repr(value)
    if kind is float:
        return None if value != value else plain(value)
    if isinstance(value, np.generic):
        return _scalar(value)
    if kind in (tuple, slice, set, frozenset):
        return _collection(value)
    if kind is range:
        return f"range({value.start}, {value.stop}, {value.step})"
    if isinstance(value, np.dtype):
        return f"np.dtype({value.str!r})" if np.dtype(value.str) == value else None
    return _found(value) if callable(value) else None


def _scalar(value: np.generic) -> str | None:
    """A NumPy scalar by its type and the number in it."""
    kind = type(value)
    inner = literal(value.item()) if type(value.item()) in (bool, int, float, str, bytes) else None
    named = getattr(np, kind.__name__, None) is kind
    return f"np.{kind.__name__}({inner})" if named and inner is not None else None


def _collection(value: Any) -> str | None:
    """Tuples, slices and sets; the order of a set is that of its texts, the same every time."""
    parts = (value.start, value.stop, value.step) if isinstance(value, slice) else tuple(value)
    texts = [text for text in map(literal, parts) if text is not None]
    if len(texts) < len(parts):
        return None
    name = type(value).__name__
    if isinstance(value, set | frozenset):
        return f"{name}({{{', '.join(sorted(texts))}}})" if texts else f"{name}()"
    inner = ", ".join(texts)
    if isinstance(value, slice):
        return f"slice({inner})"
    return f"({inner},)" if len(texts) == 1 else f"({inner})"


def _found(value: Any) -> str | None:
    """A function or class of Python or NumPy under the name that it is found by."""
    name, home = getattr(value, "__name__", None), getattr(value, "__module__", "")
    if not isinstance(name, str) or not isinstance(home or "", str):
        return None
    if getattr(builtins, name, None) is value:
        return name
    module, _, path = title(value).partition(".")
    return f"np.{path}" if module == "numpy" and _at(np, path) is value else None


def _at(module: Any, path: str) -> Any:
    try:
        return attrgetter(path)(module)
    except AttributeError:
        return None


def marks(value: Any) -> dict[str, str] | None:
    """The attributes that tell a function or class from others: where in which module it is found.

    None for what no name tells from others: objects, methods, functions made by functions.

    >>> marks(literal)
    {'__module__': 'cats.literals', '__qualname__': 'literal'}
    >>> marks(lambda x: x)
    """
    if isinstance(value, np.ufunc):
        return {"__name__": value.__name__} if "." in title(value) else None
    module, path = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str):
        return None
    found = _at(sys.modules.get(module), path) is value
    return {"__module__": module, "__qualname__": path} if found else None
