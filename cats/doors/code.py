"""What a code object does that its doors must know before it runs."""

from __future__ import annotations

import dis
import functools
import inspect
import types
from collections.abc import Iterator
from itertools import pairwise

from cats.ir.errors import Where


def inner(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object and those of the functions and classes made in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from inner(constant)


@functools.lru_cache(maxsize=4096)
def asks_identity(code: types.CodeType) -> bool:
    """Whether it asks `is True` or `is False`, as `case True` does too.

    >>> asks_identity((lambda x: x is True).__code__), asks_identity((lambda x: x is None).__code__)
    (True, False)
    """
    return any(map(_asks_identity, inner(code)))


def _asks_identity(code: types.CodeType) -> bool:
    if not any(constant is True or constant is False for constant in code.co_consts):
        return False
    steps = list(dis.get_instructions(code))
    return any(
        step.opname == "IS_OP" and (before.argval is True or before.argval is False)
        for before, step in pairwise(steps)
    )


@functools.lru_cache(maxsize=4096)
def asks_which(code: types.CodeType) -> Where | None:
    """Where it asks `a is b` of what may be two arguments, if it does.

    >>> asks_which((lambda a, b: a is b).__code__) is None
    False
    >>> asks_which((lambda a, b: a is None).__code__) is None
    True
    """
    for part in inner(code):
        steps = list(dis.get_instructions(part))
        for first, second, step in zip(steps, steps[1:], steps[2:], strict=False):
            if step.opname == "IS_OP" and _of_two(first.opname, second.opname):
                line = step.positions.lineno if step.positions else None
                return Where(part.co_filename, line or part.co_firstlineno, part.co_name)
    return None


def _of_two(first: str, second: str) -> bool:
    """Whether what comes before `is` makes two things that may be arguments, or parts of them."""
    if second == "LOAD_FAST":
        return first in ("LOAD_FAST", "BINARY_SUBSCR")
    return second in ("LOAD_FAST_LOAD_FAST", "BINARY_SUBSCR")


_READS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})


@functools.lru_cache(maxsize=4096)
def names_of_classes(code: types.CodeType) -> frozenset[str]:
    """The names read in the bodies of classes: Python looks those up in a plain dict only.

    >>> def f(x):
    ...     class Local:
    ...         start = zeros(3)
    >>> "zeros" in names_of_classes(f.__code__)
    True
    """
    bodies = [c for c in inner(code) if not c.co_flags & inspect.CO_OPTIMIZED]
    steps = [step for body in bodies for step in dis.get_instructions(body)]
    return frozenset(str(step.argval) for step in steps if step.opname in _READS)
