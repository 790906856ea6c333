"""Arrows run, on arrays and on wires alike: one machine with a stack, and nothing run twice.

On wires the machine is a partial evaluator: functions and known tags are gone when it is done,
and what only the program will know becomes a case step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, assert_never

from cats.ir.arrow import (
    Arrow,
    Case,
    Const,
    Curry,
    Decide,
    Distl,
    Eval,
    Flat,
    Fork,
    Id,
    Inj,
    Letter,
    Prim,
    Proj,
    Terminal,
    Then,
)
from cats.ir.errors import TermError
from cats.ir.node import Node, postorder
from cats.ir.prims.layout import const
from cats.ir.program import Program
from cats.ir.spaces import Product, Space, Value
from cats.ir.wire import Builder, Wire

# Values of sums and functions


class Tagged(NamedTuple):
    """A value of a sum: which part, and a value of that part."""

    tag: int
    value: Value


class Closure(NamedTuple):
    """A function value: the body of a curry, and the value it was given."""

    body: Arrow
    captured: Value


class Choice(NamedTuple):
    """A value of a sum whose tag is a wire: what it would be in each case."""

    tag: Wire
    values: tuple[Value, ...]


def _replaced(value: Value, table: Mapping[Wire, Wire]) -> Value:
    """The value with other wires in it."""
    if isinstance(value, Wire):
        return table[value]
    if isinstance(value, tuple):
        parts = [_replaced(v, table) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def _wires(value: Value) -> list[Wire]:
    if isinstance(value, Wire):
        return [value]
    return [w for v in value for w in _wires(v)] if isinstance(value, tuple) else []


def grounds(value: Value) -> list[Value]:
    """The arrays or wires of a value of a product, left to right."""
    if isinstance(value, Choice | Tagged | Closure):
        raise TermError("a sum or a function is left where a program needs arrays")
    return [g for v in value for g in grounds(v)] if isinstance(value, tuple) else [value]


def gathered(space: Space, grounds: Sequence[Value]) -> Value:
    """The inverse of `grounds`."""
    rest = iter(grounds)

    def take(part: Space) -> Value:
        return tuple(map(take, part.parts)) if isinstance(part, Product) else next(rest)

    return take(space)


def evaluate(
    arrow: Arrow, value: Value, letters: Mapping[str, Callable[[Value], Value]] | None = None
) -> Value:
    """The arrow applied to a value: products are tuples, sums Tagged, functions called.

    letters   what the arrow's letters do
    Raises TermError for a letter without meaning.

    >>> from cats.ir.prims.algebra import mul
    >>> from cats.ir.spaces import R
    >>> square = Then(Fork((Id(R), Id(R))), Prim(mul, (), (R, R)))
    >>> evaluate(square, 3.0)
    9.0
    """
    return Machine(arrow, letters or {}, None).run(value)


@dataclass
class _Gather:
    """Runs the parts of a fork on one value, and pairs the results."""

    parts: tuple[Arrow, ...]
    value: Value
    done: list[Value] = field(default_factory=list)


@dataclass
class _Branches:
    """Runs the parts of a case, each in a program of its own."""

    node: Case
    choice: Choice
    outer: Builder
    captured: list[Wire]
    programs: list[Program] = field(default_factory=list)


@dataclass
class _Remember:
    """Keeps the result of a node that occurs several times, with the value it was met on."""

    node: Arrow
    value: Value


class Machine:
    """Arrows still to be applied, on a stack, and the value the next is applied to."""

    def __init__(
        self,
        root: Arrow,
        letters: Mapping[str, Callable[[Value], Value]],
        builder: Builder | None,
    ) -> None:
        self.letters = letters
        self.builder = builder
        self.stack: list[Arrow | _Gather | _Branches | _Remember] = [root]
        self.value: Value = ()
        self.shared = _shared(root)
        self.known: dict[tuple[int, int], tuple[Value, Value]] = {}
        self.tuples: dict[tuple[object, ...], Value] = {}

    def run(self, value: Value) -> Value:
        """The root applied to the value."""
        self.value = self.one(value)
        while self.stack:
            top = self.stack.pop()
            match top:
                case _Gather():
                    self.gather(top)
                case _Branches():
                    self.branch(top)
                case _Remember(node, at):
                    self.known[id(node), id(at)] = at, self.value
                case _:
                    self.meet(top)
        return self.value

    def meet(self, node: Arrow) -> None:
        """Applies a node, or finds what it gave on this very value before."""
        if id(node) in self.shared:
            found = self.known.get((id(node), id(self.value)))
            if found is not None:
                self.value = found[1]
                return
            self.stack.append(_Remember(node, self.value))
        self.apply(node)

    def one(self, value: Value) -> Value:
        """One object for each tuple of the same parts, so that identity tells values apart."""
        if not isinstance(value, tuple):
            return value
        return self.tuples.setdefault((type(value), *map(id, value)), value)

    def apply(self, node: Arrow) -> None:
        """Applies a node to the value, or pushes what is to be done for it."""
        value = self.value
        match node:
            case Id():
                pass
            case Then(first, second):
                self.stack += [second, first]
            case Fork(parts):
                self.stack += [_Gather(parts, value), parts[0]]
            case Proj(_, index):
                self.value = value[index]
            case Terminal():
                self.value = self.one(())
            case Flat():
                self.value = self.one(tuple(v for part in value for v in part))
            case Curry(body):
                self.value = self.one(Closure(body, value))
            case Eval():
                self.call(*value)
            case Inj(_, index):
                self.value = self.one(Tagged(index, value))
            case Case():
                self.case(node)
            case Distl():
                self.value = self.one(self.distributed(*value))
            case Decide(_, count):
                self.value = self.one(self.decided(value, count))
            case Prim(op, params):
                self.value = self.one(op(*value, **dict(params)))
            case Const(constant):
                made = (
                    None
                    if self.builder is None
                    else self.builder.emit(const, (), (("value", constant),))
                )
                self.value = constant.value if made is None else made
            case Letter(name):
                if name not in self.letters:
                    raise TermError(f"nobody says what the letter {name} does")
                self.value = self.one(self.letters[name](value))
            case _:
                assert_never(node)

    def gather(self, top: _Gather) -> None:
        """One more part of a fork is done."""
        top.done.append(self.value)
        if len(top.done) == len(top.parts):
            self.value = self.one(tuple(top.done))
        else:
            self.value = top.value
            self.stack += [top, top.parts[len(top.done)]]

    def call(self, function: Value, argument: Value) -> None:
        """A function value on an argument."""
        if isinstance(function, Closure):
            self.value = self.one((function.captured, argument))
            self.stack.append(function.body)
        else:
            self.value = self.one(function(argument))

    def distributed(self, left: Value, right: Tagged | Choice) -> Value:
        """a * (b + c) as a * b + a * c."""
        if isinstance(right, Choice):
            return Choice(right.tag, self.one(tuple(self.one((left, v)) for v in right.values)))
        return Tagged(right.tag, self.one((left, right.value)))

    def decided(self, tag: Value, count: int) -> Value:
        """A truth value or number as a sum of units."""
        unit = self.one(())
        return Choice(tag, (unit,) * count) if isinstance(tag, Wire) else Tagged(int(tag), unit)

    def case(self, node: Case) -> None:
        """The branch the tag says, or a case step if only the program will know."""
        if isinstance(self.value, Tagged):
            self.stack.append(node.parts[self.value.tag])
            self.value = self.value.value
            return
        if self.builder is None:
            raise TermError("a case on a value that is in no sum")
        captured = list(dict.fromkeys(_wires(self.value.values)))
        self.begin(_Branches(node, self.value, self.builder, captured))

    def begin(self, top: _Branches) -> None:
        """Starts the next branch in a builder of its own."""
        number = len(top.programs)
        self.builder = Builder([w.space for w in top.captured])
        table = dict(zip(top.captured, self.builder.wires, strict=True))
        self.value = self.one(_replaced(top.choice.values[number], table))
        self.stack += [top, top.node.parts[number]]

    def branch(self, top: _Branches) -> None:
        """A branch is done; after the last the case step is made."""
        inner = self.builder or top.outer
        top.programs.append(inner.finish([inner.lift(g) for g in grounds(self.value)]))
        if len(top.programs) < len(top.node.parts):
            self.begin(top)
            return
        self.builder = top.outer
        made = top.outer.case(tuple(top.programs), top.choice.tag, top.captured)
        self.value = self.one(gathered(top.node.cod, made))


def _shared(root: Node) -> set[int]:
    """The nodes that occur in more than one place."""
    uses: dict[int, int] = {}
    for node in postorder(root):
        for child in node.children():
            uses[id(child)] = uses.get(id(child), 0) + 1
    return {key for key, count in uses.items() if count > 1}
