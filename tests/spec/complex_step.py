"""The complex step: the same text, run by NumPy on x + ih, has h f'(x) in its imaginary part.

The text of a module is run again with other meanings of `np`, `math` and some builtins: new arrays
are complex, comparisons and absolute values look at the real part. No difference is taken, so the
derivative has all the digits of the value. (Squire and Trapp, SIAM Review 40 (1998) 110-112.)
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

H = 1e-100


def extended(f: Callable[..., Any], *slopes: Callable[..., Any]) -> Callable[..., Any]:
    """A real function on x + ih: f(x) + ih f'(x), one partial derivative for each argument."""

    def call(*args: Any) -> Any:
        real = [np.real(a) for a in args]
        imaginary = sum(s(*real) * np.imag(a) for s, a in zip(slopes, args, strict=True))
        return f(*real) + 1j * imaginary

    return call


def chosen(pick: Callable[..., Any]) -> Callable[..., Any]:
    """max or min, by the real part."""

    def call(*args: Any, **options: Any) -> Any:
        values = list(args[0]) if len(args) == 1 else args
        return pick(values, key=np.real)

    return call


def extreme(place: Callable[..., Any]) -> Callable[..., Any]:
    """np.max or np.min of all entries, by the real part."""
    return lambda x: np.ravel(x)[place(np.real(x))]


def made(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes arrays: real ones become complex."""

    def call(*args: Any, **options: Any) -> Any:
        found = make(*args, **options)
        return found.astype(complex) if found.dtype.kind == "f" else found

    return call


def of_array(x: Any) -> Any:
    """np.array of numbers, or of lists of numbers: complex where a real entry is."""
    found = np.array(x)
    return found.astype(complex) if found.dtype.kind == "f" else found


def clipped(x: Any, low: Any, high: Any) -> Any:
    """np.clip by the real part."""
    return np.where(np.real(x) < low, low, np.where(np.real(x) > high, high, x))


def rectified(x: Any) -> Any:
    """|x|: x with the sign of its real part."""
    return x * np.sign(np.real(x))


ATAN2 = extended(np.arctan2, lambda y, x: x / (x * x + y * y), lambda y, x: -y / (x * x + y * y))
FUNCTIONS = {
    "abs": rectified, "absolute": rectified, "max": extreme(np.argmax), "min": extreme(np.argmin),
    "arctan2": ATAN2, "clip": clipped,
    "maximum": lambda a, b: np.where(np.real(a) >= np.real(b), a, b),
    "argmax": lambda x: np.argmax(np.real(x)), "inner": np.dot,
    "logaddexp": extended(np.logaddexp, lambda a, b: 1 / (1 + np.exp(b - a)),
                          lambda a, b: 1 / (1 + np.exp(a - b))),
    "array": of_array, "asarray": of_array,
    **{name: made(getattr(np, name)) for name in (
        "zeros", "ones", "empty", "full", "eye", "linspace", "zeros_like", "ones_like",
        "empty_like", "full_like", "arange")},
}  # fmt: skip
"""Functions of NumPy that are not what they should be on complex numbers."""


class Names:
    """A module with some names replaced."""

    def __init__(self, module: Any, names: dict[str, Any]) -> None:
        self._module = module
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def cholesky(a: Any) -> Any:
    """The factor of a symmetric matrix, not of a Hermitian one."""
    low = np.zeros(a.shape, complex)
    for j in range(len(a)):
        low[j, j] = np.sqrt(a[j, j] - low[j, :j] @ low[j, :j])
        for i in range(j + 1, len(a)):
            low[i, j] = (a[i, j] - low[i, :j] @ low[j, :j]) / low[j, j]
    return low


NUMPY: Any = Names(np, {**FUNCTIONS, "linalg": Names(np.linalg, {"cholesky": cholesky})})
MATH: Any = Names(
    math,
    {
        **{name: getattr(np, name) for name in (
            "sin", "cos", "tan", "exp", "log", "log1p", "sqrt", "sinh", "cosh", "tanh")},
        "atan": np.arctan, "atan2": ATAN2, "fabs": rectified,
    },
)  # fmt: skip


def imported(name: str, *args: Any, **kwargs: Any) -> Any:
    """`import numpy` and `import math` in the text."""
    return {"numpy": NUMPY, "math": MATH}.get(name) or builtins.__import__(name, *args, **kwargs)


BUILTINS = {
    **vars(builtins), "__import__": imported, "abs": rectified, "max": chosen(max),
    "min": chosen(min), "float": lambda x: x, "int": lambda x: int(np.real(x)),
}  # fmt: skip


def module(path: str) -> ModuleType:
    """The module in a file, run on complex numbers."""
    made = ModuleType(Path(path).stem)
    made.__dict__["__builtins__"] = BUILTINS
    exec(compile(Path(path).read_text(encoding="utf-8"), path, "exec"), made.__dict__)
    return made
