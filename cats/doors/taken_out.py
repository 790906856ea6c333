"""Numbers taken out of traced values, or out of their texts: their derivatives would be lost."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from cats.doors.refusing import NUMERAL, TAKEN_OUT
from cats.recorder import Recorder, newest_recorder
from cats.world import World, said_by


class Traces(Protocol):
    """What a function asks of the session that it is called in."""

    @property
    def recorder(self) -> Recorder:
        """The innermost trace that is open."""
        ...


def holds_text(world: World, source: str) -> bool:
    """Whether there is the text of a traced number in a source."""
    return any(text in source for text in world.texts) or reads_text(world, source)


def reads_text(world: World, source: str) -> bool:
    """Whether a source, or one of the numerals in it, is the text of a traced number."""
    numerals = NUMERAL.findall(source)
    return any(map(world.wrote, [source, *numerals, *(f"-{n}" for n in numerals)]))


def texts_in(values: Iterable[Any]) -> Iterator[str]:
    """The texts among values, and in the lists and tuples among them; bytes as what they say."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from texts_in(value)
        elif (text := said_by(value)) is not None:
            yield text


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
        if any(holds_text(recorder.world, text) for text in texts_in((*args, *kwargs.values()))):
            refuse_text(session, function.__name__)
        return function(*args, **kwargs)

    return functools.wraps(function)(call)
