"""Why something is refused, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    """A reason, as half a sentence after the name of what is refused, and a remedy."""

    why: str
    instead: str = "Write it with functions cats knows, or give it as a Primitive."


def refusal_of(name: str, refused: Mapping[str, Refusal]) -> Refusal | None:
    """Why a name is refused: by itself, or by a module it is in; None if it is not.

    >>> refusal_of("numpy.fft.rfft", {"numpy.fft": Refusal("its result is complex")}).why
    'its result is complex'
    """
    while name and name not in refused:
        name = name.rpartition(".")[0]
    return refused.get(name)
