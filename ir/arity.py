"""What an operation takes, read off its record, and the space of its result if it is given that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import Parameter, signature
from string import Formatter
from typing import Any

from cats.ir.errors import CatsError, SpaceError
from cats.ir.primitive import Primitive
from cats.ir.show import operation_text


@cache
def arity(op: Primitive) -> int | None:
    """How many arguments an operation takes; None if it takes one or more.

    >>> from cats.ir.prims import algebra, contraction
    >>> arity(algebra.add), arity(contraction.contract)
    (2, None)
    """
    if isinstance(op.code, str):
        names = [name or "" for _, name, _, _ in Formatter().parse(op.code)]
        return max([int(name) for name in names if name.isdigit()], default=-1) + 1
    code = op.code or op.function
    if code is None:
        return None
    kinds = [parameter.kind for parameter in signature(code).parameters.values()]
    if Parameter.VAR_POSITIONAL in kinds:
        return None
    return len([kind for kind in kinds if kind not in _BY_NAME])


_BY_NAME = (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD)


@cache
def parameters(op: Primitive) -> dict[str, bool] | None:
    """The names of the parameters of an operation, and whether it needs them; None: any.

    >>> from cats.ir.prims import algebra, layout
    >>> parameters(algebra.add), parameters(layout.reshape)
    ({}, {'shape': True})
    """
    spoken = _named(op.space)
    if isinstance(op.code, str):
        names = [name or "" for _, name, _, _ in Formatter().parse(op.code)]
        return {**dict.fromkeys([n for n in names if n.isidentifier()], True), **spoken}
    code = op.code or op.function
    if code is None:
        return None
    said = signature(code).parameters.values()
    if any(p.kind is Parameter.VAR_KEYWORD for p in said):
        return None
    return {**_named(code), **spoken}


def _named(function: Callable[..., Any]) -> dict[str, bool]:
    """The parameters that are given by name, and whether they must be."""
    said = signature(function).parameters.values()
    return {p.name: p.default is p.empty for p in said if p.kind is Parameter.KEYWORD_ONLY}


def result_space(op: Primitive, spaces: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The space of the result(s) of an operation somebody wrote down.

    Raises SpaceError for a wrong number of arguments, for parameters that it has not, or that make
    no sense, and what the operation itself raises.
    """
    taken, known = arity(op), parameters(op)
    if taken is not None and len(spaces) != taken:
        raise SpaceError(f"{op.name} takes {counted(taken, 'argument')}, not {len(spaces)}")
    if known is not None:
        strange = next((name for name in params if name not in known), None)
        missing = next((name for name, need in known.items() if need and name not in params), None)
        if strange is not None:
            has = f"its parameters are {', '.join(known)}" if known else "it has none"
            raise SpaceError(f"{op.name} has no parameter {strange!r}: {has}")
        if missing is not None:
            raise SpaceError(f"{op.name} needs its parameter {missing!r}")
    try:
        return op.space(*spaces, **params)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        if isinstance(error, CatsError):
            raise
        shown = operation_text(op.name, tuple(params.items()))
        raise SpaceError(f"{shown} has no meaning: {error}") from None


def counted(n: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "argument"), counted(2, "argument")
    ('1 argument', '2 arguments')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
