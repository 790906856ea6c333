"""dot, matmul, inner, outer, tensordot, einsum and norm, all through one contraction."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, TraceError
from cats.ir.prims import layout
from cats.ir.prims.algebra import mul
from cats.ir.prims.choice import abs as absolute
from cats.ir.prims.contraction import contract
from cats.ir.prims.smooth import sqrt
from cats.ir.spaces import Value
from cats.surface.elementwise import entrywise
from cats.surface.indexing import diagonal
from cats.surface.reductions import NAMES as REDUCTIONS
from cats.surface.shapes import ravel
from cats.surface.values import (
    expand,
    lifted,
    normal_axes,
    normal_axis,
    real,
    recorder_of,
    refuse_options,
    with_dtype,
)
from cats.traced import Traced, users_place

_LETTERS = string.ascii_letters


def _pair(x: Value, y: Value) -> tuple[Traced, Traced]:
    recorder = recorder_of(x, y)
    a, b = lifted(recorder, x), lifted(recorder, y)
    dtype = np.result_type(a.dtype, b.dtype)
    a, b = with_dtype(a, dtype), with_dtype(b, dtype)
    return (real(a), real(b)) if dtype.kind != "f" else (a, b)


def _contract(spec: str, *xs: Traced) -> Value:
    try:
        return contract(*xs, spec=spec)
    except CatsError as error:
        raise error.at(users_place()) from None


def dot(x: Value, y: Value, **options: Any) -> Value:
    """np.dot: the last axis of x with the last but one of y."""
    refuse_options("np.dot", options)
    a, b = _pair(x, y)
    if not a.ndim or not b.ndim:
        return entrywise(np.multiply, mul, a, b)
    left = _LETTERS[: a.ndim]
    right = _LETTERS[a.ndim : a.ndim + b.ndim]
    place = max(0, b.ndim - 2)
    right = right[:place] + left[-1] + right[place + 1 :]
    return _contract(f"{left},{right}->{left[:-1]}{right.replace(left[-1], '')}", a, b)


def matmul(x: Value, y: Value, **options: Any) -> Value:
    """np.matmul: matrices, broadcast over leading axes."""
    refuse_options("np.matmul", options)
    a, b = _pair(x, y)
    if not a.ndim or not b.ndim:
        raise TraceError("matmul of a number: both operands need axes", where=users_place())
    if a.ndim <= 2 and b.ndim <= 2:
        return dot(a, b)
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    batch = _LETTERS[3 : 3 + len(stack)]
    left = "c" if a.ndim == 1 else batch + "ac"
    right = "c" if b.ndim == 1 else batch + "cb"
    a = a if a.ndim == 1 else expand(a, (*stack, *a.shape[-2:]))
    b = b if b.ndim == 1 else expand(b, (*stack, *b.shape[-2:]))
    out = batch + ("a" if a.ndim > 1 else "") + ("b" if b.ndim > 1 else "")
    return _contract(f"{left},{right}->{out}", a, b)


def vdot(x: Value, y: Value) -> Value:
    """np.vdot: both flattened."""
    recorder = recorder_of(x, y)
    return dot(ravel(lifted(recorder, x)), ravel(lifted(recorder, y)))


def inner(x: Value, y: Value) -> Value:
    """np.inner: last axes together."""
    a, b = _pair(x, y)
    if not a.ndim or not b.ndim:
        return entrywise(np.multiply, mul, a, b)
    left, right = _LETTERS[: a.ndim], _LETTERS[a.ndim : a.ndim + b.ndim - 1]
    return _contract(f"{left},{right}{left[-1]}->{left[:-1]}{right}", a, b)


def outer(x: Value, y: Value, **options: Any) -> Value:
    """np.outer: both flattened."""
    refuse_options("np.outer", options)
    a, b = _pair(x, y)
    return _contract("a,b->ab", ravel(a), ravel(b))


def tensordot(x: Value, y: Value, axes: Any = 2) -> Value:
    """np.tensordot."""
    a, b = _pair(x, y)
    if isinstance(axes, int | np.integer):
        left = list(range(a.ndim - int(axes), a.ndim))
        right = list(range(int(axes)))
    else:
        left, right = ([int(i) for i in np.atleast_1d(side)] for side in axes)
    left = [normal_axis(i, a.ndim) for i in left]
    right = [normal_axis(i, b.ndim) for i in right]
    names = list(_LETTERS[: a.ndim])
    others = list(_LETTERS[a.ndim : a.ndim + b.ndim])
    for i, j in zip(left, right, strict=True):
        others[j] = names[i]
    kept = [n for i, n in enumerate(names) if i not in left]
    kept += [n for j, n in enumerate(others) if j not in right]
    return _contract(f"{''.join(names)},{''.join(others)}->{''.join(kept)}", a, b)


def einsum(spec: str, *xs: Value, **options: Any) -> Value:
    """np.einsum with a letter for each axis; repeated letters of one operand read its diagonal."""
    refuse_options("np.einsum", options, "optimize")
    text = spec.replace(" ", "")
    if "." in text:
        raise TraceError(
            f"einsum('{spec}'): '...' is not known to cats", where=users_place(),
            remedy="Write a letter for each axis.",
        )
    recorder = recorder_of(*xs)
    dtype = np.result_type(*[lifted(recorder, x).dtype for x in xs])
    arrays = [with_dtype(lifted(recorder, x), dtype) for x in xs]
    left, arrow, out = text.partition("->")
    operands = left.split(",")
    if not arrow:
        out = "".join(sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1))
    if len(operands) != len(arrays) or any(
        len(o) != a.ndim for o, a in zip(operands, arrays, strict=False)
    ):
        raise TraceError(
            f"einsum('{spec}') does not fit operands of shapes {[a.shape for a in arrays]}",
            where=users_place(),
        )
    prepared = [_prepared(a, o, i, operands, out) for i, (a, o) in enumerate(zip(arrays, operands, strict=True))]
    letters = [o for _, o in prepared]
    if len(prepared) == 1:
        array, names = prepared[0]
        order = tuple(names.index(c) for c in out)
        return array if order == tuple(range(array.ndim)) else layout.transpose(array, axes=order)
    return _contract(f"{','.join(letters)}->{out}", *[a for a, _ in prepared])


def _prepared(
    x: Traced, letters: str, place: int, operands: list[str], out: str
) -> tuple[Traced, str]:
    """The operand with repeated letters read on the diagonal and lone letters summed."""
    while (twice := next((c for c in letters if letters.count(c) > 1), None)) is not None:
        i = letters.index(twice)
        j = letters.index(twice, i + 1)
        x = diagonal(x, 0, i, j)
        letters = letters[:i] + letters[i + 1 : j] + letters[j + 1 :] + twice
    others = set(out).union(*(o for k, o in enumerate(operands) if k != place))
    lone = tuple(i for i, c in enumerate(letters) if c not in others)
    if lone:
        x = layout.sum(x, axes=lone)
        letters = "".join(c for i, c in enumerate(letters) if i not in lone)
    return x, letters


def norm(x: Value, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Value:
    """np.linalg.norm of vectors: orders 1, 2, inf, and the Frobenius norm."""
    array = real(lifted(recorder_of(x), x))
    axes = normal_axes(axis, array.ndim)
    if ord not in (None, 2, 1, np.inf, "fro") or (ord not in (None, "fro") and len(axes) != 1):
        raise TraceError(
            f"np.linalg.norm(ord={ord!r}) over {len(axes)} axes is not known to cats",
            where=users_place(),
        )
    axis = axes
    if ord == 1:
        return REDUCTIONS[np.sum](absolute(array), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return REDUCTIONS[np.max](absolute(array), axis=axis, keepdims=keepdims)
    return sqrt(REDUCTIONS[np.sum](mul(array, array), axis=axis, keepdims=keepdims))


NAMES: dict[Any, Callable[..., Value]] = {
    np.dot: dot,
    np.matmul: matmul,
    np.vdot: vdot,
    np.inner: inner,
    np.outer: outer,
    (np.multiply, "outer"): lambda x, y: _contract("a,b->ab", *_pair(x, y)),
    np.tensordot: tensordot,
    np.einsum: einsum,
    np.linalg.norm: norm,
}
