"""What Python takes out of a traced value: numbers and texts, each a decision that is guarded."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from cats.calls import called
from cats.concrete import told
from cats.ir.constant import Constant
from cats.ir.errors import Asked
from cats.ir.prims.choice import isfinite
from cats.ir.prims.layout import convert
from cats.ir.spaces import Discrete, Real
from cats.places import formats, users_place
from cats.tracked import Tracked, refuse


class Ambiguous(Asked, ValueError):
    """The truth value of several entries was asked, which NumPy does not give either."""


class NotOne(Asked, ValueError):
    """An array of several entries was asked for its one, which NumPy refuses too."""


def single(x: Any, what: str, kind: type[Asked] = Asked) -> Any:
    """The one entry, as a value without axes; of more, NumPy gives none either."""
    if x.size != 1:
        raise kind(
            f"{what} of a traced value in {x.space}: it has {x.size} entries",
            where=users_place(),
            remedy="Choose one, as x[0].",
        )
    return called(x.recorder, np.reshape, (x, ()), {}) if x.space.shape else x


def _now(x: Any) -> np.ndarray[Any, Any]:
    """What it is in this call, to the last bit: a guard says so."""
    found = x.recorder.observe(x, exact=True)
    return found.array if isinstance(found, Constant) else np.asarray(found)


def as_text(x: Any, write: Callable[[Any], str]) -> str:
    """The text of its value in this call, where that is known."""
    if x.recorder.closed or not x.recorder.concrete.told(x):
        return f"Traced<{x.space}>"
    value = _now(x)
    text = write(value if x.is_array else value.item() if x.weak else value[()])
    if isinstance(x.space, Real):
        x.recorder.world.texts.add(text)
    return text


def as_bool(x: Any) -> bool:
    """bool(x). Raises Ambiguous for several entries."""
    if x.size != 1:
        raise Ambiguous(
            f"the truth value of a traced value in {x.space}: it has {x.size} entries",
            where=users_place(),
            remedy="Use x.any() or x.all().",
        )
    x = x if not x.space.shape else called(x.recorder, np.reshape, (x, ()), {})
    if not isinstance(x, Tracked):
        return bool(x)
    if x.dtype != np.bool_:
        x = called(x.recorder, np.not_equal, (x, 0), {})
    return bool(x.recorder.observe(x)) if isinstance(x, Tracked) else bool(x)


@lru_cache(maxsize=1)
def _arrays_are_numbers() -> bool:
    """Whether this NumPy gives the one entry of an array with axes for a number of Python's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(float(np.ones(1)))
        except TypeError:
            return False


def as_number(x: Any, what: str) -> Any:
    """The one entry, where NumPy gives one: since 2.4 only of an array without axes."""
    if x.size == 1 and x.space.shape and not _arrays_are_numbers():
        raise Asked(
            f"{what} of a traced value in {x.space}: it has axes",
            where=users_place(),
            remedy="Choose the entry, as x[0] or x.item().",
        )
    return single(x, what)


def as_int(x: Any) -> int:
    """int(x)."""
    x = as_number(x, "int(x)")
    if isinstance(x.space, Real):
        if not x.recorder.observe(isfinite(x)):
            return int(float(x.recorder.concrete.value(x.term)))
        x = convert(x, dtype="int64")
    return int(x.recorder.observe(x))


def as_index(x: Any) -> int:
    """x as a place in a sequence. Raises Asked for a real number."""
    x = single(x, "an index made")
    if isinstance(x.space, Real):
        raise Asked(
            f"an index made of a traced value in {x.space}: it is a real number",
            where=users_place(),
            remedy="Use int(x) or np.rint(x).",
        )
    return int(x.recorder.observe(x))


def as_float(x: Any) -> float:
    """float(x): of what varies only where a text is written of it."""
    known = x.known
    if known is not None:
        return float(known)
    if isinstance(x.space, Discrete):
        return float(int(x))
    if formats(sys._getframe(1)):
        number = float(_now(as_number(x, "a text % x")))
        x.recorder.world.written.add(number)
        return number
    refuse(
        as_number(x, "float(x)"),
        "float(x)",
        "code that cats cannot see into asks for the number, and its derivative would be lost",
        "Use x itself, and np.sin or math.sin within the function.",
    )


def rounded(x: Any, digits: int | None = None) -> Any:
    """round(x), a whole number; round(x, digits), a number whose derivative is 0.

    Raises Asked for an array, also without axes: Python rounds numbers.
    """
    if x.is_array:
        raise Asked(
            f"round(x) of a traced array in {x.space}: Python rounds numbers",
            where=users_place(),
            remedy="Use np.round(x), or x[()] of an array without axes.",
        )
    if digits is None:
        return int(called(x.recorder, np.round, (x,), {}))
    if x.weak and isinstance(x.space, Real) and _is_doubtful(x, digits):
        return round(float(_now(x)), digits)
    found = called(x.recorder, np.round, (x, digits), {})
    if isinstance(found, Tracked):
        found.weak = x.weak
    return found


def _is_doubtful(x: Any, digits: int) -> bool:
    """Whether Python, which rounds the number as it is, may round otherwise than NumPy."""
    if not told(x):
        return False
    scaled = abs(x * 10.0**digits if digits >= 0 else x / 10.0**-digits)
    if digits > 22 or not bool(isfinite(scaled)):
        return True
    return bool(abs(scaled % 1.0 - 0.5) <= 1e-15 * scaled)
