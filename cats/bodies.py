"""Functions given to control words, traced without data: programs, and what they read from around.

A body is traced once, on spaces. Values of outer traces and arrays that it reads become arguments
of the word, the same for all bodies of one word. Whole numbers and truth values vary from round to
round, so here they are leaves of containers and not part of the structure.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cats.doors import session_of
from cats.doors.objects import users_class
from cats.engine import execute
from cats.inside import identity, taken_in
from cats.ir.constant import Constant
from cats.ir.errors import TraceError
from cats.ir.prims.layout import convert
from cats.ir.program import Control, Program, Step
from cats.ir.spaces import Ground, Real, Value, space_of
from cats.ir.wire import STAMPS, Builder
from cats.places import placed, users_place
from cats.prepared import prepare, traced
from cats.recorder import newest_recorder
from cats.replay import replayed_step
from cats.trace import Spec
from cats.tracked import Tracked
from cats.tree import (
    Branch,
    Static,
    Tree,
    flatten,
    is_static,
    of_kinds,
    order,
    places,
    unflatten,
)
from cats.whole_numbers import NUMBERS, as_wires, numbered


@dataclass(frozen=True, slots=True)
class Flat:
    """A container laid out: its leaves, numbers among them, and the structure."""

    leaves: tuple[Value, ...]
    tree: Tree

    @property
    def spaces(self) -> tuple[Ground, ...]:
        """The spaces of the leaves."""
        return tuple([space_of(v) for v in self.leaves])

    def like(self, spaces: Sequence[Ground]) -> Any:
        """The container with shapes and dtypes in place of the leaves."""
        return unflatten(self.tree, [Spec(s.shape, s.dtype) for s in spaces])


def laid_out(value: Value) -> Flat:
    """A container as its leaves and their structure.

    >>> laid_out({"i": 0, "x": 1.0}).leaves
    (array(0), array(1.))
    """
    leaves, tree = flatten(value)
    found: list[Value] = []
    whole = numbered(tree, iter(leaves), found)
    return Flat(tuple([v if isinstance(v, Tracked) else np.asarray(v) for v in found]), whole)


def not_now(f: Callable[..., Any], value: Any) -> Any:
    """Arguments of a word; in a body that may not be run, as values that are not known yet.

    f   a function of the word, which says where it is called
    """
    session = session_of(f)
    if session is None or not session.recorder.optional or newest_recorder([value]) is not None:
        return value
    leaves, tree = flatten(value, lambda v: is_static(v) and not isinstance(v, NUMBERS))
    bare = [type(v) in (bool, int, float) for v in leaves]
    arrays = map(np.asarray, leaves)
    return unflatten(tree, list(map(session.recorder.held, arrays, bare)))


@dataclass(frozen=True, slots=True)
class Body:
    """A function without data: its program takes its own arguments, then `around`.

    name   what the function is to the word, for messages
    """

    name: str
    program: Program
    out: Tree
    around: tuple[Value, ...]

    @property
    def ends(self) -> tuple[Ground, ...]:
        """The spaces of the leaves of its result."""
        return self.program.ends

    def named(self) -> list[tuple[Value, str]]:
        """What it reads from around, and how that is called in it."""
        own = len(self.program.inputs) - len(self.around)
        return list(zip(self.around, self.program.names[own:], strict=True))

    def converted(self, spaces: Sequence[Ground]) -> Body:
        """The same with results in other dtypes."""
        if tuple(spaces) == self.ends:
            return self
        builder = Builder.over(self.program)
        pairs = zip(self.program.outputs, spaces, strict=True)
        outputs = [convert(builder.wires[o], dtype=s.dtype) for o, s in pairs]
        return Body(self.name, builder.finish(outputs, self.program.names), self.out, self.around)

    def numbers(self) -> list[Constant | None]:
        """For each result the number that the function always gives, if it does."""
        made = Builder.over(self.program)
        found = [made.wires[o] for o in self.program.outputs]
        return [None if w.space.shape else w.constant for w in found]

    def like(self, tree: Tree) -> Body | None:
        """The same with results in the order of a structure; None if its own is another."""
        numbers = matched(self.out, tree)
        return None if numbers is None else replace(self.rearranged(numbers), out=tree)

    def rearranged(self, numbers: Sequence[int]) -> Body:
        """The same with these of its results, in this order."""
        outputs = tuple([self.program.outputs[i] for i in numbers])
        return replace(self, program=replace(self.program, outputs=outputs))


def matched(tree: Tree, like: Tree) -> list[int] | None:
    """As `order`, whichever traces the classes of containers come from."""
    return order(of_kinds(tree, users_class), of_kinds(like, users_class))


@placed
def body_of(
    name: str,
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    numbers: bool = True,
    apart: bool = False,
) -> Body:
    """The function on arguments of which only shapes and dtypes are known.

    numbers   whether whole numbers in its result are leaves, and not part of the structure
    apart     whether what it computes of values from around alone is computed by it, as it must
              be where it may not be run; else that is computed once, around it
    """
    since = next(STAMPS)
    call = prepare(f, args, dict(kwargs or {}))
    _refuse_other_arguments(name, f, args, dict(kwargs or {}))
    blank = tuple([Spec(s.shape, s.dtype) for s in call.spaces])
    try:
        lifted = traced(f, replace(call, leaves=blank), apart)
    except RecursionError as error:
        if _depth() < DEEP:
            raise
        raise _too_deep(name) from error
    program, around = lifted.program, lifted.extra
    if apart:
        program, around = taken_in(program, around, since)
    if not numbers:
        return Body(name, program, lifted.out, around)
    builder = Builder.over(program)
    wires = [builder.wires[o] for o in program.outputs]
    out, outputs = as_wires(builder, lifted.out, wires)
    return Body(name, builder.finish(outputs, program.names), out, around)


DEEP = 10
"""So many words within each other, and Python's stack ends: it is the words that are too deep."""


