"""Why something is refused, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    """A reason, as half a sentence after the name of what is refused, and a remedy."""

    why: str
    instead: str = (
        "Write it with functions cats knows, or call it by cats.primitive, with its derivative."
    )


class Search(Refusal):
    """A reason of a search, whose code is never followed: it stops at numbers.

    What its last step depends on is not what its answer depends on.
    """

    __slots__ = ()


def refusal_of(name: str, refused: Mapping[str, Refusal | None]) -> Refusal | None:
    """Why a name is refused: by itself, or by a module it is in; None if it is not.

    What is None in the table is not refused, though its module is.

    >>> refusal_of("numpy.fft.rfft", {"numpy.fft": Refusal("its result is complex")}).why
    'its result is complex'
    """
    while name and name not in refused:
        name = name.rpartition(".")[0]
    return refused.get(name)
