"""Loops of a term on wires: rounds as programs, tuples as the wires they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cats.closures import Many, Value, many
from cats.ir.control import Loop, While
from cats.ir.errors import TermError
from cats.ir.spaces import Ground, row_of
from cats.ir.wire import Builder, Rewrites, Wire


def held(value: Value) -> list[Wire]:
    """The wires of a tuple, left to right. Raises TermError for what is no number, array or tuple.

    >>> held(many((many(()), many(()))))
    []
    """
    found: list[Wire] = []
    stack = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, Wire):
            found.append(top)
        elif isinstance(top, Many):
            stack.extend(reversed(top.parts))
        else:
            raise TermError(
                "a loop hands on a function, or a value of a sum",
                remedy="Hand on numbers, arrays and tuples of those; say `if` within a round.",
            )
    return found


def shaped(like: Value, wires: Iterator[Wire]) -> Value:
    """The same tuple of other wires."""
    if isinstance(like, Many):
        return many([shaped(part, wires) for part in like.parts])
    return next(wires)


class Rounds:
    """The rounds of one loop: builders that are open, one for each function, and their results."""

    def __init__(self, outer: Builder, first: Value, stacks: Value, length: int | None) -> None:
        self.outer, self.first, self.stacks = outer, first, stacks
        self.length = length
        self.builders: list[Builder] = []
        self.own: list[list[Wire]] = []
        self.results: list[Value] = []

    def opened(self, rewrites: Rewrites | None, scans: bool) -> tuple[Builder, list[Value]]:
        """A builder for one function, and what a round gives it: carries, and a row."""
        spaces: list[Ground] = [w.space for w in held(self.first)]
        spaces += [row_of(w.space) for w in held(self.stacks)]
        builder = Builder(spaces, rewrites)
        wires = iter(builder.wires[:])
        self.builders.append(builder)
        self.own.append(list(builder.wires))
        carry = shaped(self.first, wires)
        return builder, [carry, shaped(self.stacks, wires)] if scans else [carry]

    def _arranged(self) -> list[Wire]:
        """What the rounds read from around them, as the first inputs of all of them."""
        captured = list(dict.fromkeys(w for b in self.builders for w in b.captured))
        for builder, own in zip(self.builders, self.own, strict=True):
            builder.arrange(captured, own)
        return captured

    def scan(self, reverse: bool, count: Sequence[Value]) -> Value:
        """The loop through the stacks: the last carries, and stacks of what the rounds leave."""
        (builder,), (result,) = self.builders, self.results
        outputs = [builder.lift(w) for w in held(result)]
        captured, carries = self._arranged(), held(self.first)
        body = builder.finish(outputs)
        word = Loop(body, len(captured), len(carries), self.length, reverse)
        given = [w for c in count for w in held(c)]
        made = self.outer.emit(word, (*given, *captured, *carries, *held(self.stacks)))
        return shaped(result, iter(made))

    def repeat(self) -> Value:
        """The loop as long as a test says: how often, the last carries, stacks of what is left."""
        (testing, working), (test, result) = self.builders, self.results
        flag = [testing.lift(w) for w in held(test)]
        outputs = [working.lift(w) for w in held(result)]
        captured, carries = self._arranged(), held(self.first)
        word = While(testing.finish(flag), working.finish(outputs), len(captured))
        number, *made = self.outer.emit(word, (*captured, *carries))
        return many([number, *shaped(result, iter(made)).parts])  # type: ignore[union-attr]
