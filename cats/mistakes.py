"""Mistakes that NumPy finds too: the error is one of its kind, and code may catch it as it would.

Whether it does is asked of NumPy itself, on the values of this call or on ones of the same shapes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import Asked, CatsError, TraceError, Where
from cats.tracked import Tracked

_KINDS: tuple[type[Exception], ...] = (
    np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, KeyError, ZeroDivisionError,
    ArithmeticError, AttributeError, ValueError, TypeError, RuntimeError,
)  # fmt: skip
"""What NumPy raises on arguments that it cannot take; of two that fit, the narrower comes first."""


class Mistake(CatsError):
    """Arguments that NumPy cannot take either; its subclasses are also of the kind it raises."""

    kind: type[Exception]

    def __reduce__(self) -> tuple[object, ...]:
        return _mistake, (self.kind, self.message, self.where, self.remedy)


_CLASSES: dict[type[Exception], type[CatsError]] = {
    **{kind: type(kind.__name__, (Mistake, kind), {"kind": kind}) for kind in _KINDS},
    TypeError: Asked,
}
"""The classes of mistakes that are caught as a kind of exception."""


def _mistake(
    kind: type[Exception], message: str, where: Where | None, remedy: str | None
) -> CatsError:
    return _CLASSES[kind](message, where=where, remedy=remedy)


def as_numpy(
    error: CatsError, plain: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> CatsError:
    """The error, of the kind that NumPy raises on such arguments; where it raises none, of ours."""
    kind = refused(plain, args, kwargs)
    if kind is None and isinstance(error, Mistake):
        return TraceError(error.message, where=error.where, remedy=error.remedy)
    return error if kind is None or isinstance(error, Asked) else of_kind(kind, error)


def of_kind(kind: type[Exception], error: CatsError) -> CatsError:
    """The error, as one that is caught as that kind of exception too."""
    return _mistake(kind, error.message, error.where, error.remedy)


def refused(
    plain: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> type[Exception] | None:
    """The kind of exception a function of NumPy raises on such arguments, if it does.

    A function of the user's among them is not called: nothing is said then.

    >>> refused(np.add, (np.ones(2), np.ones(3)), {}), refused(np.add, (1.0, 2.0), {})
    (<class 'ValueError'>, None)
    """
    try:
        given, named = _plain(args), _plain(kwargs)
    except _Unknown:
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            plain(*given, **named)
        except _KINDS as error:
            return next(kind for kind in _KINDS if isinstance(error, kind))
        except Exception:
            return None
    return None


class _Unknown(Exception):
    """An argument of which no plain one can be made."""


def _plain(value: Any) -> Any:
    """Arguments as NumPy would be given them, and may write into."""
    if isinstance(value, Tracked):
        concrete = value.recorder.concrete
        told = concrete.told(value)
        found = np.array(concrete.value(value.term)) if told else np.ones(value.shape, value.dtype)
        return found if value.is_array else found.item() if value.weak else found[()]
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {name: _plain(v) for name, v in value.items()}
    if isinstance(value, slice):
        return slice(*map(_plain, (value.start, value.stop, value.step)))
    if isinstance(value, np.ndarray):
        return value.copy()
    if callable(value) and not isinstance(value, type):
        raise _Unknown
    return value
