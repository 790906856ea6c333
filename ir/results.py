"""The space of the result of an operation that somebody wrote down, if it is written well."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, SpaceError
from cats.ir.primitive import Primitive
from cats.ir.show import operation_text
from cats.ir.spaces import Discrete, Ground, space_of


def result_space(op: Primitive, spaces: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The space of the result(s) of an operation somebody wrote down.

    Raises SpaceError for a wrong number of arguments, for parameters that it has not, that are of
    another kind, or that make no sense, for integers where real numbers are asked, and what the
    operation itself raises.
    """
    wrong = op.takes.misuse(op.name, len(spaces), params)
    if wrong is not None:
        raise SpaceError(wrong)
    for space in spaces:
        if not isinstance(space, Ground):
            raise SpaceError(
                f"{op.name} takes numbers and arrays, not what lies in {space}",
                remedy="Apply it to the parts of a product.",
            )
    try:
        found = op.result(spaces, dict(params))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        if isinstance(error, CatsError):
            raise
        shown = operation_text(op.name, tuple(params.items()))
        raise SpaceError(f"{shown} has no meaning: {error}") from None
    one = op.elementwise and not isinstance(found, tuple)
    if one and any(isinstance(s, Discrete) for s in spaces):
        _as_numpy(op, spaces, params, found)
    return found


def _as_numpy(op: Primitive, spaces: Sequence[Any], params: Mapping[str, Any], found: Any) -> None:
    """Raises SpaceError where NumPy's own result, entry by entry, lies in another space."""
    entries = tuple(replace(s, shape=()) for s in spaces)
    if _in_numpy(op, tuple(params.items()), entries) != replace(found, shape=()):
        raise SpaceError(
            f"{op.name} is an operation on real numbers, not on {' and '.join(map(str, spaces))}",
            remedy="Write 2.0 for 2, or convert[dtype='float64'] n for an integer n.",
        )


@lru_cache(maxsize=4096)
def _in_numpy(op: Primitive, params: tuple[Any, ...], spaces: tuple[Ground, ...]) -> Any:
    """The space NumPy's own result lies in, seen at numbers; None if NumPy refuses them."""
    if op.code is None:
        return op.space(*spaces, **dict(params))
    ones = [np.ones((), s.dtype)[()] for s in spaces]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return space_of(op.evaluate(*ones, **dict(params)))
        except (TypeError, ValueError, ArithmeticError, CatsError):
            return None
