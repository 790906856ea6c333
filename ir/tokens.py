"""Words of text, one after the other, and the spaces written with them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cats.ir.errors import TermError
from cats.ir.spaces import ANY, Discrete, Function, Product, Real, Shape, Space, Sum

_WORD = re.compile(
    r"""\s*(?: (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<arrow>->|-o\b)
    | (?P<number>-?(?:\d+/\d+|\d+(?:\.\d*)?(?:e[+-]?\d+)?\b|inf\b|nan(?:_[0-9a-f]+)?\b))
    | (?P<name>[^\W\d]\w*'*)
    | (?P<mark>[^\s\w]))""",
    re.VERBOSE,
)

DISCRETE = ("bool", *[f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)])
"""The dtypes of discrete spaces."""


LONG = 60
"""Longer words are cut in messages."""


def short(word: str) -> str:
    """The word, cut if it is long."""
    return word if len(word) <= LONG else word[: LONG - 3] + "..."


def plain_text(text: object) -> str:
    """The text. Raises TermError for what is none."""
    if isinstance(text, str):
        return text
    raise TermError(f"{text!r} is no text", remedy="Give a str.")


@dataclass
class _Level:
    """A space in brackets as far as it is read: what is multiplied, what is added, and domains."""

    factors: list[Space] = field(default_factory=list)
    summands: list[Space] = field(default_factory=list)
    ends: list[Space] = field(default_factory=list)

    def multiply(self) -> None:
        """The factors are complete: a summand."""
        one = len(self.factors) == 1
        self.summands.append(self.factors[0] if one else Product(tuple(self.factors)))
        self.factors = []

    def add(self) -> None:
        """The summands are complete: an end of a function."""
        one = len(self.summands) == 1
        self.ends.append(self.summands[0] if one else Sum(tuple(self.summands)))
        self.summands = []

    def whole(self) -> Space:
        """A -> (B -> C) from its ends."""
        found = self.ends.pop()
        while self.ends:
            found = Function(self.ends.pop(), found)
        return found


class Tokens:
    """A text as words, read from left to right.

    >>> words = Tokens("(x: R[3]) -> in")
    >>> words.take(), words.take(), words.take(), str(words.space())
    ('(', 'x', ':', 'R[3]')
    """

    def __init__(self, text: str, shapes: Mapping[str, Shape] | None = None) -> None:
        self.text = plain_text(text)
        self.shapes = shapes or {}
        self.words: list[str] = []
        self.kinds: list[str] = []
        self.starts: list[int] = []
        self.at = 0
        self._split()

    def _split(self) -> None:
        place = 0
        while (match := _WORD.match(self.text, place)) is not None:
            place, kind = match.end(), match.lastgroup or ""
            self.words.append(match[kind])
            self.kinds.append(kind)
            self.starts.append(match.start(kind))
        self.ended(place)

    def ended(self, place: int) -> None:
        """Raises TermError if there is something from this place on: no word begins so."""
        rest = self.text[place:]
        if rest.strip():
            self.at = len(self.words)
            self.starts.append(place + len(rest) - len(rest.lstrip()))
            raise self.error("expected a number or a name", rest.split()[0])

    def peek(self, ahead: int = 0) -> str:
        """The next word, or one further on; empty at the end."""
        place = self.at + ahead
        return self.words[place] if place < len(self.words) else ""

    def kind(self) -> str:
        """What the next word is: string, arrow, number, name or mark; empty at the end."""
        return self.kinds[self.at] if self.at < len(self.kinds) else ""

    def take(self, expected: str | None = None) -> str:
        """The next word, which is then behind. Raises TermError if another was expected."""
        word = self.peek()
        if not word or (expected is not None and word != expected):
            raise self.error(f"expected {expected or 'more'}")
        self.at += 1
        return word

    def took(self, word: str) -> bool:
        """Whether the next word is this one, which is then behind."""
        if self.peek() != word:
            return False
        self.at += 1
        return True

    def name(self) -> str:
        """A name, plain or in quotes."""
        if self.kind() not in ("name", "string"):
            raise self.error("expected a name")
        return self.unquoted(self.take())

    def unquoted(self, word: str) -> str:
        """The name that was just taken, without its quotes."""
        if not word.startswith('"'):
            return word
        try:
            return str(json.loads(word))
        except ValueError as error:
            self.at -= 1
            raise self.error(f"expected a name in quotes as JSON writes it ({error})") from None

    def whole(self, skip: int = 0) -> int:
        """A whole number, behind so many signs. Raises TermError for another word."""
        word = self.take()
        try:
            return int(word[skip:])
        except ValueError as error:
            self.at -= 1
            raise self.error(f"expected a whole number ({error})") from None

    def error(self, why: str, found: str | None = None) -> TermError:
        """What is wrong at the next word, with its line and column, and what was found there."""
        start = self.starts[self.at] if self.at < len(self.starts) else len(self.text)
        line = self.text.count("\n", 0, start) + 1
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        word = short(found or self.peek())
        described = f"'{word}'" if word else "the end of the text"
        return TermError(f"line {line}, column {column}: {why}, found {described}")

    # Spaces

    def space(self, letters: Mapping[str, Space] | None = None) -> Space:
        """A space: `R[2, 3]`, `A * B`, `A + B`, `A -> B`, `1`; the letters stand for spaces."""
        known = letters or {}
        levels = [_Level()]
        while True:
            if self.took("("):
                levels.append(_Level())
                continue
            levels[-1].factors.append(self._atom(known))
            while not self._goes_on(levels[-1]):
                found = levels.pop().whole()
                if not levels:
                    return found
                if self.took(","):
                    found = Product((found,))
                self.take(")")
                levels[-1].factors.append(found)

    def _goes_on(self, level: _Level) -> bool:
        """Reads the mark after a space, if there is one: then another space follows."""
        if self.took("*"):
            return True
        level.multiply()
        if self.took("+"):
            return True
        level.add()
        return self.took("->")

    def _atom(self, letters: Mapping[str, Space]) -> Space:
        if self.took("1"):
            return Product(())
        word = self.name()
        if word in letters:
            return letters[word]
        if word in ("Int", "Bool"):
            dtype = self.dtype() if self.took(":") else {"Int": "int64", "Bool": "bool"}[word]
            return Discrete(self.shape(), dtype)
        if re.fullmatch(r"R(16|32|64)?", word):
            return Real(self.shape(), f"float{word[1:] or 64}")
        self.at -= 1
        raise self.error("expected a space")

    def dtype(self) -> str:
        """The name of a dtype of truth values or whole numbers."""
        if self.peek() not in DISCRETE:
            raise self.error(f"expected one of {', '.join(DISCRETE)}")
        return self.take()

    def shape(self) -> Shape:
        """Lengths in brackets, or none; a letter stands for the lengths it is given for."""
        lengths: list[int] = []
        if self.took("["):
            while not self.took("]"):
                if self.took("*"):
                    lengths.append(ANY)
                elif self.peek() in self.shapes:
                    lengths += self.shapes[self.take()]
                elif self.peek().isdecimal():
                    lengths.append(self.whole())
                else:
                    raise self.error("expected a length")
                self.took(",")
        return tuple(lengths)


def read_space(text: str, letters: Mapping[str, Space] | None = None) -> Space:
    """The space a text writes. Raises TermError for what is no space.

    >>> print(read_space("R[2, 3] * (Int + 1) * Bool"))
    R[2, 3] * (Int + 1) * Bool
    """
    tokens = Tokens(text)
    space = tokens.space(letters)
    if tokens.peek():
        raise tokens.error("expected the end")
    return space
