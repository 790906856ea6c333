"""Python functions that NumPy applies to every entry: np.vectorize and np.frompyfunc, as loops.

The function is called on one traced entry after the other, and what it gives is stacked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from cats.calls import called
from cats.doors.single import Single
from cats.doors.types import made
from cats.recorder import Recorder, newest_recorder
from cats.traced import Traced


class Binds(Protocol):
    """What a loop asks of the trace it belongs to."""

    @property
    def recorder(self) -> Recorder:
        """The innermost trace that is open."""
        ...

    def rebound(self, value: Any) -> Any:
        """A value from outside, as the traced function sees it."""
        ...


def _array(recorder: Recorder, value: Any) -> Any:
    """A value as an array, traced or not."""
    if newest_recorder([value]) is None:
        return np.asarray(value)
    return called(recorder, np.asarray, (value,), {})


def _results(made: list[Any], recorder: Recorder, shape: tuple[int, ...], dtype: Any) -> Any:
    """What the calls gave, in one array of a dtype, or of that in which all of them fit."""
    inner = np.shape(made[0]) if made else ()
    if newest_recorder(made) is None:
        found = np.array(made, dtype=object if inner == () else None)
        return recorder.local(found.reshape((*shape, *inner)).astype(dtype or object))
    stacked = called(recorder, np.stack, (made,), {})
    whole = called(recorder, np.reshape, (stacked, (*shape, *inner)), {})
    return whole if dtype is None else whole.astype(dtype)


def _dtype(value: Any) -> np.dtype[Any]:
    return value.dtype if isinstance(value, Traced) else np.asarray(value).dtype


class Vectorized(Single):
    """What np.vectorize makes of a function."""

    def __init__(self, session: Binds, real: Any) -> None:
        self._session = session
        self._real = real
        self.pyfunc = session.rebound(real.pyfunc)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._real.pyfunc is np._NoValue:
            return vectorized(self._session, args[0], **{**self._options(), **kwargs})
        recorder = newest_recorder((args, kwargs)) or self._session.recorder
        names = [k for k in kwargs if k not in self._real.excluded]
        places = [i for i in range(len(args)) if i not in self._real.excluded]
        arrays = [_array(recorder, args[i]) for i in places]
        arrays += [_array(recorder, kwargs[k]) for k in names]

        def call(entries: Sequence[Any]) -> Any:
            given = list(args)
            for i, entry in zip(places, entries, strict=False):
                given[i] = entry
            named = dict(zip(names, entries[len(places) :], strict=True))
            return self.pyfunc(*given, **{**kwargs, **named})

        return self._looped(recorder, arrays, call)

    def _options(self) -> dict[str, Any]:
        real = self._real
        return {
            "otypes": real.otypes,
            "excluded": real.excluded,
            "cache": real.cache,
            "signature": real.signature,
        }

    def _looped(
        self, recorder: Recorder, arrays: Sequence[Any], call: Callable[[Sequence[Any]], Any]
    ) -> Any:
        ranks = _ranks(self._real.signature, len(arrays))
        outer = [np.shape(a)[: np.ndim(a) - r] for a, r in zip(arrays, ranks, strict=True)]
        shape = np.broadcast_shapes(*outer)
        spread = [_spread(recorder, a, shape, r) for a, r in zip(arrays, ranks, strict=True)]
        plain = self._real.signature is None
        made = [call([_entry(a[place], plain) for a in spread]) for place in np.ndindex(*shape)]
        if not made and self._real.otypes is None:
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
        several = isinstance(made[0], tuple) if made else len(self._real.otypes) > 1
        columns = list(zip(*made, strict=True)) if several else [tuple(made)]
        dtypes = self._real.otypes
        if dtypes is None:
            first = call([a[(0,) * len(shape)] for a in spread]) if plain else made[0]
            dtypes = [_dtype(v) for v in (first if several else [first])]
        pairs = zip(columns, dtypes, strict=True)
        found = tuple([_results(list(c), recorder, shape, np.dtype(d)) for c, d in pairs])
        return found if several else found[0]


def _ranks(signature: str | None, count: int) -> list[int]:
    """How many axes of each argument belong to the function."""
    if signature is None:
        return [0] * count
    parts = re.findall(r"\(([^)]*)\)", signature.partition("->")[0])
    return [len(p.split(",")) if p.strip() else 0 for p in parts]


def _spread(recorder: Recorder, array: Any, shape: tuple[int, ...], rank: int) -> Any:
    """The array repeated along the axes that the others have."""
    whole = (*shape, *np.shape(array)[np.ndim(array) - rank :])
    if np.shape(array) == whole:
        return array
    if isinstance(array, Traced):
        return called(recorder, np.broadcast_to, (array, whole), {})
    return np.broadcast_to(array, whole)


def _entry(value: Any, plain: bool) -> Any:
    """An entry as the function gets it: where it takes numbers, a Python number."""
    if not plain:
        return value
    return (
        made(float, value)
        if isinstance(value, Traced) and value.dtype.kind == "f"
        else value.item()
    )


def vectorized(session: Binds, pyfunc: Any = np._NoValue, **options: Any) -> Vectorized:
    """np.vectorize in a traced function."""
    return Vectorized(session, np.vectorize(pyfunc, **options))


class FromPython(Single):
    """What np.frompyfunc makes of a function."""

    def __init__(self, session: Binds, func: Any, nin: int, nout: int, **options: Any) -> None:
        self._session = session
        self._func = func
        self._real = np.frompyfunc(func, nin, nout, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __call__(self, *args: Any) -> Any:
        recorder = newest_recorder(args) or self._session.recorder
        arrays = [_array(recorder, a) for a in args]
        if len(arrays) != self._real.nin:
            raise TypeError(f"it takes {self._real.nin} arguments, not {len(arrays)}")
        shape = np.broadcast_shapes(*map(np.shape, arrays))
        spread = [_spread(recorder, a, shape, 0) for a in arrays]
        made = [
            self._func(*[_entry(a[place], True) for a in spread]) for place in np.ndindex(*shape)
        ]
        if self._real.nout == 1:
            return _settled(_results(made, recorder, shape, None))
        columns = zip(*made, strict=True)
        return tuple([_settled(_results(list(c), recorder, shape, None)) for c in columns])


def _settled(value: Any) -> Any:
    """A result without axes is the object itself."""
    return value if np.ndim(value) or isinstance(value, Traced) else value[()]


def makers(session: Binds) -> dict[int, Any]:
    """What stands for np.vectorize and np.frompyfunc, by identity."""
    return {
        id(np.vectorize): partial(vectorized, session),
        id(np.frompyfunc): partial(FromPython, session),
    }
