"""What each primitive means in 80 digits: its formula, or an entry of the one table here.

An entrywise primitive whose record states a `meaning` needs nothing here: the formula is run by
mpmath. Every other one has its entry, written without its code text: a function of arrays of mpf
(and of NumPy's integers and truth values) and of the parameters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from cats.ir.constant import Constant
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims import VOCABULARY
from cats.ir.prims.contraction import parts_of
from cats.ir.prims.folds import OPERATIONS
from cats.ir.spaces import Shape
from proofs.symbols import meaning
from tests.oracles import lines, matrices
from tests.oracles.lines import along
from tests.oracles.numbers import CONTEXT, NOT_A_NUMBER, Array, each, exact, mpf

Entry = Callable[..., Any]
INFINITE = CONTEXT.inf

NAMES = {name: getattr(CONTEXT, name) for name in dir(CONTEXT) if not name.startswith("_")}
"""mpmath's functions, at the precision of our own context."""


class NoMeaning(Exception):
    """A primitive that cannot be run in 80 digits."""


def meaning_of(op: Primitive, params: Params) -> Entry:
    """The operation on arrays of mpf; raises NoMeaning, saying what to add, if there is none."""
    if op.name in ENTRIES:
        return lambda *args: ENTRIES[op.name](*args, **dict(params))
    if not (op.elementwise and op.meaning):
        raise NoMeaning(
            f"{op.name} has no meaning in 80 digits: give its record a `meaning` if it acts entry "
            "by entry, or add one entry to ENTRIES in tests/oracles/meanings.py"
        )
    return lambda *args: each(_formula(op, params, len(args)), *args)


@lru_cache(maxsize=512)
def _formula(op: Primitive, params: Params, arity: int) -> Callable[..., Any]:
    """The formula of the record at numbers; not a number where it has a pole."""
    names = [sp.Symbol(name) for name in "xyzuvw"[:arity]]
    run = sp.lambdify(names, meaning(op, names, params), modules=[NAMES, "mpmath"])

    def at(*args: Any) -> Any:
        try:
            return run(*args)
        except (ZeroDivisionError, ValueError):  # the latter is a pole of gamma
            return NOT_A_NUMBER

    return at


# Entry by entry


def _cbrt(x: Any) -> Any:
    return -CONTEXT.cbrt(-x) if x < 0 else CONTEXT.cbrt(x)


def _copysign(x: Any, y: Any) -> Any:
    return -abs(x) if y < 0 else abs(x)


def _fmod(x: Any, y: Any) -> Any:
    """x - n y, n the quotient without its fraction."""
    return x - int(x / y) * y


# Rows along an axis


def _rows(x: Array, axes: Sequence[int]) -> tuple[Shape, Array]:
    """The shape without the axes, and for each place in it the row of entries along them."""
    kept = [i for i in range(x.ndim) if i not in axes]
    shape = tuple([x.shape[i] for i in kept])
    length = 1
    for i in axes:
        length *= x.shape[i]
    count = 1
    for n in shape:
        count *= n
    return shape, np.transpose(x, (*kept, *axes)).reshape(count, length)


def _reduced(f: Callable[[list[Any]], Any]) -> Entry:
    """f of each row along the axes."""

    def entry(x: Array, *, axes: Sequence[int]) -> Array:
        shape, rows = _rows(x, axes)
        found = np.empty(len(rows), object)
        for i, row in enumerate(rows):
            found[i] = f(list(row))
        return found.reshape(shape)

    return entry


def _running(step: Callable[[Any, Any], Any]) -> Entry:
    """The running total of each row, from the left or from the right."""

    def entry(x: Array, *, axis: int, reverse: bool = False) -> Array:
        def totals(row: list[Any]) -> list[Any]:
            found = list(itertools.accumulate(row[::-1] if reverse else row, step))
            return found[::-1] if reverse else found

        return along(totals, axis, x)

    return entry


def _folded(x: Array, *, axis: int, of: str) -> Array:
    """What was found so far with the next entry, by the meaning of the operation."""
    whole = x.dtype != object
    f = getattr(np, of) if whole else meaning_of(OPERATIONS[of], ())

    def step(so_far: Any, entry: Any) -> Any:
        return f(so_far, entry) if whole else f(np.array(so_far), np.array(entry)).item()

    return along(lambda row: list(itertools.accumulate(row, step)), axis, x)


def _place(best: Callable[..., Any]) -> Entry:
    """Where the first of the best entries of each row stands."""

    def entry(x: Array, *, axis: int, skip: bool) -> Array:
        return np.asarray(_reduced(lambda row: row.index(best(row)))(x, axes=(axis,)))

    return entry


def _softmax(x: Array, *, axes: Sequence[int]) -> Array:
    parts = each(CONTEXT.exp, x)
    return np.asarray(parts / np.expand_dims(_reduced(CONTEXT.fsum)(parts, axes=axes), tuple(axes)))