def _depth() -> int:
    """How many bodies within each other are being traced."""
    code, frame, found = body_of.__wrapped__.__code__, sys._getframe(1), 0  # type: ignore[attr-defined]
    while frame is not None:
        found += frame.f_code is code
        frame = frame.f_back  # type: ignore[assignment]
    return found


def _too_deep(name: str) -> TraceError:
    return TraceError(
        f"{name} lies in so many functions of words within each other that Python's stack ends: "
        "all functions of a word are traced, both branches of a choice too, so a function that "
        "calls itself in one of them, or in its rule with ever other values, comes to no end",
        where=users_place(),
        remedy="Use cats.while_loop in place of a function that calls itself, and let a rule pass "
        "on the nondiff_argnums it is given; where nothing does, raise sys.setrecursionlimit.",
    )


def _refuse_other_arguments(
    name: str, f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> None:
    """Raises TraceError if the function does not take so many arguments."""
    try:
        signature = inspect.signature(f)
    except Exception:  # the user's own attributes may be asked, and raise anything
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TraceError(
            f"{name} is called with {len(args)} arguments, and cannot take them: {error}",
            where=users_place(),
            remedy="Give a function of as many arguments as the word passes on.",
        ) from None


@dataclass(frozen=True, slots=True)
class Closed:
    """Programs of bodies with what they read from around as their first inputs, all alike.

    named   what that is, and how it is called in them
    """

    named: tuple[tuple[Value, str], ...]
    programs: tuple[Program, ...]

    @property
    def around(self) -> tuple[Value, ...]:
        """What they read from around."""
        return tuple([value for value, _ in self.named])


def closed(bodies: Sequence[Body], first: Sequence[tuple[Value, str]] = ()) -> Closed:
    """The bodies with all that any of them reads from around, after what comes first of it."""
    around: dict[Hashable, tuple[Value, str]] = {identity(v): (v, name) for v, name in first}
    for body in bodies:
        around.update((identity(v), (v, name)) for v, name in body.named())
    place = {key: i for i, key in enumerate(around)}
    spaces = [space_of(v) for v, _ in around.values()]
    programs: list[Program] = []
    for body in bodies:
        own = len(body.program.inputs) - len(body.around)
        builder = Builder((*spaces, *body.program.inputs[:own]))
        inputs = builder.wires[len(spaces) :]
        read = [builder.wires[place[identity(v)]] for v in body.around]
        outputs = builder.run(body.program, [*inputs, *read])
        names = (*[name for _, name in around.values()], *body.program.names[:own])
        programs.append(builder.finish(outputs, names))
    return Closed(tuple(around.values()), tuple(programs))


def applied(word: Control, args: Sequence[Value]) -> Sequence[Value]:
    """The word on values: written down in the newest trace among them, or run."""
    spaces = [space_of(v) for v in args]
    step = Step(word, tuple(range(len(args))), (), word.space(*spaces), users_place())
    recorder = newest_recorder(args)
    if recorder is not None:
        found: Sequence[Value] = replayed_step(step, args, recorder)
        return found
    count = len(step.spaces)
    outputs = tuple(range(len(args), len(args) + count))
    return execute(Program(tuple(spaces), (step,), outputs), args)


def agreed(bodies: Sequence[Body]) -> list[Body]:
    """The bodies with results in the same spaces; fixed numbers take the dtype of the others.

    Dicts are matched by key. Raises TraceError naming the result and its spaces if they differ.
    """
    first = bodies[0]
    bodies = [first, *[_like_first(first, body) for body in bodies[1:]]]
    numbers = [body.numbers() for body in bodies]
    wide: list[Ground] = []
    for place, ends in enumerate(zip(*[b.ends for b in bodies], strict=True)):
        fixed = [row[place] for row in numbers]
        firm = [e for e, n in zip(ends, fixed, strict=True) if n is None] or list(ends)
        if len(set(firm)) > 1 or not all(map(_fits, ends, fixed, [firm[0]] * len(ends))):
            raise TraceError(
                f"result {labels(first.out)[place]} of {' and '.join(b.name for b in bodies)} "
                f"lies in different spaces: {', '.join(map(_written, ends, fixed))}",
                where=users_place(),
                remedy="Give all branches results of one shape and dtype, with astype or reshape.",
            )
        wide.append(firm[0])
    return [body.converted(wide) for body in bodies]


def _like_first(first: Body, other: Body) -> Body:
    """The other, its results in the order of the first. Raises TraceError if it gives others."""
    found = other.like(first.out)
    if found is not None:
        return found
    raise TraceError(
        f"{first.name} and {other.name} give results of different structure: "
        f"{described(first)} and {described(other)}",
        where=users_place(),
        remedy="Give the same containers in both.",
    )


def _fits(space: Ground, number: Constant | None, wide: Ground) -> bool:
    """Whether what lies in a space, or is always a number, is in the other as well."""
    if space.shape != wide.shape or not np.can_cast(space.dtype, wide.dtype, "same_kind"):
        return False
    if number is None or space.dtype == wide.dtype:
        return True
    with np.errstate(over="ignore"):
        there = number.array.astype(wide.dtype)
    if isinstance(wide, Real):
        return bool(np.isfinite(there) == np.isfinite(number.array))
    return bool(there == number.array)


def _written(space: Ground, number: Constant | None) -> str:
    return str(space) if number is None else f"{space} (always {number.array})"


def labels(tree: Tree) -> list[str]:
    """What the leaves of a structure are called in messages: by their keys, else by number."""
    found = places(tree)
    keyed = any(text.strip("[]0123456789") for text in found)
    return found if keyed else [str(i) for i in range(len(found))]


def described(body: Body) -> str:
    """The result of a body in messages."""
    return f"{_kinds(body.out)} in {', '.join(map(str, body.ends)) or 'nothing'}"


def _kinds(tree: Tree) -> str:
    match tree:
        case Branch() if issubclass(tree.kind, dict) and tree.keys:
            return f"a dict with the keys {', '.join(map(repr, tree.keys))}"
        case Branch():
            return f"a {tree.kind.__name__} of {len(tree.parts)}"
        case Static():
            return repr(tree.value)
    return "a value"
