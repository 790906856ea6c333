"""The space of the result of an operation that somebody wrote down, if it is written well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cats.ir.errors import CatsError, SpaceError
from cats.ir.primitive import Primitive
from cats.ir.show import operation_text


def result_space(op: Primitive, spaces: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The space of the result(s) of an operation somebody wrote down.

    Raises SpaceError for a wrong number of arguments, for parameters that it has not, that are of
    another kind, or that make no sense, and what the operation itself raises.
    """
    wrong = op.takes.misuse(op.name, len(spaces), params)
    if wrong is not None:
        raise SpaceError(wrong)
    try:
        return op.space(*spaces, **params)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        if isinstance(error, CatsError):
            raise
        shown = operation_text(op.name, tuple(params.items()))
        raise SpaceError(f"{shown} has no meaning: {error}") from None
