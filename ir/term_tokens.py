"""The words of a lambda term, each with its place; errors show the line and point at the word."""

from __future__ import annotations

import re
from collections.abc import Container

from cats.ir.errors import TermError, Where
from cats.ir.tokens import Tokens, plain_text, short
from cats.ir.words import RESERVED

FILE = "<term>"
"""What stands for the file in the places of a term read from text."""

WIDTH = 72
"""Of a longer line only this much is shown around the place."""

_NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)|(?:inf|nan(?:_[0-9a-f]+)?)(?!\w)"
_WORD = r"""[^\S\n]*(?: (?P<line>\n)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<arrow>->)
    | (?P<number>%s)
    | (?P<part>\.\d+)
    | (?P<name>[^\W\d]\w*'*)
    | (?P<mark>:=|\*\*|//|<=|>=|==|!=|[^\s\w]))"""
_OUTSIDE = re.compile(_WORD % _NUMBER, re.VERBOSE)
_BRACKETS = re.compile(_WORD % rf"-?(?:\d+/\d+|{_NUMBER})", re.VERBOSE)


class TermTokens(Tokens):
    """A text as the words of a term. Within brackets a minus belongs to the number after it.

    >>> TermTokens("p.0 - [-1.0]").words
    ['p', '.0', '-', '[', '-1.0', ']']
    """

    def __init__(self, text: str) -> None:
        self.text = plain_text(text)
        self.shapes = {}
        self.words: list[str] = []
        self.kinds: list[str] = []
        self.starts: list[int] = []
        self.lines: list[Where] = []
        self.at = 0
        self._split()

    def _split(self) -> None:
        place, depth, where = 0, 0, Where(FILE, 1)
        while (match := (_BRACKETS if depth else _OUTSIDE).match(self.text, place)) is not None:
            place, kind = match.end(), match.lastgroup or ""
            if kind == "line":
                where = Where(FILE, where.line + 1)
                continue
            word = match[kind]
            depth += (word == "[") - (word == "]" and depth > 0)
            self.words.append(word)
            self.kinds.append(kind)
            self.starts.append(match.start(kind))
            self.lines.append(where)
        self.ended(place)

    def adjacent(self) -> bool:
        """Whether no space is before the next word."""
        if not 0 < self.at < len(self.words):
            return False
        return self.starts[self.at] == self.starts[self.at - 1] + len(self.words[self.at - 1])

    def kind_ahead(self, ahead: int) -> str:
        """What a word further on is."""
        place = self.at + ahead
        return self.kinds[place] if place < len(self.kinds) else ""

    def take(self, expected: str | None = None) -> str:
        """The next word, which is then behind. Raises TermError if another was expected."""
        word = self.peek()
        if not word or (expected is not None and word != expected):
            raise self.error(f"expected '{expected}'" if expected else "expected more")
        self.at += 1
        return word

    def variable(self, operations: Container[str]) -> str:
        """A name that a binder may give: in quotes, or no word of the language's own."""
        word = self.peek()
        if self.kind() == "name" and (word in RESERVED or word in operations):
            what = "an operation" if word in operations else "a word of the language"
            raise self.error(f'expected a name; "{word}", in quotes, would be one', what=what)
        if self.kind() not in ("name", "string") or word.startswith("'"):
            raise self.error("expected a name")
        self.at += 1
        return self.unquoted(word)

    def error(self, why: str, found: str | None = None, what: str = "") -> TermError:
        """What is wrong at the next word: its line with a caret, what was found and expected."""
        start = self.starts[self.at] if self.at < len(self.starts) else len(self.text)
        line = self.text.count("\n", 0, start) + 1
        begin = self.text.rfind("\n", 0, start) + 1
        column = start - begin
        word = short(found or self.peek())
        described = (f"{what} '{word}'" if what else f"'{word}'") if word else "the end of the text"
        shown, caret = _window(self.text[begin:].split("\n", 1)[0], column)
        message = f"line {line}, column {column + 1}: {why}, found {described}"
        return TermError(f"{message}\n    {shown}\n    {' ' * caret}^")


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a line around a column, and the column in it."""
    if len(line) <= WIDTH:
        return line, column
    first = max(0, min(column - WIDTH // 2, len(line) - WIDTH))
    opening, closing = "..." if first else "", "..." if first + WIDTH < len(line) else ""
    return f"{opening}{line[first : first + WIDTH]}{closing}", column - first + len(opening)
