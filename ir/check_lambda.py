"""The type checker of Linear A: every linear variable once, and nothing linear where it may not be.

Each way to be wrong has its sentence. A program of the library, its dup and drop written out,
is always accepted: `cats.ir.explicit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from cats.ir.arity import counted
from cats.ir.errors import LinearityError, SpaceError, expected
from cats.ir.linear_lambda import (
    Apply,
    Case,
    Drop,
    Dup,
    Expression,
    Function,
    Let,
    Loop,
    Plus,
    Typed,
    Zero,
    inside,
)
from cats.ir.primitive import Primitive
from cats.ir.results import result_space
from cats.ir.spaces import ANY, INT, Discrete, Ground, Space, row_of, tangent, with_rows

_BUILT = "Build it of what cats.ir.linear_lambda has."


def check_function(function: Function) -> None:
    """Raises LinearityError for a wrong use of a variable, SpaceError where spaces do not fit.

    What is no function, expression or operation at all raises TermError.

    >>> from cats.ir.prims.algebra import mul
    >>> from cats.ir.spaces import R
    >>> square = Let(("u",), Apply(mul, ("t", "t")))
    >>> check_function(Function((), (("t", R),), (square,), (), ("u",)))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    cats.ir.errors.LinearityError: u = mul t t: a product of two linear variables, t and t, ...
    """
    expected(function, Function, "function of Linear A", _BUILT)
    known: dict[int, Signature] = {}
    stack = [(function, False)]
    while stack:
        current, ready = stack.pop()
        if ready:
            known[id(current)] = _signature(current, known)
        elif id(current) not in known:
            stack.append((current, True))
            for number, let in enumerate(current.lets):
                expected(let, Let, f"binding, at place {number} of lets", _BUILT)
                at = f"of Linear A, where {', '.join(let.names)} is bound"
                expected(let.value, Expression, f"expression {at}", _BUILT)
                for held in inside(let.value):
                    expected(held, Function, f"function {at}", _BUILT)
                    stack.append((held, False))


Signature = tuple[tuple[Space, ...], tuple[Space, ...], tuple[Space, ...], tuple[Space, ...]]
"""The spaces of arguments and of results, non-linear and linear."""


def _signature(function: Function, known: Mapping[int, Signature]) -> Signature:
    """Checks one function, its branches being known."""
    scope = _Scope(function.nonlinear, function.linear, known)
    for let in function.lets:
        scope.let(let)
    scope.close(function)
    return (
        tuple(space for _, space in function.nonlinear),
        tuple(space for _, space in function.linear),
        tuple(scope.nonlinear[name] for name in function.results),
        tuple(scope.linear[name] for name in function.linear_results),
    )


class _Scope:
    """The variables bound so far, and where each linear one was used."""

    def __init__(
        self,
        nonlinear: Sequence[Typed],
        linear: Sequence[Typed],
        known: Mapping[int, Signature],
    ) -> None:
        self.known = known
        self.nonlinear: dict[str, Space] = {}
        self.linear: dict[str, Space] = {}
        self.used: dict[str, str] = {}
        self.at = "the arguments"
        for name, space in nonlinear:
            self.bind(name, space, linear=False)
        for name, space in linear:
            self.bind(name, space, linear=True)

    def wrong(self, why: str, remedy: str | None = None) -> LinearityError:
        return LinearityError(f"{self.at}: {why}", remedy=remedy)

    def bind(self, name: str, space: Space, *, linear: bool) -> None:
        expected(space, Space, f"space, as that of {name} is to be", "Give one of cats.ir.spaces.")
        if name in self.nonlinear or name in self.linear:
            raise self.wrong(f"{name} is bound twice", "Give each variable its own name.")
        if linear and tangent(space) != space:
            raise self.wrong(f"{name} cannot be linear: {space} has no tangent but 0")
        (self.linear if linear else self.nonlinear)[name] = space

    def plain(self, name: str, what: str) -> Space:
        """The space of a variable that must be non-linear."""
        if name in self.linear:
            raise self.wrong(f"{what} must be non-linear, and {name} is linear")
        return self.bound(name, self.nonlinear)

    def use(self, name: str, what: str) -> Space:
        """The space of a variable that must be linear, and is hereby used."""
        if name in self.nonlinear:
            raise self.wrong(f"{what} must be linear, and {name} is not")
        space = self.bound(name, self.linear)
        if name in self.used:
            raise self.wrong(
                f"the linear variable {name} is used again, after {self.used[name]}",
                "Write dup where it is needed twice.",
            )
        self.used[name] = self.at
        return space

    def bound(self, name: str, where: dict[str, Space]) -> Space:
        if name not in where:
            raise self.wrong(f"nobody bound {name}")
        return where[name]

    def let(self, let: Let) -> None:
        """Checks one binding, and binds its names."""
        if isinstance(let.value, Apply):
            what = f"operation, where {', '.join(let.names)} is bound"
            expected(let.value.op, Primitive, what, "Give a Primitive: BY_NAME has them.")
        self.at = str(let)
        spaces, linear = self.typed(let.value)
        if len(spaces) != len(let.names):
            raise self.wrong(f"{len(spaces)} results for {len(let.names)} names")
        for name, space, kind in zip(let.names, spaces, linear, strict=True):
            self.bind(name, space, linear=kind)

    def typed(self, value: Expression) -> tuple[tuple[Space, ...], tuple[bool, ...]]:
        """The spaces of the results, and which of them are linear."""
        match value:
            case Apply():
                return self.applied(value)
            case Dup(arg):
                return (self.use(arg, "what is doubled"),) * 2, (True, True)
            case Drop(arg):
                self.use(arg, "what is dropped")
                return (), ()
            case Zero(space):
                return (space,), (True,)
            case Plus(left, right):
                spaces = self.use(left, "a summand"), self.use(right, "a summand")
                if spaces[0] != spaces[1]:
                    raise SpaceError(f"{self.at}: a sum of {spaces[0]} and {spaces[1]}")
                return spaces[:1], (True,)
            case Case():
                return self.chosen(value)
            case Loop():
                return self.repeated(value)
            case _:
                assert_never(value)

    def applied(self, value: Apply) -> tuple[tuple[Space, ...], tuple[bool, ...]]:
        """An operation: in at most one linear argument, and there it must be linear."""
        for name in value.args:
            if name not in self.linear:
                self.plain(name, "an argument")
        slots = [i for i, name in enumerate(value.args) if name in self.linear]
        self.single(value, slots)
        spaces = [{**self.nonlinear, **self.linear}[name] for name in value.args]
        for slot in slots:
            self.use(value.args[slot], "an argument")
        try:
            said = result_space(value.op, spaces, dict(value.params))
        except SpaceError as error:
            raise SpaceError(f"{self.at}: {error.message}", remedy=error.remedy) from None
        results = said if isinstance(said, tuple) else (said,)
        return results, (bool(slots),) * len(results)

    def single(self, value: Apply, slots: list[int]) -> None:
        name = value.op.name
        if len(slots) > 1:
            which = " and ".join(value.args[i] for i in slots)
            what = "a product" if name in ("mul", "contract") else name
            raise self.wrong(
                f"{what} of two linear variables, {which}, is not linear",
                "Sums are written with plus."
                if name in ("add", "sub")
                else "Only one factor may be linear.",
            )
        allowed = () if value.op.linear is None else value.op.linear.slots
        if slots and slots[0] not in allowed:
            of = f" in argument {slots[0]}" if allowed else ""
            raise self.wrong(f"{name} is not linear{of}, and {value.args[slots[0]]} is linear")

    def chosen(self, value: Case) -> tuple[tuple[Space, ...], tuple[bool, ...]]:
        """A case: branches of one signature, which take what they are given."""
        tag = self.plain(value.tag, "the tag of a case")
        if not isinstance(tag, Discrete) or tag.shape:
            raise SpaceError(f"{self.at}: the tag of a case is a Bool or Int, not {tag}")
        plain = tuple(self.plain(n, "a non-linear argument of a branch") for n in value.nonlinear)
        linear = tuple(self.use(n, "a linear argument of a branch") for n in value.linear)
        count = len(value.branches)
        if not count or (tag.dtype == "bool" and count != 2):
            many = counted(count, "branch", "branches")
            raise SpaceError(f"{self.at}: a case on {tag} of {many}")
        first, *others = (self.known[id(branch)] for branch in value.branches)
        if any(other != first for other in others):
            raise SpaceError(f"{self.at}: the branches have different arguments or results")
        if first[:2] != (plain, linear):
            raise SpaceError(f"{self.at}: the branches take other arguments than they are given")
        return (*first[2], *first[3]), (False,) * len(first[2]) + (True,) * len(first[3])

    def repeated(self, value: Loop) -> tuple[tuple[Space, ...], tuple[bool, ...]]:
        """A loop: a body without non-linear results, whose carries stay in their spaces."""
        rows = int(value.length) if value.length.isdecimal() else ANY
        if rows == ANY and self.plain(value.length, "how often a loop runs") != INT:
            raise SpaceError(f"{self.at}: how often a loop runs is an Int")
        fixed = [self.plain(n, "a non-linear argument of a body") for n in value.fixed]
        stacked = [self.plain(n, "a non-linear argument of a body") for n in value.stacked]
        carries = tuple(self.use(n, "a carry") for n in value.carries)
        stacks = [self.use(n, "a linear argument of a body") for n in value.stacks]
        if not all(isinstance(s, Ground) and s.shape[:1] == (rows,) for s in (*stacked, *stacks)):
            raise SpaceError(f"{self.at}: a stack has no row for every round")
        plain = (*fixed, *map(row_of, stacked))
        taken, linear, given, results = self.known[id(value.body)]
        if taken != plain or linear != (*carries, *map(row_of, stacks)) or given:
            raise SpaceError(f"{self.at}: the body takes other arguments than it is given")
        if results[: len(carries)] != carries:
            raise SpaceError(f"{self.at}: a carry leaves its space")
        ends = (*carries, *[with_rows(s, rows) for s in results[len(carries) :]])
        return ends, (True,) * len(ends)

    def close(self, function: Function) -> None:
        """Checks the results, and that no linear variable is left."""
        self.at = "the results"
        for name in function.results:
            if name in self.linear:
                raise self.wrong(
                    f"the non-linear result {name} depends on a linear variable",
                    "Return it after the semicolon.",
                )
            self.bound(name, self.nonlinear)
        for name in function.linear_results:
            self.use(name, "a linear result")
        for name in self.linear:
            if name not in self.used:
                raise self.wrong(
                    f"the linear variable {name} is never used", "Write drop where it is not."
                )
