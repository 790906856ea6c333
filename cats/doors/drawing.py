"""Random generators made inside a traced function, of a seed that is told: they draw the same.

A call of the function makes them anew, so that what they draw is the same in every call, and may
be a part of what is traced. Others are refused.
"""

from __future__ import annotations

import random
import types
from functools import partial
from typing import Any, Protocol

import numpy as np

from cats.calls import known_arguments
from cats.doors.refusing import RANDOM, Refusing
from cats.doors.single import Single
from cats.recorder import Recorder, newest_recorder
from cats.tracked import Tracked


class Traces(Protocol):
    """What a source asks of the trace it belongs to."""

    @property
    def recorder(self) -> Recorder:
        """The innermost trace that is open."""
        ...


SOURCES = (
    np.random.default_rng, np.random.RandomState, np.random.Generator, np.random.SeedSequence,
    np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64,
    random.Random,
)  # fmt: skip
"""What makes random generators."""


def is_source(value: Any) -> bool:
    """Whether a thing makes random generators.

    >>> is_source(random.Random), is_source(random.random)
    (True, False)
    """
    return any(value is source for source in SOURCES)


class Source(Single):
    """One of SOURCES: given a seed that is told, it makes a generator."""

    __slots__ = ("_session", "real")

    def __init__(self, session: Traces, real: Any) -> None:
        self._session = session
        self.real = real

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        recorder = self._session.recorder
        given = (*args, *kwargs.values())
        if not given or not all(map(_is_told, given)):
            recorder.refuse(*RANDOM)
        named = {name: _real(value) for name, value in kwargs.items()}
        return Drawing(self._session, self.real(*map(_real, args), **named))


def _is_told(seed: Any) -> bool:
    if isinstance(seed, list | tuple):
        return all(map(_is_told, seed))
    return isinstance(seed, int | float | str | bytes | np.integer | Drawing)


def _real(value: Any) -> Any:
    return object.__getattribute__(value, "_real") if isinstance(value, Drawing) else value


class Drawing:
    """A generator of random numbers that the trace itself has made."""

    def __init__(self, session: Traces, real: Any) -> None:
        self._session = session
        self._recorder = session.recorder
        self._real = real

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The class of the generator."""
        return type(self._real)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return partial(self._draw, found) if callable(found) else found

    def _draw(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        """What a method draws, in the trace that the generator was made in.

        A traced function inside runs once, and would draw in every round what it draws in one.
        """
        recorder = self._session.recorder
        if recorder is not self._recorder:
            recorder.refuse(*RANDOM)
        if isinstance(self._real, random.Random) or newest_recorder((args, kwargs)) is None:
            return recorder.local(method(*args, **kwargs))
        for value in args if method.__name__ == "shuffle" else [kwargs.get("out")]:
            if isinstance(value, Tracked):
                value.refuse_frozen()
        known = known_arguments(args, kwargs)
        if known is None:
            recorder.refuse(
                f"{method.__name__} of a random generator and a traced value",
                "the numbers are drawn in compiled code, where its derivative would be lost",
                "Draw of the standard distribution, and compute with that: m + s * z.",
            )
        return recorder.local(method(*known[0], **known[1]))


class Drawings(Refusing):
    """A module of random numbers: what makes generators may be called, all else is refused."""

    def __init__(self, session: Traces, real: types.ModuleType) -> None:
        super().__init__(session.recorder.refuse, RANDOM, real)
        self._session = session

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name, None)
        return Source(self._session, found) if is_source(found) else super().__getattr__(name)