def _log_softmax(x: Array, *, axes: Sequence[int]) -> Array:
    return each(CONTEXT.log, _softmax(x, axes=axes))


def _log_of_sum(row: list[Any]) -> Any:
    return CONTEXT.log(CONTEXT.fsum(map(CONTEXT.exp, row))) if row else -INFINITE


def _log2_of_sum(row: list[Any]) -> Any:
    return CONTEXT.log(CONTEXT.fsum([mpf(2) ** x for x in row]), 2) if row else -INFINITE


def _length(row: list[Any]) -> Any:
    return CONTEXT.sqrt(CONTEXT.fsum([x * x for x in row]))


def _shift(x: Array, *, axis: int, reverse: bool, fill: float) -> Array:
    def moved(row: list[Any]) -> list[Any]:
        return [*row[1:], mpf(fill)] if reverse else [mpf(fill), *row[:-1]]

    return along(lambda row: moved(row) if row else row, axis, x)


def _recurrence(a: Array, b: Array, *, axis: int, ahead: bool, reverse: bool) -> Array:
    """y[i] = c y[i - 1] + b[i] from y[0] = b[0], with c = a[i] or, ahead, a[i - 1]."""

    def solved(factors: list[Any], terms: list[Any]) -> list[Any]:
        if reverse:
            factors, terms = factors[::-1], terms[::-1]
        y = terms[:1]
        for i in range(1, len(terms)):
            y.append((factors[i - 1] if ahead else factors[i]) * y[-1] + terms[i])
        return y[::-1] if reverse else y

    return along(solved, axis, a, b)


# Moving entries


def _broadcast(x: Array, *, shape: Shape, axes: Sequence[int]) -> Array:
    found = np.empty(shape, object)
    for place in np.ndindex(*shape):
        found[place] = x[tuple([place[a] for a in axes])]
    return found


