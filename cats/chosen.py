"""Entries that a mask chooses, where no value says how many: an array whose length is not known.

It keeps the whole array, and the mask. What is done entry by entry is done to the whole; what is
made of all entries together is made with `where=mask`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from cats.concrete import NoValue
from cats.ir.errors import CatsError, TraceError
from cats.ir.lam import Prim, Term
from cats.ir.wire import STAMPS
from cats.places import users_place
from cats.tracked import Tracked, from_around

UNCOUNTED = "how many entries the mask chooses is a length, and no value is known here"
REMEDY = "Use np.where(mask, ..., ...), or np.sum(x, where=mask)."


class Uncounted(NDArrayOperatorsMixin):
    """What has a length that is not known: asked for it, or for an entry, it refuses."""

    mask: Tracked

    def refuse(self, what: str, why: str = UNCOUNTED, remedy: str = REMEDY) -> NoReturn:
        """Raises NoValue: what was asked, why not, and what to do."""
        raise self.mask.recorder.refused(
            NoValue(f"{what} of x[mask]: {why}", where=users_place(), remedy=remedy)
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        self.refuse("an array made")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "mask":
            raise AttributeError(name)
        self.refuse(f".{name}")

    def __len__(self) -> int:
        self.refuse("len(...)")

    def __iter__(self) -> Any:
        self.refuse("a loop over the entries")

    def __bool__(self) -> bool:
        self.refuse("the truth value")

    def __float__(self) -> float:
        self.refuse("float(...)")

    def __int__(self) -> int:
        self.refuse("int(...)")

    def __contains__(self, value: Any) -> bool:
        self.refuse("a value looked for among the entries")


class Place(Uncounted):
    """What np.nonzero gives for one axis: the places where the mask is true."""

    def __init__(self, mask: Tracked, axis: int) -> None:
        self.mask = mask
        self.axis = axis

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> NoReturn:
        self.refuse(f"np.{ufunc.__name__} of the places")

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> NoReturn:
        self.refuse(f"np.{func.__name__} of the places")

    def __getitem__(self, key: Any) -> NoReturn:
        self.refuse("one of the places")


def _method(name: str) -> Callable[..., Any]:
    def call(self: Chosen, *args: Any, **kwargs: Any) -> Any:
        return self.called(getattr(np, name), (self, *args), kwargs)

    return call


class Chosen(Uncounted):
    """x[mask].

    whole   the array; where the mask is false its entries do not matter
    mask    truth values for its first axes
    """

    def __init__(self, whole: Tracked, mask: Tracked) -> None:
        self.whole = whole
        self.mask = mask
        self.born = next(STAMPS)

    def become(self, whole: Tracked) -> None:
        """Other entries. Raises TraceError if it lies around what is traced once."""
        if self.born < self.mask.recorder.world.since:
            raise from_around(self.mask.recorder, "writing into x[mask]")
        self.whole = whole

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of an array."""
        return self.whole.dtype

    @property
    def ndim(self) -> int:
        """As of an array."""
        return self.whole.ndim - self.mask.ndim + 1

    def called(self, function: Any, args: Any, kwargs: Any) -> Any:
        """A function on it, as the vocabulary says it; TraceError for what it cannot take."""
        recorder = self.mask.recorder
        try:
            return recorder.speech.names["chosen"](function, args, kwargs)
        except CatsError:
            raise
        except (TypeError, ValueError, IndexError) as error:
            what = f"x[mask] cannot take these arguments: {error}"
            raise recorder.refused(TraceError(what, where=users_place(), remedy=REMEDY)) from error

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return self.called(ufunc if method == "__call__" else (ufunc, method), args, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.called(func, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self.called("getitem", (self, key), {})

    def __setitem__(self, key: Any, value: Any) -> None:
        self.called("setitem", (self, key, value), {})

    def astype(self, dtype: Any, **options: Any) -> Any:
        """As of an array."""
        return self.called("astype", (self, dtype), options)

    def copy(self, order: str = "C") -> Chosen:
        """As of an array."""
        return Chosen(self.whole, self.mask)

    sum, prod, mean, var, std = map(_method, ("sum", "prod", "mean", "var", "std"))
    any, all, clip, round, dot = map(_method, ("any", "all", "clip", "round", "dot"))


def alike(one: Tracked, other: Tracked) -> bool:
    """Whether two values are the same for sure: the same operations on the same names."""
    waiting, seen = [(one.term, other.term)], set()
    bound: Callable[[Term], Term] = one.recorder.bindings.bound
    while waiting:
        pair = waiting.pop()
        if pair[0] == pair[1] or pair in seen:
            continue
        seen.add(pair)
        a, b = map(bound, pair)
        if not (isinstance(a, Prim) and isinstance(b, Prim)):
            return False
        if (a.op, a.params, len(a.args)) != (b.op, b.params, len(b.args)):
            return False
        waiting += zip(a.args, b.args, strict=True)
    return one.recorder is other.recorder
