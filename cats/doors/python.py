"""Python's builtins, and the functions of `math`, as they behave on traced values."""

from __future__ import annotations

import builtins
import functools
import math
import operator
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from cats.calls import called
from cats.concrete import told
from cats.doors.answers import floated
from cats.doors.attributes import attribute, has_attribute
from cats.doors.making import class_statement
from cats.doors.objects import behind
from cats.doors.parents import Parent
from cats.doors.types import made, questions
from cats.ir.spaces import Real
from cats.operators import truth
from cats.places import may_be_caught
from cats.recorder import newest_recorder
from cats.traced import Traced

MATH: dict[str, np.ufunc] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "exp": np.exp, "exp2": np.exp2,
    "expm1": np.expm1, "log1p": np.log1p, "log2": np.log2, "log10": np.log10, "sqrt": np.sqrt,
    "cbrt": np.cbrt, "fabs": np.fabs, "copysign": np.copysign, "fmod": np.fmod,
    "degrees": np.degrees, "radians": np.radians, "pow": np.float_power, "ldexp": np.ldexp,
    "isnan": np.isnan, "isfinite": np.isfinite, "isinf": np.isinf,
}  # fmt: skip
"""Functions of `math` that are one function of NumPy on numbers."""


def of_math(function: Any) -> Callable[..., Any]:
    """A function of `math` on traced values; its result is a Python number."""
    name = function.__name__
    said, own, within = MATH.get(name), OWN.get(name), _DOMAINS.get(name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if name not in SEQUENCES and name not in _WHOLE:
            args = tuple([a if hasattr(type(a), f"__{name}__") else floated(a) for a in args])
        recorder = newest_recorder((args, kwargs))
        if recorder is None:
            return function(*args, **kwargs)
        numbers = [double(a, name) for a in args] if name not in SEQUENCES else args
        if within is not None and may_be_caught() and all(map(told, args)) and not within(*args):
            function(*map(_number_now, args))
        if own is not None:
            return number(own(*numbers, **kwargs))
        return number(called(recorder, said or function, tuple(numbers), kwargs))

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    return call


SEQUENCES = frozenset({"fsum", "prod", "sumprod", "dist"})
"""Functions of `math` that take several numbers in one argument."""


_WHOLE = frozenset({"trunc", "gcd", "lcm", "comb", "perm", "factorial", "isqrt"})
"""Functions of `math` that ask no object which number it is."""


def double(value: Any, name: str = "float") -> Any:
    """A number as `math` computes with it, in double precision; an array of several is refused."""
    if not isinstance(value, Traced):
        return value
    if value.size != 1 or value.ndim:
        value.recorder.refuse(
            f"math.{name} of an array", "it takes a number", f"Use NumPy's {name}, or x[0]."
        )
    return made(float, value) if value.dtype == np.float32 else value


def _number_now(value: Any) -> Any:
    """A number as it is in this call."""
    return value.recorder.concrete.value(value.term) if isinstance(value, Traced) else value


_MOST = math.log(sys.float_info.max)


def _below(most: float) -> Callable[..., Any]:
    return lambda x: not most < abs(x) < math.inf


def _above(least: float) -> Callable[..., Any]:
    return lambda x: not x <= least


_DOMAINS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("sin", "cos", "tan"), lambda x: abs(x) != math.inf),
    **dict.fromkeys(("asin", "acos"), lambda x: not abs(x) > 1),
    **dict.fromkeys(("exp", "expm1"), lambda x: not _MOST < x < math.inf),
    **dict.fromkeys(("sinh", "cosh"), _below(_MOST + math.log(2))),
    **dict.fromkeys(("log2", "log10"), _above(0)),
    "log": lambda x, base=2.0: not (x <= 0 or base <= 0),
    "exp2": lambda x: not 1024 <= x < math.inf,
    "log1p": _above(-1),
    "sqrt": lambda x: not x < 0,
    "acosh": lambda x: not x < 1,
    "atanh": lambda x: not abs(x) >= 1,
    "fmod": lambda x, y: not (y == 0 or abs(x) == math.inf),
    "pow": lambda x, y: not ((x < 0 and y % 1 != 0) or (x == 0 and y < 0)),
}
"""Where a function of `math` gives a number; elsewhere it raises, and NumPy gives inf or nan."""


