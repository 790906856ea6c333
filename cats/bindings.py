"""The bindings of a trace: names for terms, in the order in which they were written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from cats.concrete import Concrete
from cats.ir.errors import TraceError
from cats.ir.lam import Term, Var
from cats.ir.wire import STAMPS

BUDGET = 500_000
"""So many operations one trace may hold; a loop that unrolls further is named in the error."""


class Bindings:
    """The bindings v0, v1, ... of one trace; parameters are no bindings.

    names, terms, spaces   of each binding
    born                   when each was made
    inner                  the places of those that bodies of words made for themselves
    concrete               what they are at the arguments of this call
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.terms: list[Term] = []
        self.spaces: list[Any] = []
        self.born: list[int] = []
        self.inner: set[int] = set()
        self.concrete = Concrete(self.terms)

    def __len__(self) -> int:
        return len(self.names)

    def add(self, term: Term, space: Any) -> str:
        """A name for the term. Raises TraceError where there are too many."""
        name = f"v{len(self.names)}"
        if len(self.names) >= BUDGET:
            raise self._overrun()
        self.names.append(name)
        self.terms.append(term)
        self.spaces.append(space)
        self.born.append(next(STAMPS))
        return name

    def _overrun(self) -> TraceError:
        """The error that names the line that was written down most often."""
        lines = Counter(t.where._replace(name="") for t in self.terms if t.where is not None)
        (where, times), *_ = lines.most_common(1)
        return TraceError(
            f"the trace holds more than {BUDGET} operations; {times} come from one line",
            where=where,
            remedy="Use cats.fori_loop, cats.scan or cats.while_loop: they stay rolled.",
        )

    def place(self, term: Term) -> int:
        """Which binding a term is the name of; below zero for a parameter, and for no name."""
        return self.concrete.place(term.name) if isinstance(term, Var) else -1

    def bound(self, term: Term) -> Term:
        """What a name is bound to; any other term itself."""
        place = self.place(term)
        return term if place < 0 else self.terms[place]

    def made_since(self, term: Term, stamp: int) -> bool:
        """Whether a binding was made since then, or in the body of a word that it is a part of."""
        place = self.place(term)
        return place >= 0 and (self.born[place] > stamp or place in self.inner)

    def kept(self, results: Iterable[Term]) -> tuple[list[str], list[Term]]:
        """The bindings; of those that bodies made for themselves only what is read here too."""
        if not self.inner:
            return self.names, self.terms
        needed = {t.name for t in results if isinstance(t, Var)}
        places: list[int] = []
        for place in reversed(range(len(self.names))):
            name = self.names[place]
            if place not in self.inner or name in needed:
                places.append(place)
                needed |= {t.name for t in self.concrete.parts(name) if isinstance(t, Var)}
        places.reverse()
        return [self.names[i] for i in places], [self.terms[i] for i in places]
