"""dot, matmul, inner, outer, tensordot, einsum and kron, all through one contraction."""

from __future__ import annotations

import functools
import string
from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import CatsError, TraceError
from cats.ir.prims import layout
from cats.ir.prims.algebra import mul
from cats.ir.prims.choice import not_equal
from cats.ir.prims.contraction import contract
from cats.ir.spaces import Real, Value
from cats.places import users_place
from cats.surface.indexing import diagonal
from cats.surface.promotion import entrywise
from cats.surface.reductions import NAMES as REDUCTIONS
from cats.surface.shapes import ravel
from cats.surface.values import (
    expand,
    lifted,
    normal_axis,
    recorder_of,
    refuse_options,
    with_dtype,
)
from cats.traced import Traced

_LETTERS = string.ascii_letters


def _pair(x: Value, y: Value) -> tuple[Traced, Traced]:
    recorder = recorder_of(x, y)
    a, b = lifted(recorder, x), lifted(recorder, y)
    dtype = np.result_type(a.dtype, b.dtype)
    return with_dtype(a, dtype), with_dtype(b, dtype)


def _contract(spec: str, *xs: Traced) -> Value:
    if not isinstance(xs[0].space, Real):
        return _whole_contract(spec, *xs)
    try:
        return contract(*xs, spec=spec)
    except CatsError as error:
        raise error.at(users_place()) from None


def _whole_contract(spec: str, *xs: Traced) -> Value:
    """A contraction of integers, in their own arithmetic: the full product, then its sum."""
    left, _, out = spec.partition("->")
    operands = left.split(",")
    letters = out + "".join(dict.fromkeys(c for c in left if c.isalpha() and c not in out))
    dtype = xs[0].dtype
    aligned = [_aligned(x, o, letters) for x, o in zip(xs, operands, strict=True)]
    if dtype == np.bool_:
        aligned = [with_dtype(x, np.int64) for x in aligned]
    product = functools.reduce(lambda a, b: entrywise(np.multiply, mul, a, b), aligned)
    total = _SUM(product, axis=tuple(range(len(out), len(letters))))
    return not_equal(total, 0) if dtype == np.bool_ else with_dtype(total, dtype)


def _aligned(x: Traced, own: str, letters: str) -> Traced:
    """The operand with an axis for each letter, of length 1 where it has none."""
    order = tuple(own.index(c) for c in letters if c in own)
    moved = x if order == tuple(range(x.ndim)) else layout.transpose(x, axes=order)
    lengths = iter(moved.shape)
    shape = tuple(next(lengths) if c in own else 1 for c in letters)
    return layout.reshape(moved, shape=shape)  # type: ignore[no-any-return]


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


def einsum(*operands: Any, **options: Any) -> Value:
    """np.einsum; repeated letters of one operand read its diagonal, lengths of 1 are repeated."""
    refuse_options("np.einsum", options, "optimize")
    text, xs = _spelled(operands)
    recorder = recorder_of(*xs)
    given = [lifted(recorder, x) for x in xs]
    dtype = np.result_type(*[x.dtype for x in given])
    left, out = _letters(text, [x.ndim for x in given])
    arrays = [with_dtype(x, dtype) for x in given]
    _check_letters(text, left, out, arrays)
    prepared = [
        _prepared(a, o, i, left, out) for i, (a, o) in enumerate(zip(arrays, left, strict=True))
    ]
    prepared = _without_ones(prepared)
    if len(prepared) == 1:
        array, names = prepared[0]
        order = tuple(names.index(c) for c in out)
        alone = order == tuple(range(array.ndim))
        return with_dtype(array if alone else layout.transpose(array, axes=order), dtype)
    return _contract(f"{','.join(o for _, o in prepared)}->{out}", *[a for a, _ in prepared])


def _spelled(operands: tuple[Any, ...]) -> tuple[str, list[Value]]:
    """The subscripts as text and the arrays, from either way of writing einsum."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), list(operands[1:])
    rows = [_row(r) for r in operands[1::2]]
    count = len(operands) // 2
    text = ",".join(rows[:count])
    if len(operands) % 2:
        text += "->" + _row(operands[-1])
    return text, list(operands[0 : 2 * count : 2])


def _row(numbers: Any) -> str:
    return "".join("..." if n is Ellipsis else _LETTERS[int(n)] for n in numbers)


def _letters(text: str, ranks: list[int]) -> tuple[list[str], str]:
    """The letters of the operands and of the result, `...` and a missing result spelled out."""
    left, arrow, out = text.partition("->")
    operands = left.split(",")
    used = set(text)
    spare = [c for c in _LETTERS if c not in used]
    hidden = [
        r - len(o.replace("...", "")) for o, r in zip(operands, ranks, strict=False) if "..." in o
    ]
    dots = "".join(spare[: max([0, *hidden])])
    if not arrow:
        once = sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1)
        out = ("..." if hidden else "") + "".join(once)
    counts = iter(hidden)
    full = [
        o.replace("...", dots[len(dots) - next(counts) :]) if "..." in o else o for o in operands
    ]
    return full, out.replace("...", dots)


def _check_letters(text: str, left: list[str], out: str, arrays: list[Traced]) -> None:
    """Raises TraceError when the subscripts do not fit the operands."""
    fits = [len(o) for o in left] == [a.ndim for a in arrays]
    letters = "".join([*left, out])
    known = set(out) <= set("".join(left)) and len(set(out)) == len(out)
    if fits and known and (letters.isalpha() or not letters) and letters.isascii():
        return
    raise TraceError(
        f"einsum('{text}') does not fit operands of shapes {[a.shape for a in arrays]}",
        where=users_place(),
        remedy="Give a letter for each axis; the result uses each of them at most once.",
    )


def _without_ones(operands: list[tuple[Traced, str]]) -> list[tuple[Traced, str]]:
    """Operands whose axes of length 1 are dropped where another operand is longer."""
    longest: dict[str, int] = {}
    for array, letters in operands:
        for length, letter in zip(array.shape, letters, strict=True):
            longest[letter] = length if longest.get(letter, 1) == 1 else longest[letter]
    return [_without(a, o, longest) for a, o in operands]


def _without(x: Traced, letters: str, longest: dict[str, int]) -> tuple[Traced, str]:
    kept = [i for i, c in enumerate(letters) if x.shape[i] == longest[c]]
    if len(kept) == len(letters) or any(x.shape[i] != 1 for i in range(x.ndim) if i not in kept):
        return x, letters
    shape = tuple(x.shape[i] for i in kept)
    return layout.reshape(x, shape=shape), "".join(letters[i] for i in kept)


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
        x = with_dtype(_SUM(x, axis=lone), x.dtype)
        letters = "".join(c for i, c in enumerate(letters) if i not in lone)
    return x, letters


_SUM = REDUCTIONS[np.sum]


NAMES: dict[Any, Callable[..., Value]] = {
    np.dot: dot,
    np.matmul: matmul,
    np.vdot: vdot,
    np.inner: inner,
    np.outer: outer,
    np.tensordot: tensordot,
    np.einsum: einsum,
}