def number(value: Any) -> Any:
    """A traced number as a Python number."""
    if isinstance(value, Traced) and not value.is_array:
        value.weak = True
    return truth(value)


def _log(x: Any, base: Any = None) -> Any:
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _whole(rounding: Callable[[Any], Any]) -> Callable[[Any], int]:
    return lambda x: int(rounding(x))


def _counting(function: Callable[..., int]) -> Callable[..., int]:
    """A function of whole numbers, which may be larger than those of NumPy: they are observed."""
    return lambda *ns: function(*map(operator.index, ns))


def _hypot(*xs: Any) -> Any:
    if len(xs) < 2:
        return np.abs(*xs or (0.0,))
    return functools.reduce(np.hypot, xs)


def _dist(p: Iterable[Any], q: Iterable[Any]) -> Any:
    def wide(x: Any) -> Any:
        return double(x, "dist") if isinstance(x, Traced) else float(x)

    return _hypot(*[wide(a) - wide(b) for a, b in zip(p, q, strict=True)])


def _product(xs: Iterable[Any], *, start: Any = 1) -> Any:
    found = start
    for x in xs:
        found = found * x
    return found


def _modf(x: Any) -> tuple[Any, Any]:
    part, whole = np.modf(x)
    return number(part), number(whole)


def _frexp(x: Any) -> tuple[Any, Any]:
    part, power = np.frexp(x)
    return number(part), number(power.astype(np.int64))


def _remainder(x: Any, y: Any) -> Any:
    """x - n y for the whole n nearest to x / y, of two the even one; each step is exact."""
    by = np.abs(y)
    large = by > sys.float_info.max / 2
    small = np.where(large, 1.0, by)
    rest = np.fmod(np.abs(x), np.where(large, np.inf, small + small))
    less = rest - by
    nearest = np.where(rest > by - rest, np.where(less >= by - less, less - by, less), rest)
    return np.where(np.isinf(y), x, np.where(np.signbit(x), -nearest, nearest))


def _nextafter(x: Any, y: Any, *, steps: Any = None) -> Any:
    found = x
    for _ in range(1 if steps is None else operator.index(steps)):
        found = np.nextafter(found, y)
    return found


def _ulp(x: Any) -> Any:
    size, endless = np.abs(x), np.isinf(x)
    return np.where(endless, size, np.spacing(np.where(endless, 1.0, size)))


