"""What a function is called: `numpy.sin`, `numpy.ufunc.at`, `scipy.special.erf`."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

_OF_UFUNCS = ("numpy", "scipy.special")


def title(function: Any) -> str:
    """The name under which a function is found, in the module that users import it from.

    A key of the table that is text is its own title; a method of a universal function is one of
    all of them. What has no such name is called by the module that it was made in.

    >>> title(np.sin), title(np.linalg.norm), title((np.add, "reduce")), title("x[...]")
    ('numpy.sin', 'numpy.linalg.norm', 'numpy.ufunc.reduce', 'x[...]')
    """
    if isinstance(function, str):
        return function
    if isinstance(function, tuple):
        return f"numpy.ufunc.{function[1]}"
    if isinstance(function, np.ufunc) and set("".join(function.types)) == {"O", "-", ">"}:
        return "numpy.frompyfunc"
    name = getattr(function, "__name__", type(function).__name__)
    for module in _OF_UFUNCS if isinstance(function, np.ufunc) else _modules(function):
        if getattr(sys.modules.get(module), name, None) is function:
            return f"{module}.{name}"
    return f"{getattr(function, '__module__', None) or 'numpy'}.{name}"


def _modules(function: Any) -> list[str]:
    """The modules that a function may be found in: those its own one lies in, but for hidden ones.

    The innermost comes first.
    """
    parts = (getattr(function, "__module__", None) or "numpy").split(".")
    return [
        ".".join(parts[:n])
        for n in range(len(parts), 0, -1)
        if not any(part.startswith("_") for part in parts[:n])
    ]


def shown(function: Any) -> str:
    """A function of the table as the user writes it."""
    if function == "getitem":
        return "x[...]"
    if isinstance(function, tuple):
        return f"{shown(function[0])}.{function[1]}"
    name = title(function)
    return f"np.{name.removeprefix('numpy.')}" if name.startswith("numpy.") else name
