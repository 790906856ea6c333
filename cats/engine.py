"""What every transformed function shares: trace, transform, simplify, compile once, run.

A transformation says which program answers it and how the results are put together. On plain
arguments the program is compiled and kept; on traced arguments it is written down in the outer
trace, so orders nest and no perturbation can be confused with another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.backends.backend import Backend, Compiled
from cats.backends.on_numpy import OnNumpy
from cats.cache import Cache
from cats.capture import picture
from cats.ir.collecting import collector_paused
from cats.ir.errors import SpaceError
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value
from cats.prepared import Call, Function, Traceable, traced
from cats.simplify import simplify
from cats.trace import Spec, replayed, space_of_leaf
from cats.traced import Recorder, newest_recorder, placed, users_place
from cats.tree import LEAF, Branch, Static, Tree, flatten, unflatten

NUMPY = OnNumpy()

NONE = Static(type(None), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """A program whose outputs are the leaves of `out`."""

    program: Program
    out: Tree


Transform = Callable[[Traceable], Answer]

_ANSWERS: Cache[tuple[Traceable, Any]] = Cache(512)
"""What has been traced and compiled; only a memory of pure results."""


def remembered(
    f: Function, call: Call, options: Hashable, make: Callable[[Traceable], Any]
) -> tuple[Traceable, Any]:
    """(the traced function, make of it), from memory if nothing it depends on has changed."""
    if call.recorder is not None:
        return _made(f, call, make)
    try:
        key = (picture(f), call.tree, call.spaces, call.names, options)
        found = _ANSWERS.look(key)
    except TypeError:
        return _made(f, call, make)
    if found is None:
        found = _made(f, call, make)
        if not found[0].captured:
            _ANSWERS.put(key, found)
    return found


def _made(f: Function, call: Call, make: Callable[[Traceable], Any]) -> tuple[Traceable, Any]:
    with collector_paused():
        lifted = traced(f, call)
        return lifted, make(lifted)


@placed
def answered(
    f: Function,
    call: Call,
    extra: Sequence[Value],
    options: Hashable,
    transform: Transform,
    backend: Backend = NUMPY,
) -> Any:
    """The transformed function at a call, `extra` being further leaves its program takes."""
    recorder = newest((*call.leaves, *extra))

    def make(lifted: Traceable) -> tuple[Program | Compiled, Tree]:
        answer = transform(lifted)
        program = simplify(answer.program)
        tracing = recorder is not None or lifted.captured
        return (program if tracing else backend.compile(program)), answer.out

    lifted, (target, out) = remembered(f, call, (options, backend, recorder is None), make)
    return unflatten(out, execute(target, [*call.leaves, *lifted.captured, *extra]))


def newest(values: Sequence[Value]) -> Recorder | None:
    """The newest trace among leaves."""
    return newest_recorder(values)


def execute(target: Program | Compiled, args: Sequence[Value]) -> Sequence[Value]:
    """Runs a compiled program, or writes the program down in the trace its arguments belong to."""
    recorder = newest(args)
    if recorder is None:
        _refuse_specs(args)
        run = target if isinstance(target, Compiled) else NUMPY.compile(target)
        return run(*args)
    program = target.program if isinstance(target, Compiled) else target
    return replayed(program, args, recorder)


def _refuse_specs(args: Sequence[Value]) -> None:
    """Raises SpaceError if an argument is a shape without data."""
    for value in args:
        if type(value) is Spec:
            raise SpaceError(
                f"{value} has no data to compute with", where=users_place(),
                remedy="Pass an array; a Spec is for cats.trace, cats.count and cats.source.",
            )  # fmt: skip


# Structures of derivatives


def real_leaves(tree: Tree, spaces: Sequence[Ground]) -> Tree:
    """The structure of a tangent: real leaves stay, everything else is None."""
    rest = iter(spaces)

    def visit(part: Tree) -> Tree:
        if isinstance(part, Branch):
            return Branch(part.kind, part.keys, tuple(map(visit, part.parts)))
        if isinstance(part, Static):
            return NONE
        return LEAF if isinstance(next(rest), Real) else NONE

    return visit(tree)


def pair(*parts: Tree) -> Branch:
    """The structure of a tuple."""
    return Branch(tuple, (), parts)


def selected(program: Program, outputs: Sequence[int]) -> Program:
    """The program with some of its outputs, by their number."""
    chosen = tuple(program.outputs[i] for i in outputs)
    return Program(program.inputs, program.steps, chosen, program.names)


@placed
def fitted(
    given: Any, tree: Tree, expected: Sequence[tuple[Ground, str]], what: str
) -> list[Value]:
    """The leaves of `given` for the real leaves expected. Raises SpaceError where they differ."""
    values: list[Value] = []
    leaves = _leaves_like(given, tree, what)
    for value, (space, name) in zip(leaves, expected, strict=True):
        if not isinstance(space, Real):
            continue
        if value is None:
            raise SpaceError(
                f"the {what} of {name} is missing", remedy=f"Give one that lies in {space}."
            )
        found = space_of_leaf(value, f"the {what} of {name}")
        if found.shape != space.shape:
            raise SpaceError(
                f"the {what} of {name} lies in {found}, but {name} lies in {space}",
                remedy=f"Give the {what} the shape {space.shape}.",
            )
        traced_value = newest([value]) is not None
        values.append(value if traced_value else np.array(value, dtype=space.dtype))
    return values


def _leaves_like(given: Any, tree: Tree, what: str) -> list[Any]:
    """The leaves of `given`, which must have the structure of `tree`; statics may be anything."""
    if isinstance(tree, Static):
        return []
    if not isinstance(tree, Branch):
        return [given]
    rows = _rows(given, tree)
    if rows is None or len(rows) != len(tree.parts):
        raise SpaceError(
            f"the {what} has another structure than what it belongs to: "
            f"{_described(given)} instead of {_kind(tree)}",
            remedy=f"Give one {what} for each value, in the same containers.",
        )
    return [
        leaf for g, p in zip(rows, tree.parts, strict=True) for leaf in _leaves_like(g, p, what)
    ]


def _described(given: Any) -> str:
    tree = flatten(given)[1]
    return _kind(tree) if isinstance(tree, Branch) else type(given).__name__


def _kind(tree: Branch) -> str:
    if issubclass(tree.kind, dict):
        return f"a dict with the keys {', '.join(map(repr, tree.keys)) or '(none)'}"
    return f"a {tree.kind.__name__} of {len(tree.parts)}"


def _rows(given: Any, tree: Branch) -> Sequence[Any] | None:
    if isinstance(given, dict):
        return [given[k] for k in tree.keys] if set(given) == set(tree.keys) else None
    if isinstance(given, list | tuple):
        return given
    names = getattr(given, "__dataclass_fields__", None)
    return None if names is None else [getattr(given, n) for n in names]
