"""The world of a trace: what the traces of one session, one within the other, share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any


def _itself(kind: Any) -> Any:
    return kind


@dataclass(slots=True)
class World:
    """What the traces of one session share.

    asks_identity   the traced code asks `is True`: truth values of Python must be Python's own
    lasting         the traced code reads nothing that may be another in the next call
    texts           the texts that real numbers were written as
    written         the real numbers that were written by `%`, in texts that are not known
    door            what a class means in the traced code
    since           when the trace of a function within the traced one began; 0 if there is none
    """

    asks_identity: bool = False
    lasting: bool = True
    texts: set[str] = field(default_factory=set)
    written: set[float] = field(default_factory=set)
    door: Callable[[Any], Any] = _itself
    since: int = 0

    def wrote(self, word: str) -> bool:
        """Whether a word is, or may be, the text of a traced number."""
        word = word.strip()
        return word in self.texts or any(rounds_to(number, word) for number in self.written)


def said_by(value: Any) -> str | None:
    """The text that a string is, or that bytes say; None of anything else.

    >>> said_by("1.5"), said_by(b"1.5"), said_by(1.5)
    ('1.5', '1.5', None)
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin1")
    return value if isinstance(value, str) else None


def rounds_to(number: float, word: str) -> bool:
    """Whether a word may be what a number was written as: it agrees to the digits of the word.

    >>> rounds_to(2.71828, "2.72"), rounds_to(2.71828, "2.7e+00"), rounds_to(2.71828, "2.73")
    (True, True, False)
    """
    try:
        said = Decimal(word)
    except InvalidOperation:
        return False
    if not said.is_finite() or not math.isfinite(number):
        return str(float(said)) == str(number)
    return abs(said - Decimal(number)) <= Decimal("0.5").scaleb(int(said.as_tuple().exponent))