def _key(key: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([slice(*item) if isinstance(item, tuple) else item for item in key])


def _at(shape: Shape, target: Any, rest: Iterator[Any]) -> Array:
    """The places, numbered in order, that a key or so many index arrays name."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    key = tuple([next(rest) for _ in range(target)]) if type(target) is int else _key(target)
    return np.ravel(places[key])


def _accumulate(*args: Any, shape: Shape, dtype: str, targets: Sequence[Any]) -> Array:
    return _add_into(np.full(shape, mpf(0), object), *args, targets=targets)


def _add_into(x: Array, *args: Any, targets: Sequence[Any]) -> Array:
    """The pieces one after the other, each entry added where its place is."""
    found, rest = x.copy(), iter(args[len(targets) :])
    flat = found.reshape(-1)
    for piece, target in zip(args, targets, strict=False):
        for place, value in zip(_at(x.shape, target, rest), np.ravel(piece), strict=True):
            flat[place] = flat[place] + value
    return found


def _put(x: Array, value: Array, *indices: Array, target: Any) -> Array:
    """The entries one after the other: of several in one place the last stays."""
    found = x.copy()
    flat = found.reshape(-1)
    for place, entry in zip(_at(x.shape, target, iter(indices)), np.ravel(value), strict=True):
        flat[place] = entry
    return found


def _erase(x: Array, *indices: Array, target: Any) -> Array:
    found = x.copy()
    found.reshape(-1)[_at(x.shape, target, iter(indices))] = 0
    return found


def _winners(*indices: Array, shape: Shape) -> Array:
    """Whether no later index names the same place."""
    places = list(_at(shape, len(indices), iter(indices)))
    won = [place not in places[i + 1 :] for i, place in enumerate(places)]
    return np.array(won, bool).reshape(indices[0].shape)


def _convert(x: Array, *, dtype: str) -> Array:
    """The same number; towards zero where only integers are left."""
    if dtype.startswith("float"):
        return each(lambda v: mpf(v) if isinstance(v, mpf) else mpf(int(v)), x)
    return each(bool if dtype == "bool" else int, x)


# Products


def _contract(*xs: Array, spec: str) -> Array:
    """Letter by letter: every term of the sum is made and added."""
    operands, out = parts_of(spec)
    letters = dict.fromkeys("".join(operands))
    sizes = {
        c: n
        for part, x in zip(operands, xs, strict=True)
        for c, n in zip(part, x.shape, strict=True)
    }
    summed = [c for c in letters if c not in out]
    found = np.empty(tuple([sizes[c] for c in out]), object)
    for place in np.ndindex(*found.shape):
        at = dict(zip(out, place, strict=True))
        found[place] = CONTEXT.fsum(_terms(operands, xs, at, summed, sizes))
    return found


def _terms(
    operands: Sequence[str],
    xs: Sequence[Array],
    at: dict[str, int],
    summed: Sequence[str],
    sizes: dict[str, int],
) -> Iterator[Any]:
    for inner in itertools.product(*[range(sizes[c]) for c in summed]):
        whole = {**at, **dict(zip(summed, inner, strict=True))}
        term = mpf(1)
        for part, x in zip(operands, xs, strict=True):
            term = term * x[tuple([whole[c] for c in part])]
        yield term


def _discrete(*xs: Array, of: str) -> Array:
    """Whole numbers as NumPy has them; of reals what can be told exactly."""
    if xs[0].dtype != object:
        return np.asarray(getattr(np, of)(*xs))
    match of:
        case "isinf":
            return each(CONTEXT.isinf, *xs)
        case "signbit":
            return each(lambda x: x < 0, *xs)
        case "frexp":
            return each(lambda x: CONTEXT.frexp(x)[1], *xs)
        case _:
            raise NoMeaning(f"np.{of} of real numbers has no meaning in 80 digits")


@lru_cache(maxsize=4096)
def _constant(*, value: Constant) -> Array:
    return exact(value.array)


ENTRIES: dict[str, Entry] = {
    "stop": lambda x: x,
    "guard": lambda x, *, number, outcome: x,
    "const": _constant,
    "reshape": lambda x, *, shape: np.reshape(x, shape),
    "transpose": lambda x, *, axes: np.transpose(x, axes),
    "broadcast": _broadcast,
    "sum": _reduced(CONTEXT.fsum),
    "convert": _convert,
    "isfinite": lambda x: each(CONTEXT.isfinite, x),
    "isnan": lambda x: each(CONTEXT.isnan, x),
    "zeros_like": lambda x: each(lambda entry: CONTEXT.mpf(0), x),
    "rint": lambda x: each(CONTEXT.nint, x),
    "cbrt": lambda x: each(_cbrt, x),
    "copysign": lambda x, y: each(_copysign, x, y),
    "fmod": lambda x, y: each(_fmod, x, y),
    "max": _reduced(max),
    "min": _reduced(min),
    "prod": lambda x, *, axis: _reduced(CONTEXT.fprod)(x, axes=(axis,)),
    "cumsum": _running(lambda x, y: x + y),
    "cumprod": _running(lambda x, y: x * y),
    "cumprod_back": lambda x, *, axis: _running(lambda x, y: x * y)(x, axis=axis, reverse=True),
    "shift": _shift,
    "recurrence": _recurrence,
    "index": lambda x, *, key: x[_key(key)],
    "gather": lambda x, *indices: x[indices],
    "accumulate": _accumulate,
    "add_into": _add_into,
    "put": _put,
    "erase": _erase,
    "winners": _winners,
    "concatenate": lambda *xs, axis: np.concatenate(xs, axis),
    "contract": _contract,
    "ldexp": lambda x, n: each(lambda v, k: v * mpf(2) ** int(k), x, n),
    "discrete": _discrete,
    "fsum": lambda x: np.array(CONTEXT.fsum(x)),
    "sumprod": lambda x, y: np.array(CONTEXT.fsum(x * y)),
    "running": _folded,
    "running_max": _running(max),
    "running_min": _running(min),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _reduced(_log_of_sum),
    "logaddexp_reduce": _reduced(_log_of_sum),
    "logaddexp2_reduce": _reduced(_log2_of_sum),
    "hypot_reduce": _reduced(_length),
    "argmax": _place(max),
    "argmin": _place(min),
    **lines.ENTRIES,
    **matrices.ENTRIES,
}
"""One entry for each primitive that is not a formula entry by entry."""

HELD = frozenset({"stop", "guard"})
"""Those whose value does not vary: in a difference it is that of the middle point."""

_SIGNS = "its vectors have the signs, or its rows the order, that LAPACK's own steps give them"
_FLOATS = "it speaks of the floats themselves, of which there are none in 80 digits"
_ORDER = "which of the many orders it leaves is NumPy's own affair"
_BASIS = "any basis of the space that is left would do"
_SLOPE = "it is the derivative of its matrix function, and measured as that"
_LONG = "mpmath takes minutes for one derivative; that its exponential is the matrix is tested"

WITHOUT: dict[str, str] = {
    "spacing": _FLOATS,
    "nextafter": _FLOATS,
    "partition": _ORDER,
    "argpartition": _ORDER,
    "bin_count": "a rule of thumb, in NumPy's words",
    "qr": _SIGNS,
    "lu": _SIGNS,
    "pivots": _SIGNS,
    "eigh": _SIGNS,
    "scipy_eigh": _SIGNS,
    "svd": _SIGNS,
    "svd_left": _BASIS,
    "svd_right": _BASIS,
    "qr_left": _BASIS,
    "expm_along": _SLOPE,
    "logm": _LONG,
    "logm_along": _SLOPE,
    "pinv_along": "it is the derivative of the pseudoinverse, and compared with differences",
}
"""Those with no number to be compared with, and why; what they satisfy is tested in tests/spec."""

MEASURED = tuple(op for op in VOCABULARY if op.name not in WITHOUT)
"""The primitives that are measured against 80 digits."""
