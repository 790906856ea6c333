"""The words of the term language: what is reserved, what is infix, and how tightly it binds."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from typing import NamedTuple

from cats.ir.writing import ATOM

OPEN = 0
"""Lambda, let, if and case: they extend as far to the right as they can."""
COMPARE, TOTAL, PRODUCT, SIGN, POWER = 1, 2, 3, 4, 5
OPERATION = 6
"""`sin x`: an operation before its arguments."""
CALL = 7
"""`f x`: a function before its argument."""
ARGUMENT = 8
"""What may stand as an argument without brackets."""


class Infix(NamedTuple):
    """An operation between its arguments: how tightly it binds, and what it asks of each side."""

    name: str
    symbol: str
    tightness: int
    left: int
    right: int


def _row(tightness: int, left: int, right: int, **symbols: str) -> list[Infix]:
    return [Infix(name, symbol, tightness, left, right) for name, symbol in symbols.items()]


_TABLE = (
    *_row(COMPARE, TOTAL, TOTAL, less="<", less_equal="<=", greater=">", greater_equal=">="),
    *_row(COMPARE, TOTAL, TOTAL, equal="==", not_equal="!="),
    *_row(TOTAL, TOTAL, PRODUCT, add="+", sub="-"),
    *_row(PRODUCT, PRODUCT, SIGN, mul="*", div="/", floor_divide="//", remainder="%"),
    *_row(POWER, OPERATION, SIGN, power="**"),
)

INFIX = {infix.name: infix for infix in _TABLE}
SYMBOLS = {infix.symbol: infix for infix in _TABLE}

RESERVED = frozenset(
    {
        "let", "in", "if", "then", "else", "case", "of", "scan", "while", "run",
        "inl", "inr", "inj", "inf", "nan", "True", "False",
    }
)  # fmt: skip
"""Words with a meaning of their own: a variable of such a name is written in quotes."""

SHOWN = 60
"""Longer terms are cut in messages."""

ALIAS = re.compile(r"s\d+")
"""The names that a long text gives to what it holds more than once."""


def name_text(
    name: str, operations: Container[str] = (), alias: re.Pattern[str] | None = None
) -> str:
    """The name as written in a term: in quotes if it would be read as something else.

    operations  whose names would be read as theirs
    alias       names that a text keeps for itself

    >>> print(name_text("x'"), name_text("sin", ["sin"]), name_text("a b"))
    x' "sin" "a b"
    """
    plain = re.fullmatch(r"[^\W\d]\w*'*", name) is not None
    taken = name in RESERVED or name in operations
    kept = alias is not None and alias.fullmatch(name) is not None
    return name if plain and not taken and not kept else json.dumps(name)


def in_short(text: str) -> str:
    r"""The text of a term as it is quoted in messages, on one line, and cut if it is long.

    >>> print(in_short("let x = 1.0 in\n  x"))
    `let x = 1.0 in x`
    """
    said = " ".join(text.split())
    return f"`{said if len(said) <= SHOWN else said[: SHOWN - 3] + '...'}`"


def injection_text(index: int, parts: int) -> str:
    """`inl` and `inr` of two; `inj[2]` of more.

    >>> injection_text(1, 2), injection_text(2, 3)
    ('inr', 'inj[2]')
    """
    return ("inl", "inr")[index] if parts == 2 else f"inj[{index}]"


__all__ = [
    "ALIAS", "ARGUMENT", "ATOM", "CALL", "INFIX", "OPEN", "OPERATION", "POWER",
    "PRODUCT", "RESERVED", "SIGN", "SYMBOLS", "Infix", "in_short", "injection_text", "name_text",
]  # fmt: skip
