"""How many arguments an operation takes, read off its record."""

from __future__ import annotations

from functools import cache
from inspect import Parameter, signature
from string import Formatter

from cats.ir.primitive import Primitive


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


def counted(n: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "argument"), counted(2, "argument")
    ('1 argument', '2 arguments')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
