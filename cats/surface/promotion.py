"""How NumPy computes a universal function: dtypes promoted, shapes broadcast, options obeyed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.choice import select
from cats.ir.prims.universal import discrete
from cats.ir.spaces import Real, Shape, Value
from cats.places import users_place
from cats.surface.values import (
    common_shape,
    expand,
    is_number,
    lifted,
    recorder_of,
    weak_type,
    with_dtype,
)
from cats.traced import Traced


@dataclass(frozen=True, slots=True)
class Loop:
    """What a call says of how it is to be computed.

    signature  the dtypes of arguments and results, None for those that follow
    casting    how far arguments may be converted
    where      which entries are computed; what the others are is of no matter
    """

    signature: Any = None
    casting: Any = "same_kind"
    where: Value = True


PLAIN = Loop()

Said = Callable[[np.ufunc, Sequence[Value], Loop], Value]
"""A universal function in terms of the vocabulary."""


def ufunc(of: np.ufunc, said: Said) -> Callable[..., Value]:
    """The function as NumPy calls it: with where=, dtype=, signature=, casting=, order=, subok=."""

    def call(*args: Value, **options: Any) -> Value:
        if len(args) != of.nin:
            raise TypeError(f"it takes {of.nin} arguments, not {len(args)}")
        return said(of, args, _asked(of, **options) if options else PLAIN)

    return call


def _asked(
    of: np.ufunc,
    where: Value = True,
    casting: Any = "same_kind",
    order: str = "K",
    dtype: Any = None,
    subok: bool = True,
    signature: Any = None,
    sig: Any = None,
) -> Loop:
    """The options of a call; raises TypeError for those that exclude one another."""
    return Loop(signature_of(of, dtype, signature, sig), casting, where)


def signature_of(of: np.ufunc, dtype: Any, *signatures: Any) -> Any:
    """The dtypes that are asked for; raises TypeError where they are asked for twice."""
    asked = [s for s in (dtype, *signatures) if s is not None]
    if len(asked) > 1:
        raise TypeError("cannot specify more than one of 'dtype', 'signature' and 'sig'")
    if dtype is not None:
        return (*(None,) * of.nin, *(np.dtype(dtype),) * of.nout)
    return asked[0] if asked else None


def one(op: Primitive) -> Said:
    """A universal function that is one primitive."""
    return lambda of, args, options: entrywise(of, op, *args, options=options)


def loop(of: np.ufunc, args: Sequence[Value], options: Loop = PLAIN) -> tuple[np.dtype[Any], ...]:
    """The dtypes NumPy itself would compute in. Raises TraceError where NumPy would refuse."""
    given = [
        weak_type(a) or (a.dtype if hasattr(a, "dtype") else np.asarray(a).dtype) for a in args
    ]
    if all(isinstance(g, type) for g in given):
        given = list(map(np.dtype, given))
    wanted: dict[str, Any] = {"signature": options.signature} if options.signature else {}
    try:
        found = of.resolve_dtypes((*given, *(None,) * of.nout), casting=options.casting, **wanted)
    except TypeError as error:
        raise TraceError(
            f"np.{of.__name__} does not take {', '.join(map(str, given))}: {error}",
            where=users_place(),
        ) from None
    refuse_strange(f"np.{of.__name__}", found)
    return found[: len(args)]


def refuse_strange(name: str, dtypes: Sequence[np.dtype[Any]]) -> None:
    """Raises TraceError where NumPy computes in a dtype that is in no space of cats."""
    for dtype in dtypes:
        if dtype.kind not in "fbiu" or dtype.name in ("float16", "longdouble", "float128"):
            raise TraceError(
                f"{name} of these arguments computes in {dtype}, which is in no space of cats",
                where=users_place(),
                remedy="Convert the arguments with astype(float), or give dtype=float.",
            )


_TRUTH = {np.logical_and, np.logical_or, np.logical_not, np.logical_xor}


def entrywise(of: np.ufunc, op: Callable[..., Value], *args: Value, options: Loop = PLAIN) -> Value:
    """The operation on arguments promoted and broadcast as the ufunc would."""
    return op(*promoted(of, op, args, options))


def promoted(
    of: np.ufunc, op: Callable[..., Value], args: Sequence[Value], options: Loop = PLAIN
) -> Sequence[Value]:
    """The arguments in the dtypes of the loop and in one shape.

    A Python number that suits the arrays stays one. Where nothing is to be computed the arguments
    are such that nothing can go wrong.
    """
    plain = type(op) is Primitive and op is not discrete and of not in _TRUTH
    if plain and options is PLAIN and _alike(args):
        return args
    recorder = recorder_of(*args, options.where)
    given = [a if is_number(a) else lifted(recorder, a) for a in args]
    dtypes = loop(of, given, options)
    if of in _TRUTH:
        dtypes = (np.dtype(np.bool_),) * len(args)
    arrays = [with_dtype(a, d) for a, d in zip(given, dtypes, strict=True) if isinstance(a, Traced)]
    if options.where is True:
        return _spread(given, arrays, dtypes, common_shape(arrays))
    mask = with_dtype(lifted(recorder, options.where), np.bool_)
    arrays = [with_dtype(lifted(recorder, a), d) for a, d in zip(given, dtypes, strict=True)]
    shape = common_shape([mask, *arrays])
    return _masked(expand(mask, shape), [expand(a, shape) for a in arrays], op)


def _spread(
    given: Sequence[Value], arrays: Sequence[Traced], dtypes: Sequence[np.dtype[Any]], shape: Shape
) -> list[Value]:
    """The arrays in the shape, and beside them the numbers."""
    rest = iter(arrays)
    beside = next((a.space.dtype for a in arrays if a.shape == shape), None)
    recorder = recorder_of(*arrays)
    return [
        expand(next(rest), shape)
        if isinstance(a, Traced)
        else a
        if d.name == beside
        else expand(lifted(recorder, np.asarray(a, d)), shape)
        for a, d in zip(given, dtypes, strict=True)
    ]


def _masked(mask: Traced, arrays: Sequence[Traced], op: Callable[..., Value]) -> list[Value]:
    """The arrays where the mask is true; elsewhere what lies in the middle of the domain."""
    domain = op.domain if isinstance(op, Primitive) else (Domain(0.0, 2.0),)
    found: list[Value] = []
    for i, array in enumerate(arrays):
        ends = domain[min(i, len(domain) - 1)]
        harmless = lifted(mask.recorder, np.asarray((ends.low + ends.high) / 2, array.dtype))
        found.append(select(mask, array, expand(harmless, mask.shape)))
    return found


def _alike(args: Sequence[Value]) -> bool:
    """Whether all lie in one space of float64, so that nothing is promoted or broadcast."""
    first = args[0]
    if type(first) is not Traced or type(first.space) is not Real:
        return False
    space = first.space
    return space.dtype == "float64" and all(type(a) is Traced and a.space == space for a in args)
