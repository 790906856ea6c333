"""What may not be asked inside a traced function: random numbers, and what others consume."""

from __future__ import annotations

import functools
import inspect
import io
import random
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from cats.doors.single import Single

Refuse = Callable[[str, str, str], NoReturn]
"""Raises, given what was asked, why not, and what to do."""


class Refusing(Single):
    """Stands for a thing that must not be used; asking anything of it raises.

    A function of a module may be named, and not be called.
    """

    def __init__(self, refuse: Refuse, words: tuple[str, str, str], real: Any = None) -> None:
        self._refuse = refuse
        self._words = words
        self._real = real

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._real, name, None) if isinstance(self._real, types.ModuleType) else 0
        if callable(found) and not isinstance(found, type):
            return Refusing(self._refuse, self._words, found)
        self._refuse(*self._words)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse(*self._words)

    def __iter__(self) -> Any:
        self._refuse(*self._words)

    def __next__(self) -> Any:
        self._refuse(*self._words)


RANDOM = (
    "a random number is drawn inside a traced function",
    "the function is traced once, so every call would see the same number",
    "Draw it before, and pass it as an argument.",
)
CONSUMED = (
    "an iterator from outside the traced function is used",
    "tracing would consume it, and later calls would not",
    "Pass a list.",
)
READ = (
    "a file from outside the traced function is read",
    "tracing would read it once, and later calls would not",
    "Read it before, and pass what it holds.",
)

TAKEN_OUT = (
    "it takes the numbers out, and their derivatives would be lost",
    "Compute with NumPy or math, or with the values themselves.",
)
LIBRARIES = frozenset(
    {"json", "statistics", "struct", "_struct", "fractions", "decimal", "ast", "csv", "_csv"}
)
"""Modules of Python whose functions ask for the numbers themselves, or read them out of texts."""


def takes_out(value: Any) -> bool:
    """Whether a function cuts numbers off from what they were computed of.

    >>> import json, math
    >>> takes_out(json.dumps), takes_out(math.sin)
    (True, False)
    """
    functions = types.FunctionType | types.BuiltinFunctionType
    module = getattr(value, "__module__", None) or ""
    return isinstance(value, functions) and module.partition(".")[0] in LIBRARIES


RAISING = (
    "a warning that is made an error",
    "the derivative is computed by other code, which raises nothing there",
    "Ask for the place itself, as `if x == 0`, or test the result with np.isfinite.",
)
_FILTERS = (warnings.simplefilter, warnings.filterwarnings)


def sets_warnings(function: Any) -> bool:
    """Whether a function says what becomes of warnings."""
    return any(function is one for one in (np.errstate, *_FILTERS))


def makes_errors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether what is said of warnings is that they are errors, or calls of functions.

    >>> makes_errors(("error",), {}), makes_errors((), {"divide": "raise"})
    (True, True)
    >>> makes_errors((), {"all": "ignore"})
    False
    """
    said = (*args[:1], *kwargs.values())
    return any(isinstance(word, str) and word in ("error", "raise", "call") for word in said)


_READ = (np.array, np.asarray, np.asanyarray, np.fromstring, np.loadtxt, np.genfromtxt)


def words(function: Any, value: Any) -> Iterator[str]:
    """The words that a function of NumPy would read numbers out of.

    >>> list(words(np.loadtxt, ["1.5, 2", b"3"])), list(words(np.sin, "1.5"))
    (['1.5', '2', '3'], [])
    """
    if not any(function is one for one in _READ):
        return
    if isinstance(value, bytes):
        value = value.decode("latin1")
    if isinstance(value, str):
        yield from re.split(r"[\s,;|]+", value)
    elif isinstance(value, io.StringIO):
        yield from words(function, value.getvalue())
    elif isinstance(value, list | tuple) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "USO"
    ):
        for entry in value:
            yield from words(function, entry)


NUMERAL = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\bnan\b|\binf\b")
"""A number in a text, without its sign."""

_OUTSIDE = frozenset(
    {
        "time", "datetime", "os", "posix", "nt", "io", "_io", "pathlib", "glob", "socket",
        "subprocess", "shutil", "tempfile", "uuid", "platform", "select", "urllib", "decimal",
        "_decimal", "locale", "_locale", "gc",
    }
)  # fmt: skip
_READERS = (
    np.load, np.loadtxt, np.genfromtxt, np.fromfile, np.fromregex, np.geterr, np.geterrcall,
    np.get_printoptions, sys.getrecursionlimit, sys.modules, sys.argv, sys.stdin, sys.path,
)  # fmt: skip


def looks_outside(value: Any) -> bool:
    """Whether a thing tells of the clock, files, settings or the machine: of what no key can hold.

    >>> import os, time
    >>> looks_outside(time), looks_outside(os.environ), looks_outside(np.load), looks_outside(np)
    (True, True, True, False)
    """
    if isinstance(value, types.ModuleType):
        return value.__name__.partition(".")[0] in _OUTSIDE
    owner = getattr(value, "__module__", None) or type(value).__module__
    return any(value is reader for reader in _READERS) or str(owner).partition(".")[0] in _OUTSIDE


_SOURCES = (random.Random, np.random.Generator, np.random.RandomState, np.random.BitGenerator)
_MODULES = ("random", "secrets", "numpy.random")


def _is_source(value: Any) -> bool:
    """Whether an object gives random numbers, or a class those that do."""
    kind = value if isinstance(value, type) else type(value)
    return isinstance(value, _SOURCES) or any(
        base.__module__ == "scipy.stats._qmc" and base.__name__ == "QMCEngine"
        for base in kind.__mro__
    )


_SEEDS = frozenset({"random_state", "rng", "seed"})


def draws(function: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether a function of SciPy draws random numbers, and is given no number to begin from.

    >>> import scipy.stats
    >>> draws(scipy.stats.norm.rvs, {}), draws(scipy.stats.norm.rvs, {"random_state": 0})
    (True, False)
    """
    seeded = any(isinstance(kwargs.get(name), int) for name in _SEEDS)
    return not seeded and _takes_seed(getattr(function, "__func__", function))


@functools.lru_cache(maxsize=1024)
def _takes_seed(function: Any) -> bool:
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):
        names = {}  # type: ignore[assignment]
    return getattr(function, "__name__", "") == "rvs" or not _SEEDS.isdisjoint(names)


_READING = frozenset(
    [
        "read",
        "read1",
        "readline",
        "readlines",
        "readinto",
        "readinto1",
        "peek",
        "getvalue",
        "getbuffer",
    ]
)


def is_file(value: Any) -> bool:
    """Whether a thing is a file, or is written to as one.

    >>> is_file(io.StringIO()), is_file(iter([1.0]))
    (True, False)
    """
    return isinstance(value, io.IOBase) or (isinstance(value, Iterator) and hasattr(value, "write"))


class Written(Refusing):
    """A file from outside, which may be written to, as print does; what reads it raises."""

    def __getattr__(self, name: str) -> Any:
        if name in _READING:
            self._refuse(*self._words)
        found = getattr(self._real, name)
        return Written(self._refuse, self._words, found) if is_file(found) else found


def reason(value: Any) -> tuple[str, str, str] | None:
    """Why a value from outside may not be used, if it may not.

    >>> reason(np.random.default_rng(0)) == RANDOM, reason(3)
    (True, None)
    """
    module = isinstance(value, types.ModuleType) and value.__name__ in _MODULES
    bound = isinstance(value, types.MethodType | types.BuiltinMethodType)
    if module or _is_source(value.__self__ if bound else value):
        return RANDOM
    return CONSUMED if isinstance(value, Iterator) else None