def _isclose(a: Any, b: Any, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> Any:
    if a == b:
        return True
    size = np.maximum(np.abs(a), np.abs(b))
    return np.abs(a - b) <= np.maximum(rel_tol * size, abs_tol)


OWN: dict[str, Callable[..., Any]] = {
    "log": _log, "hypot": _hypot, "dist": _dist, "prod": _product, "modf": _modf,
    "frexp": _frexp, "remainder": _remainder, "nextafter": _nextafter, "ulp": _ulp,
    "isclose": _isclose, "floor": _whole(np.floor), "ceil": _whole(np.ceil),
    "trunc": _whole(np.trunc), "gcd": lambda *ns: functools.reduce(np.gcd, ns, 0),
    "lcm": lambda *ns: functools.reduce(np.lcm, ns, 1),
    **{name: _counting(getattr(math, name)) for name in ("comb", "perm", "factorial", "isqrt")},
}  # fmt: skip
"""Functions of `math` that take more than one function of NumPy."""


# Builtins


def total(values: Iterable[Any], start: Any = 0) -> Any:
    """sum: of a traced array along its first axis."""
    if isinstance(values, Traced) and values.ndim and len(values):
        found = called(values.recorder, np.sum, (values,), {"axis": 0})
        return found if type(start) is int and start == 0 else start + found
    return builtins.sum(values, start)


def _extreme(name: str) -> Callable[..., Any]:
    """max and min: of numbers NumPy's, whose derivative at a tie is shared; a first nan wins."""
    plain = getattr(builtins, name)
    pair = {"max": np.maximum, "min": np.minimum}[name]

    def call(*args: Any, **kwargs: Any) -> Any:
        values = list(args[0]) if len(args) == 1 else list(args)
        if kwargs or not values or not any(isinstance(v, Traced) for v in values):
            return plain(values, **kwargs)
        if any(np.ndim(v) for v in values):
            return plain(values)
        found = values[0]
        for value in values[1:]:
            found = number(_unless_nan(value, _of_both(pair, found, value), found))
        return found

    call.__name__, call.__doc__ = name, plain.__doc__
    return call


def _of_both(pair: np.ufunc, x: Any, y: Any) -> Any:
    """A function of two numbers; NumPy's own where neither is traced."""
    recorder = newest_recorder((x, y))
    return pair(x, y) if recorder is None else called(recorder, pair, (x, y), {})


def _unless_nan(value: Any, found: Any, otherwise: Any) -> Any:
    """What was found with a number; without it if it is nan, which Python passes over."""
    if not isinstance(value, Traced):
        return otherwise if value != value else found
    if not isinstance(value.space, Real):
        return found
    recorder = newest_recorder((value, found, otherwise)) or value.recorder
    is_nan = called(recorder, np.isnan, (value,), {})
    return called(recorder, np.where, (is_nan, otherwise, found), {})


def in_order(values: Iterable[Any], *, key: Any = None, reverse: bool = False) -> list[Any]:
    """sorted: of a traced array of numbers by NumPy's sort, without a decision for each pair.

    nan has no place in an order, and is left to Python.
    """
    if not isinstance(values, Traced) or values.ndim != 1 or key is not None:
        return builtins.sorted(values, key=key, reverse=reverse)
    if _holds_nan(values):
        return builtins.sorted(values, reverse=reverse)
    found = list(called(values.recorder, np.sort, (values,), {}))
    return found[::-1] if reverse else found


def _holds_nan(values: Any) -> bool:
    """Whether there is a nan among the numbers in this call."""
    return isinstance(values.space, Real) and told(values) and bool(np.isnan(values).any())


def some(values: Iterable[Any]) -> bool:
    """any: one decision for a traced array."""
    if isinstance(values, Traced) and values.ndim == 1:
        return bool(values.any())
    return builtins.any(values)


def every(values: Iterable[Any]) -> bool:
    """all: one decision for a traced array."""
    if isinstance(values, Traced) and values.ndim == 1:
        return bool(values.all())
    return builtins.all(values)


def parent(rebound: Callable[[Any], Any]) -> Callable[..., Any]:
    """super, whose methods are rebound too."""

    def call(*args: Any) -> Any:
        if not args:
            frame = sys._getframe(1)
            names = frame.f_code.co_varnames
            args = (frame.f_locals["__class__"], frame.f_locals[names[0]])
        return Parent(builtins.super(behind(args[0]), *args[1:]), rebound)

    return call


def doors(
    original: Callable[[type], type], rebound: Callable[[Any], Any], made: Callable[[Any], Any]
) -> dict[str, Any]:
    """The builtins that behave otherwise on traced values, by name.

    made   what becomes of a class that the traced function makes
    """
    return {
        "sum": total,
        "max": _extreme("max"),
        "min": _extreme("min"),
        "sorted": in_order,
        "any": some,
        "all": every,
        **questions(original, rebound, made),
        "hasattr": has_attribute,
        "getattr": attribute,
        "super": parent(rebound),
        "__build_class__": class_statement(made),
    }
