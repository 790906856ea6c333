"""Where results are written: `out=`, given by name or by position."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from inspect import Parameter, signature
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

PLACES = {
    "reduce": ("array", "axis", "dtype", "out", "keepdims", "initial", "where"),
    "accumulate": ("array", "axis", "dtype", "out"),
    "reduceat": ("array", "indices", "axis", "dtype", "out"),
}
"""The parameters of methods of universal functions, in order."""


@dataclass(frozen=True, slots=True)
class Out:
    """The arrays that results are written into.

    arrays   one for each result, None where a new one is to be made
    where    which entries a universal function writes; None: it is none, and shapes must agree
    casting  how far results may be converted
    boxed    results are arrays also without axes: it is out=...
    """

    arrays: tuple[Any, ...]
    where: Any = None
    casting: str = "same_kind"
    boxed: bool = False

    @property
    def leaves(self) -> bool:
        """Whether the function makes arrays, whose entries it may leave as they happen to be."""
        return any(a is None for a in self.arrays)

    @property
    def given(self) -> Any:
        """The arrays as they are given to a function."""
        if self.boxed:
            return ...
        return self.arrays if len(self.arrays) > 1 else self.arrays[0]

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The dtype of the first array."""
        return getattr(self.arrays[0], "dtype", None)

    def blank(self) -> Any:
        """Arrays like these, for NumPy to write into."""
        if self.boxed:
            return ...
        made = [np.zeros(a.shape, a.dtype) if hasattr(a, "dtype") else a for a in self.arrays]
        return tuple(made) if len(made) > 1 else made[0]


@lru_cache(maxsize=512)
def _parameters(function: Any) -> tuple[str, ...]:
    """The parameters of a function that may be given by position, if it is known to have any."""
    if not isinstance(function, FunctionType | BuiltinFunctionType | type(np.sum)):
        return ()
    try:
        parameters = signature(function).parameters
    except ValueError:
        return _OLDER.get(function, ())
    places = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(n for n, p in parameters.items() if p.kind in places)


_OLDER: dict[Any, tuple[str, ...]] = {
    np.array: ("object", "dtype"),
    np.asarray: ("a", "dtype", "order"),
    np.asanyarray: ("a", "dtype", "order"),
    np.ascontiguousarray: ("a", "dtype"),
    np.asfortranarray: ("a", "dtype"),
    np.dot: ("a", "b", "out"),
}
"""Of functions that do not tell them before NumPy 2.4."""


@lru_cache(maxsize=1)
def _takes_dots() -> bool:
    """Whether this NumPy, of 2.3 or later, makes an array of any result where out=... is given."""
    try:
        return isinstance(np.negative(0.0, out=...), np.ndarray)
    except TypeError:
        return False


def _placed(
    names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What is given by the names of the first parameters, given by position."""
    count = len(args)
    while count < len(names) and names[count] in kwargs and names[count] != "out":
        count += 1
    first = names[len(args) : count]
    rest = {name: value for name, value in kwargs.items() if name not in first}
    return (*args, *[kwargs[name] for name in first]), rest


def separated(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], Out | None]:
    """The arguments without `out`, and where results are to be written, if that is said.

    >>> a = np.zeros(3)
    >>> args, kwargs, out = separated(np.add, (1.0, 2.0, a), {})
    >>> args, kwargs, out.arrays[0] is a
    ((1.0, 2.0), {}, True)
    """
    if isinstance(function, np.ufunc) and len(args) > function.nin:
        missing = (None,) * (function.nargs - len(args))
        args, kwargs = args[: function.nin], {**kwargs, "out": args[function.nin :] + missing}
    method = isinstance(function, tuple)
    names = PLACES.get(function[1], ()) if method else _parameters(function)
    args, kwargs = _placed(names, args, kwargs)
    if "out" in names and len(args) > names.index("out"):
        first = 2 if method else names.index("out")
        args, kwargs = (
            args[:first],
            {**dict(zip(names[first:], args[first:], strict=False)), **kwargs},
        )
    given = kwargs.get("out")
    universal = isinstance(function, np.ufunc) or method
    arrays = given if isinstance(given, tuple) and universal else (given,)
    rest = {key: value for key, value in kwargs.items() if key != "out"}
    if all(a is None for a in arrays):
        return args, rest, None
    if given is ... and universal and _takes_dots():
        count = function.nout if isinstance(function, np.ufunc) else 1
        return args, rest, Out((None,) * count, kwargs.get("where", True), boxed=True)
    if isinstance(function, np.ufunc):
        casting = kwargs.get("casting", "same_kind")
        return args, rest, Out(arrays, kwargs.get("where", True), casting)
    return args, rest, Out(arrays)
