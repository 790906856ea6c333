"""A proof is terms in a row, each one use of a named law from the next.

The law may be used in either direction and anywhere in the term. Letters are maps about which
only the ends are known, so what holds of them holds of all maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from cats.ir.node import Node
from cats.ir.rewrite import Rule


class NotAProof(Exception):
    """A row does not follow from the one before by the law it names."""


@dataclass(frozen=True)
class Calculation:
    """start = ... = the last row, each row with the law that gives it."""

    start: Node
    rows: tuple[tuple[Rule, Node], ...]

    @property
    def end(self) -> Node:
        return self.rows[-1][1] if self.rows else self.start

    def __str__(self) -> str:
        lines = [f"  {self.start}"]
        for law, term in self.rows:
            lines += [f"=   {{ {law.name} }}", f"  {term}"]
        return "\n".join(lines)

    def backwards(self) -> Calculation:
        """The same rows from the end to the start."""
        terms = [self.start, *(term for _, term in self.rows)]
        laws = [law for law, _ in self.rows]
        return Calculation(self.end, tuple(zip(laws[::-1], terms[-2::-1], strict=True)))

    def then(self, other: Calculation) -> Calculation:
        """One calculation after the other, which must begin where this ends."""
        if self.end != other.start:
            raise NotAProof(f"{self.end} is not where the next begins: {other.start}")
        return Calculation(self.start, self.rows + other.rows)

    def check(self) -> None:
        """Raises NotAProof, naming the row."""
        before = self.start
        for number, (law, after) in enumerate(self.rows, 1):
            if not follows(before, law, after):
                raise NotAProof(
                    f"row {number}: {law.name} does not take\n  {before}\nto\n  {after}"
                )
            before = after

    def proves(self, law: Rule, letters: tuple[Any, ...]) -> None:
        """Raises NotAProof unless the rows are right and their ends the sides of the law."""
        self.check()
        if (self.start, self.end) not in (sides := law.sides(*letters), sides[::-1]):
            raise NotAProof(f"{law.name} says {sides[0]} = {sides[1]}, proved is {self}")
        if law in (used for used, _ in self.rows):
            raise NotAProof(f"{law.name} is used in its own proof")


def follows(before: Node, law: Rule, after: Node) -> bool:
    """Whether one use of the law, in either direction, leads from one term to the other."""
    return after in uses(before, law) or before in uses(after, law)


def uses(term: Node, law: Rule) -> Iterator[Node]:
    """The term after one use of the law, for every place where it applies."""
    found = law.step(term)
    if found is not None:
        yield found
    values = [getattr(term, f.name) for f in fields(term)]  # type: ignore[arg-type]
    for place, value in enumerate(values):
        for other in _inside(value, law):
            made: Any = type(term)
            yield made(*values[:place], other, *values[place + 1 :])


def _inside(value: Any, law: Rule) -> Iterator[Any]:
    if isinstance(value, Node):
        yield from uses(value, law)
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            for other in _inside(part, law):
                yield (*value[:i], other, *value[i + 1 :])


def reduced(term: Node, laws: tuple[Rule, ...]) -> Calculation:
    """The dull part of a proof: the laws used from left to right until none applies."""
    rows: list[tuple[Rule, Node]] = []
    current = term
    while (row := next(((r, t) for r in laws for t in uses(current, r)), None)) is not None:
        rows.append(row)
        current = row[1]
    return Calculation(term, tuple(rows))
