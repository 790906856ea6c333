"""Numbers of 80 digits and more: arrays of mpf, made exactly from what NumPy holds.

Reals are object arrays of mpf, truth values and integers stay NumPy's. The context is private:
nobody's `mpmath.mp` is touched, and the precision is set by `digits` for a while only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from mpmath.ctx_mp import MPContext

from cats.ir.spaces import Ground, Real, Value

Array = np.ndarray[Any, Any]

DIGITS = 120
"""What is computed with; a second difference of step 1e-30 keeps half of them."""
CONTEXT = MPContext()
CONTEXT.dps = DIGITS
mpf = CONTEXT.mpf
NOT_A_NUMBER = mpf("nan")


def digits(count: int) -> AbstractContextManager[Any]:
    """In a `with`: everything is computed to so many digits."""
    return CONTEXT.workdps(count)  # type: ignore[no-any-return]


def number(value: Any) -> Any:
    """One real number, exactly; what is complex or undefined is not a number.

    >>> number(0.5), number(np.float32(0.25)), number(CONTEXT.log(-1))
    (mpf('0.5'), mpf('0.25'), mpf('nan'))
    """
    if type(value) is mpf:
        return value
    if isinstance(value, CONTEXT.mpc):
        return value.real if value.imag == 0 else NOT_A_NUMBER
    return mpf(value.item() if isinstance(value, np.generic) else value)


def each(f: Callable[..., Any], *arrays: Array) -> Array:
    """f at every entry, as an object array of the same shape."""
    return np.asarray(np.frompyfunc(f, len(arrays), 1)(*arrays), object)


def exact(value: Value) -> Array:
    """The same numbers: reals as mpf, integers and truth values as they are.

    >>> exact(np.array([0.5, 2.0]))
    array([mpf('0.5'), mpf('2.0')], dtype=object)
    """
    array = np.asarray(value)
    return each(number, array) if array.dtype.kind in "fO" else array


def settled(value: Value, space: Ground) -> Array:
    """A result as an array of its space; raises TypeError if it has another shape."""
    found = exact(value) if isinstance(space, Real) else np.asarray(value).astype(space.dtype)
    if found.shape != space.shape:
        raise TypeError(f"the oracle gives shape {found.shape} where {space} is declared")
    return each(number, found) if isinstance(space, Real) and found.dtype != object else found


def nearest(value: Value, space: Ground) -> Value:
    """The values of the space nearest to these numbers."""
    if not isinstance(space, Real):
        return np.asarray(value, space.dtype)[()]
    return np.asarray(each(float, np.asarray(value, object)), space.dtype)[()]
