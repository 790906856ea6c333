"""Words of text, one after the other, and the spaces written with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

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


def plain_text(text: object) -> str:
    """The text. Raises TermError for what is none."""
    if isinstance(text, str):
        return text
    raise TermError(f"{text!r} is no text", remedy="Give a str.")


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
        for match in _WORD.finditer(text):
            self.kinds.append(match.lastgroup or "")
            self.words.append(match[self.kinds[-1]])
            self.starts.append(match.start(self.kinds[-1]))

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

    def error(self, why: str) -> TermError:
        """What is wrong at the next word, with its line and column."""
        start = self.starts[self.at] if self.at < len(self.starts) else len(self.text)
        line = self.text.count("\n", 0, start) + 1
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        found = f"'{self.peek()}'" if self.peek() else "the end of the text"
        return TermError(f"line {line}, column {column}: {why}, found {found}")

    # Spaces

    def space(self, letters: Mapping[str, Space] | None = None) -> Space:
        """A space: `R[2, 3]`, `A * B`, `A + B`, `A -> B`, `1`; the letters stand for spaces."""
        left = self._parts("+", lambda: self._product(letters or {}))
        dom = left[0] if len(left) == 1 else Sum(left)
        return Function(dom, self.space(letters)) if self.took("->") else dom

    def _product(self, letters: Mapping[str, Space]) -> Space:
        parts = self._parts("*", lambda: self._atom(letters))
        return parts[0] if len(parts) == 1 else Product(parts)

    def _parts(self, mark: str, one: Callable[[], Space]) -> tuple[Space, ...]:
        parts = [one()]
        while self.took(mark):
            parts.append(one())
        return tuple(parts)

    def _atom(self, letters: Mapping[str, Space]) -> Space:
        if self.took("("):
            inner = self.space(letters)
            if self.took(","):
                inner = Product((inner,))
            self.take(")")
            return inner
        if self.took("1"):
            return Product(())
        word = self.name()
        if word in letters:
            return letters[word]
        if word in ("Int", "Bool"):
            dtype = self.name() if self.took(":") else {"Int": "int64", "Bool": "bool"}[word]
            return Discrete(self.shape(), dtype)
        if re.fullmatch(r"R(16|32|64)?", word):
            return Real(self.shape(), f"float{word[1:] or 64}")
        self.at -= 1
        raise self.error("expected a space")

    def shape(self) -> Shape:
        """Lengths in brackets, or none; a letter stands for the lengths it is given for."""
        lengths: list[int] = []
        if self.took("["):
            while not self.took("]"):
                word = self.take()
                if word == "*":
                    lengths.append(ANY)
                    self.took(",")
                    continue
                if not word.isdigit() and word not in self.shapes:
                    self.at -= 1
                    raise self.error("expected a length")
                lengths += self.shapes[word] if word in self.shapes else (int(word),)
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
