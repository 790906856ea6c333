"""np.einsum: contractions by letters, of two operands at a time where that takes less work."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims import layout
from cats.ir.prims.contraction import spare
from cats.ir.spaces import Real, Value
from cats.places import users_place
from cats.surface.indexing import own_diagonal
from cats.surface.products import contracted
from cats.surface.values import lifted, recorder_of, refuse_options, shadow, with_dtype
from cats.traced import Traced

_LETTERS = string.ascii_letters

Operand = tuple[Traced, str]
"""An array, and a letter for each of its axes."""


def einsum(
    *operands: Any,
    optimize: Any = False,
    dtype: Any = None,
    casting: Any = "safe",
    into: Any = None,
    **options: Any,
) -> Value:
    """np.einsum; repeated letters of one operand read its diagonal, lengths of 1 are repeated.

    into  the dtype of `out=`, in which NumPy computes where no other is said
    """
    options.pop("order", None)
    dtype = into if dtype is None and optimize is False else dtype
    refuse_options("np.einsum", options)
    text, xs = _spelled(operands)
    recorder = recorder_of(*xs)
    arrays = [lifted(recorder, x) for x in xs]
    left, out = _letters(text, [x.ndim for x in arrays])
    _check_letters(text, left, out, arrays)
    given = [_without_repeats(a, o) for a, o in zip(arrays, left, strict=True)]
    if len(given) == 1 and set(given[0][1]) == set(out):
        return _in_order(given[0], out)
    given = _without_ones(_in_one_dtype(given, dtype, casting))
    return _contracted(_summed(given, out), out, optimize)


def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Value:
    """np.einsum_path: it asks for shapes only."""
    text, xs = _spelled(operands)
    recorder = recorder_of(*xs)
    shadows = [shadow(lifted(recorder, x)) for x in xs]
    return np.einsum_path(text, *shadows, optimize=optimize)


# Reading the letters


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
    hidden = [
        r - len(o.replace("...", "")) for o, r in zip(operands, ranks, strict=False) if "..." in o
    ]
    dots = spare(max([0, *hidden]), text)
    if not arrow:
        once = sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1)
        out = ("..." if hidden else "") + "".join(once)
    if dots and "..." not in out:
        raise ValueError("operands have axes under '...', and the result has no '...'")
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
    plain = (letters.isalpha() or not letters) and letters.isascii()
    if fits and known and plain and all(map(_is_square, arrays, left)):
        return
    raise TraceError(
        f"einsum('{text}') does not fit operands of shapes {[a.shape for a in arrays]}",
        where=users_place(),
        remedy="Give a letter for each axis; the result uses each of them at most once.",
    )


def _is_square(x: Traced, letters: str) -> bool:
    """Whether axes of one letter have one length."""
    return len(set(zip(letters, x.shape, strict=True))) == len(set(letters))


# Making the operands ready


def _without_repeats(x: Traced, letters: str) -> Operand:
    """The operand with repeated letters read on the diagonal."""
    while (twice := next((c for c in letters if letters.count(c) > 1), None)) is not None:
        i = letters.index(twice)
        j = letters.index(twice, i + 1)
        x = own_diagonal(x, i, j)
        letters = letters[:i] + letters[i + 1 : j] + letters[j + 1 :] + twice
    return x, letters


def _in_one_dtype(operands: list[Operand], dtype: Any, casting: Any) -> list[Operand]:
    """The operands in their common dtype, or in the one asked for."""
    found = np.result_type(*[x.dtype for x, _ in operands])
    wanted = found if dtype is None else np.dtype(dtype)
    if not np.can_cast(found, wanted, casting):
        raise TypeError(f"cannot cast {found} to {wanted} by the rule {casting!r}")
    return [(with_dtype(x, wanted), letters) for x, letters in operands]


def _without_ones(operands: list[Operand]) -> list[Operand]:
    """Operands whose axes of length 1 are dropped where another operand is longer."""
    longest: dict[str, int] = {}
    for array, letters in operands:
        for length, letter in zip(array.shape, letters, strict=True):
            longest[letter] = length if longest.get(letter, 1) == 1 else longest[letter]
    return [_without(a, o, longest) for a, o in operands]


def _without(x: Traced, letters: str, longest: dict[str, int]) -> Operand:
    kept = [i for i, c in enumerate(letters) if x.shape[i] == longest[c]]
    if len(kept) == len(letters) or any(x.shape[i] != 1 for i in range(x.ndim) if i not in kept):
        return x, letters
    shape = tuple(x.shape[i] for i in kept)
    return layout.reshape(x, shape=shape), "".join(letters[i] for i in kept)


def _summed(operands: list[Operand], out: str) -> list[Operand]:
    """The operands, each summed over the letters that only it has."""
    found = []
    for place, (x, letters) in enumerate(operands):
        others = set(out).union(*(o for k, (_, o) in enumerate(operands) if k != place))
        found.append(_sum(x, letters, "".join(c for c in letters if c in others)))
    return found


def _sum(x: Traced, letters: str, kept: str) -> Operand:
    """The sum over the letters that are not kept: of whole numbers in their own arithmetic."""
    gone = tuple(i for i, c in enumerate(letters) if c not in kept)
    if not gone:
        return x, letters
    if isinstance(x.space, Real):
        return layout.sum(x, axes=gone), kept
    return contracted("np.einsum", f"{letters}->{kept}", x), kept


# Contracting


def _in_order(operand: Operand, out: str) -> Traced:
    x, letters = operand
    order = tuple(letters.index(c) for c in out)
    return x if order == tuple(range(x.ndim)) else layout.transpose(x, axes=order)


def _contracted(operands: list[Operand], out: str, optimize: Any) -> Value:
    """The operands contracted, those together that the path names."""
    for together in _path(operands, out, optimize):
        chosen = [operands.pop(i) for i in sorted(together, reverse=True)][::-1]
        kept = set(out).union(*(letters for _, letters in operands))
        letters = out if not operands else _common(chosen, kept)
        operands.append((_joined(chosen, letters), letters))
    return operands[0][0]


def _path(operands: list[Operand], out: str, optimize: Any) -> Sequence[tuple[int, ...]]:
    """Which operands are contracted together, one group after the other, as NumPy counts it."""
    if len(operands) < 3:
        return [tuple(range(len(operands)))]
    text = f"{','.join(letters for _, letters in operands)}->{out}"
    asked = optimize if optimize not in (False, None) else "greedy"
    steps, _ = np.einsum_path(text, *[shadow(x) for x, _ in operands], optimize=asked)
    return steps[1:]


def _common(operands: list[Operand], kept: set[str]) -> str:
    """The letters that others ask for, in the order in which they come."""
    return "".join(dict.fromkeys(c for _, letters in operands for c in letters if c in kept))


def _joined(operands: list[Operand], out: str) -> Traced:
    if len(operands) == 1:
        return _in_order(_summed(operands, out)[0], out)
    left = ",".join(letters for _, letters in operands)
    return contracted("np.einsum", f"{left}->{out}", *[x for x, _ in operands])  # type: ignore[no-any-return]


NAMES: dict[Any, Callable[..., Value]] = {
    np.einsum: einsum,
    np.einsum_path: einsum_path,
}
