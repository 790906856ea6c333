"""Names that a text may give: identifiers of Python that mean nothing else there."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from itertools import count
from unicodedata import normalize

RESERVED = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "np"})
"""Names a text never gives to a value."""


def is_name(said: str) -> bool:
    """Whether a text may give this very name: Python reads another spelling as another name.

    >>> [is_name(name) for name in ("loss", "class", "np", "a b", "ﬁt")]
    [True, False, False, False, False]
    """
    return said.isidentifier() and normalize("NFKC", said) == said and said not in RESERVED


def identifier(said: str, otherwise: str) -> str:
    """The name, or one like it that a text may give.

    >>> [identifier(said, "x0") for said in ("loss", "class", "p[0].w", "1st", "")]
    ['loss', 'class_', 'p_0_w', 'x0_1st', 'x0']
    """
    if is_name(said):
        return said
    name = re.sub(r"\W+", "_", normalize("NFKC", said)).strip("_") or otherwise
    if not name.isidentifier():
        name = f"{otherwise}_{name}"
    if not name.isidentifier():
        return otherwise
    return f"{name}_" if name in RESERVED else name


class Given:
    """Names given so far, each once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.counts: dict[str, int] = {}

    def give(self, name: str) -> str:
        """The name, or with a number after it if it is taken.

        >>> given = Given({"x"})
        >>> given.give("x"), given.give("x"), given.give("y")
        ('x_2', 'x_3', 'y')
        """
        chosen, number = name, self.counts.get(name, 1)
        while chosen in self.taken:
            number += 1
            chosen = f"{name}_{number}"
        self.counts[name] = number
        self.taken.add(chosen)
        return chosen

    def numbered(self, letter: str) -> Iterator[str]:
        """Those of t1, t2, ... that are free.

        >>> names = Given({"t1"}).numbered("t")
        >>> next(names), next(names)
        ('t2', 't3')
        """
        for number in count(1):
            if f"{letter}{number}" not in self.taken:
                self.taken.add(f"{letter}{number}")
                yield f"{letter}{number}"
