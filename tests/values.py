"""Arguments to try an operation on: drawn from the domain it states, at the examples it states."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from cats.ir.primitive import Domain, Example, Primitive
from cats.ir.spaces import Discrete, Ground, Real, Shape, Value

SHAPES: tuple[Shape, ...] = ((), (3,), (2, 3), (0,))


def examples(op: Primitive, dtype: str = "float64", *shapes: Shape) -> Iterator[Example]:
    """The examples of a primitive; an entrywise one is tried at each of `shapes` (SHAPES)."""
    if not op.elementwise:
        yield from (retyped(example, dtype) for example in op.examples)
        return
    given = op.examples or (Example((Real(),) * len(op.domain)),)
    for example in dict.fromkeys(Example(_at(e, ()), e.params) for e in given):
        for shape in shapes or SHAPES:
            yield retyped(Example(_at(example, shape), example.params), dtype)


def _at(example: Example, shape: Shape) -> tuple[Ground, ...]:
    return tuple(replace(space, shape=shape) for space in example.spaces)


def retyped(example: Example, dtype: str) -> Example:
    """The example with its float64 spaces, and a `dtype` among its parameters beside a `shape`,
    of another width.
    """
    names = {name for name, _ in example.params}
    params = tuple(
        (name, dtype if name == "dtype" and "shape" in names else value)
        for name, value in example.params
    )
    spaces = tuple(
        replace(s, dtype=dtype) if isinstance(s, Real) and s.dtype == "float64" else s
        for s in example.spaces
    )
    return replace(example, spaces=spaces, params=params)


def domain_of(op: Primitive, slot: int) -> Domain:
    """Where argument `slot` is drawn from: the last domain stated serves those after it."""
    return op.domain[min(slot, len(op.domain) - 1)]


def drawn(space: Ground, domain: Domain, rng: np.random.Generator) -> Value:
    """A value of the space with entries in the domain; a NumPy scalar when it has no axes.

    >>> drawn(Discrete((2,)), Domain(0, 1), np.random.default_rng(0)).dtype
    dtype('int64')
    """
    match space:
        case Discrete(shape, "bool"):
            array: np.ndarray[Any, Any] = rng.integers(0, 2, shape).astype(bool)
        case Discrete(shape, dtype):
            low, high = int(np.ceil(domain.low)), int(np.floor(domain.high))
            array = rng.integers(low, high, shape, endpoint=True).astype(dtype)
        case Real(shape, dtype):
            array = np.asarray(rng.uniform(domain.low, domain.high, shape), dtype)
    return np.asarray(array)[()]


def arguments(
    op: Primitive, example: Example, rng: np.random.Generator, dtype: str | None = None
) -> list[Value]:
    """A value for each argument of the example, from the domain the primitive states for it.

    >>> from cats.ir.prims.smooth import sqrt
    >>> (x,) = arguments(sqrt, Example((Real((2,)),)), np.random.default_rng(0), "float32")
    >>> x.dtype, bool((x > 0).all())
    (dtype('float32'), True)
    """
    chosen = example if dtype is None else retyped(example, dtype)
    return arranged(chosen, [drawn(s, domain_of(op, i), rng) for i, s in enumerate(chosen.spaces)])


def arranged(example: Example, values: list[Value]) -> list[Value]:
    """What the example makes of values drawn for it."""
    return values if example.arrange is None else list(example.arrange(*values))


def program_spaces(op: Primitive, example: Example) -> tuple[Ground, ...]:
    """The spaces of the results at an example."""
    found = op.space(*example.spaces, **dict(example.params))
    return found if isinstance(found, tuple) else (found,)
