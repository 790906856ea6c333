"""Linear A: lambda terms with two kinds of variables, and the checker of what is linear in them.

A function takes non-linear and linear arguments and gives non-linear and linear results. Every
linear variable is used exactly once: `dup` and `drop` are written out, as are `zero` and `plus`,
and of two factors at most one is linear. (Radul et al., "You Only Linearize Once", POPL 2023.)

    (x: R; t: R) ->
      t1, t2 = dup t
      a = mul x t1
      b = sin t2          refused: sin is not linear
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.show import operation_text
from cats.ir.spaces import Space

Typed = tuple[str, Space]
"""A variable and its space."""


@dataclass(frozen=True, slots=True)
class Apply:
    """op(x, ..., t, ...): non-linear, or linear if one argument is and the operation is in it."""

    op: Primitive
    args: tuple[str, ...]
    params: Params = ()

    def __str__(self) -> str:
        return " ".join((operation_text(self.op.name, self.params), *self.args))


@dataclass(frozen=True, slots=True)
class Dup:
    """Two linear variables instead of one."""

    arg: str

    def __str__(self) -> str:
        return f"dup {self.arg}"


@dataclass(frozen=True, slots=True)
class Drop:
    """A linear variable nobody needs."""

    arg: str

    def __str__(self) -> str:
        return f"drop {self.arg}"


@dataclass(frozen=True, slots=True)
class Zero:
    """The linear zero of a space."""

    space: Space

    def __str__(self) -> str:
        return f"zero[{self.space}]"


@dataclass(frozen=True, slots=True)
class Plus:
    """The sum of two linear variables."""

    left: str
    right: str

    def __str__(self) -> str:
        return f"plus {self.left} {self.right}"


@dataclass(frozen=True, slots=True)
class Case:
    """The branch a non-linear tag chooses, on non-linear and on linear arguments."""

    tag: str
    nonlinear: tuple[str, ...]
    linear: tuple[str, ...]
    branches: tuple[Function, ...]

    def __str__(self) -> str:
        return f"case {self.tag} ({', '.join(self.nonlinear)}; {', '.join(self.linear)})"


@dataclass(frozen=True, slots=True)
class Loop:
    """The body once for each row, in order: it takes and gives carries, and takes and gives rows.

    length           how often: a number, or the non-linear variable that says so
    fixed, stacked   non-linear: the same in every round, and a row for each
    carries, stacks  linear: handed on from round to round, and a row for each
    """

    length: str
    reverse: bool
    fixed: tuple[str, ...]
    stacked: tuple[str, ...]
    carries: tuple[str, ...]
    stacks: tuple[str, ...]
    body: Function

    def __str__(self) -> str:
        parts = "; ".join(map(", ".join, (self.fixed, self.stacked, self.carries, self.stacks)))
        return f"loop {self.length}{' reversed' if self.reverse else ''} ({parts})"


Expression = Apply | Dup | Drop | Zero | Plus | Case | Loop


def inside(value: Expression) -> tuple[Function, ...]:
    """The functions an expression holds."""
    match value:
        case Case(branches=branches):
            return branches
        case Loop(body=body):
            return (body,)
    return ()


@dataclass(frozen=True, slots=True)
class Let:
    """names = expression."""

    names: tuple[str, ...]
    value: Expression

    def __str__(self) -> str:
        return f"{', '.join(self.names) or '()'} = {self.value}"


@dataclass(frozen=True, slots=True)
class Function:
    """(x, ...; t, ...) -> let ... in (y, ...; u, ...), the linear after the semicolon."""

    nonlinear: tuple[Typed, ...]
    linear: tuple[Typed, ...]
    lets: tuple[Let, ...]
    results: tuple[str, ...]
    linear_results: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(_text(self))


def counts(function: Function) -> dict[str, int]:
    """How many dup, drop, zero, plus and linear operations it holds, branches included.

    >>> from cats.ir.spaces import R
    >>> counts(Function((), (), (Let(("t",), Zero(R)),), (), ("t",)))["Zero"]
    1
    """
    found = dict.fromkeys(("Dup", "Drop", "Zero", "Plus", "Apply"), 0)
    stack = [function]
    while stack:
        for let in stack.pop().lets:
            held = inside(let.value)
            stack.extend(held)
            if not held:
                found[type(let.value).__name__] += 1
    return found


def _typed(variables: Sequence[Typed]) -> str:
    return ", ".join(f"{name}: {space}" for name, space in variables)


def _text(root: Function) -> Iterator[str]:
    """The text piece by piece, nested functions indented."""
    stack: list[str | tuple[Function, int]] = [(root, 0)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        else:
            stack.extend(reversed(_lines(*item)))


def _lines(function: Function, depth: int) -> list[str | tuple[Function, int]]:
    edge = "\n" + "  " * min(depth, 24)
    out: list[str | tuple[Function, int]] = [
        f"({_typed(function.nonlinear)}; {_typed(function.linear)}) ->"
    ]
    for let in function.lets:
        out.append(f"{edge}  {let}")
        for held in inside(let.value):
            out += [f"{edge}    | ", (held, depth + 3)]
    results = f"{', '.join(function.results)}; {', '.join(function.linear_results)}"
    out.append(f"{edge}in ({results})")
    return out
