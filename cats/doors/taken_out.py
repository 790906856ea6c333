"""Numbers taken out of traced values, or out of their texts: their derivatives would be lost."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

from cats.doors.refusing import NUMERAL, TAKEN_OUT
from cats.recorder import Recorder, newest_recorder
from cats.world import World


class Traces(Protocol):
    """What a function asks of the session that it is called in."""

    @property
    def recorder(self) -> Recorder:
        """The innermost trace that is open."""
        ...


def holds_text(world: World, source: str) -> bool:
    """Whether there is the text of a traced number in a source."""
    whole = any(text in source for text in world.texts)
    numerals = NUMERAL.findall(source)
    return whole or any(map(world.wrote, [*numerals, *(f"-{n}" for n in numerals)]))


def refuse_text(session: Traces, name: str) -> None:
    """Raises TraceError for what reads a number out of the text of a traced value."""
    session.recorder.refuse(
        f"{name} of the text of a traced value",
        "the number that is read is cut off, and its derivative would be lost",
        "Use the value itself, or np.round.",
    )


def kept_in(session: Traces, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes numbers out, refused on traced ones."""

    def call(*args: Any, **kwargs: Any) -> Any:
        recorder = session.recorder
        if newest_recorder((args, kwargs)) is not None:
            name = f"{function.__module__.removeprefix('_')}.{function.__name__}"
            recorder.refuse(f"{name} of a traced value", *TAKEN_OUT)
        if any(isinstance(a, str) and holds_text(recorder.world, a) for a in args):
            refuse_text(session, function.__name__)
        return function(*args, **kwargs)

    return functools.wraps(function)(call)
