"""dot, matmul, inner, outer, tensordot and kron, all through one contraction; cross."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, SpaceError, TraceError
from cats.ir.prims.algebra import mul
from cats.ir.prims.contraction import contract, parts_of, spare
from cats.ir.spaces import Value
from cats.places import users_place
from cats.surface.joining import stack
from cats.surface.moving import along
from cats.surface.promotion import entrywise
from cats.surface.shapes import moveaxis, ravel
from cats.surface.values import (
    expand,
    lifted,
    normal_axis,
    recorder_of,
    refuse_options,
    with_dtype,
)
from cats.traced import Traced


def paired(x: Value, y: Value) -> tuple[Traced, Traced]:
    """Both in their common dtype."""
    recorder = recorder_of(x, y)
    a, b = lifted(recorder, x), lifted(recorder, y)
    dtype = np.result_type(a.dtype, b.dtype)
    return with_dtype(a, dtype), with_dtype(b, dtype)


def contracted(name: str, spec: str, *xs: Traced) -> Value:
    """The contraction, for the function of that name; errors name it, and the user's line."""
    _check_fit(name, spec, xs)
    try:
        return contract(*xs, spec=spec)
    except CatsError as error:
        raise error.at(users_place()) from None


def _check_fit(name: str, spec: str, xs: Sequence[Traced]) -> None:
    """Raises SpaceError, which tells shapes and no letters, for axes of other lengths."""
    sizes: dict[str, int] = {}
    for letters, x in zip(parts_of(spec)[0], xs, strict=True):
        for letter, n in zip(letters, x.shape, strict=True):
            if sizes.setdefault(letter, n) != n:
                shapes = " and ".join(str(x.shape) for x in xs)
                raise SpaceError(
                    f"{name} of shapes {shapes}: axes that go together have {sizes[letter]} and "
                    f"{n} entries",
                    where=users_place(),
                )


def dot(x: Value, y: Value, *, into: Any = None, **options: Any) -> Value:
    """np.dot: the last axis of x with the last but one of y. Raises ValueError for another `into`,
    the dtype of what it is written into.
    """
    refuse_options("np.dot", options)
    a, b = paired(x, y)
    if into is not None and into != a.dtype:
        raise ValueError(f"out= is an array of {into}, and the product is of {a.dtype}")
    return _dot("np.dot", a, b)


def _dot(name: str, a: Traced, b: Traced) -> Value:
    if not a.ndim or not b.ndim:
        return entrywise(np.multiply, mul, a, b)
    names = spare(a.ndim + b.ndim)
    left, right = names[: a.ndim], names[a.ndim :]
    place = max(0, b.ndim - 2)
    right = right[:place] + left[-1] + right[place + 1 :]
    return contracted(name, f"{left},{right}->{left[:-1]}{right.replace(left[-1], '')}", a, b)


def matmul(x: Value, y: Value) -> Value:
    """Matrices, broadcast over leading axes."""
    a, b = paired(x, y)
    if not a.ndim or not b.ndim:
        raise TraceError("matmul of a number: both operands need axes", where=users_place())
    if a.ndim <= 2 and b.ndim <= 2:
        return _dot("np.matmul", a, b)
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    batch = spare(len(stack), "abc")
    left = "c" if a.ndim == 1 else batch + "ac"
    right = "c" if b.ndim == 1 else batch + "cb"
    a = a if a.ndim == 1 else expand(a, (*stack, *a.shape[-2:]))
    b = b if b.ndim == 1 else expand(b, (*stack, *b.shape[-2:]))
    out = batch + ("a" if a.ndim > 1 else "") + ("b" if b.ndim > 1 else "")
    return contracted("np.matmul", f"{left},{right}->{out}", a, b)


def vdot(x: Value, y: Value) -> Value:
    """np.vdot: both flattened."""
    a, b = paired(x, y)
    return _dot("np.vdot", ravel(a), ravel(b))


def inner(x: Value, y: Value) -> Value:
    """np.inner: last axes together."""
    a, b = paired(x, y)
    if not a.ndim or not b.ndim:
        return entrywise(np.multiply, mul, a, b)
    names = spare(a.ndim + b.ndim - 1)
    left, right = names[: a.ndim], names[a.ndim :]
    return contracted("np.inner", f"{left},{right}{left[-1]}->{left[:-1]}{right}", a, b)


def outer(x: Value, y: Value, **options: Any) -> Value:
    """np.outer: both flattened."""
    refuse_options("np.outer", options)
    a, b = paired(x, y)
    return contracted("np.outer", "a,b->ab", ravel(a), ravel(b))


def tensordot(x: Value, y: Value, axes: Any = 2) -> Value:
    """np.tensordot."""
    a, b = paired(x, y)
    if isinstance(axes, int | np.integer):
        left = list(range(a.ndim - int(axes), a.ndim))
        right = list(range(int(axes)))
    else:
        left, right = ([int(i) for i in np.atleast_1d(side)] for side in axes)
    left = [normal_axis(i, a.ndim) for i in left]
    right = [normal_axis(i, b.ndim) for i in right]
    whole = spare(a.ndim + b.ndim)
    names, others = list(whole[: a.ndim]), list(whole[a.ndim :])
    for i, j in zip(left, right, strict=True):
        others[j] = names[i]
    kept = [n for i, n in enumerate(names) if i not in left]
    kept += [n for j, n in enumerate(others) if j not in right]
    spec = f"{''.join(names)},{''.join(others)}->{''.join(kept)}"
    return contracted("np.tensordot", spec, a, b)


def cross(
    a: Value, b: Value, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Value:
    """np.cross of vectors with 3 entries, or with 2: their third is 0."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = paired(a, b)
    x, y = moveaxis(x, axisa, -1), moveaxis(y, axisb, -1)
    if not {x.shape[-1], y.shape[-1]} <= {2, 3}:
        raise ValueError("the vectors of a cross product have 2 or 3 entries")
    if x.shape[-1] == y.shape[-1] == 2:
        return x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    if x.shape[-1] == y.shape[-1] == 3:
        (x1, x2), (y1, y2) = ([along(v, turn, v.ndim - 1) for turn in _TURNS] for v in (x, y))
        return moveaxis(x1 * y2 - x2 * y1, -1, axisc)
    return moveaxis(_with_a_flat_one(x, y), -1, axisc)


_TURNS = (np.array([1, 2, 0]), np.array([2, 0, 1]))
"""The entries after, and those before, each of three."""


def _with_a_flat_one(x: Traced, y: Traced) -> Value:
    """The cross product of a vector in the plane and one in space."""
    up = x.shape[-1] == 3
    normal = x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    high, flat = (x, y) if up else (y, x)
    parts = [high[..., 2] * flat[..., 1], high[..., 2] * flat[..., 0]]
    parts = [-parts[0], parts[1]] if up else [parts[0], -parts[1]]
    return stack([*parts, normal], -1)


NAMES: dict[Any, Callable[..., Value]] = {
    np.dot: dot,
    np.vdot: vdot,
    np.inner: inner,
    np.outer: outer,
    np.tensordot: tensordot,
    np.cross: cross,
}
