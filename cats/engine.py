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
from cats.bits import ATOMS
from cats.cache import Cache
from cats.capture import picture
from cats.doors import session_of
from cats.doors.objects import users_class
from cats.ir.collecting import collector_paused
from cats.ir.errors import BackendError, SpaceError
from cats.ir.inline import without_guards
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value, native
from cats.paths import Path, Paths
from cats.places import placed, users_place
from cats.prepared import Call, Function, Traceable, traced
from cats.recorder import Recorder, newest_recorder
from cats.replay import replayed
from cats.signs import finished
from cats.simplify import simplify
from cats.trace import Spec, space_of_leaf
from cats.tree import (
    LEAF,
    Branch,
    Static,
    Tree,
    flatten,
    kinds,
    unflatten,
    with_statics,
)
from cats.unsolved import unsolved

NUMPY = OnNumpy()

NONE = Static(type(None), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """A program whose outputs are the leaves of `out`."""

    program: Program
    out: Tree


Transform = Callable[[Traceable], Answer]

_PATHS: Cache[Paths[Any]] = Cache(512)
"""What has been traced and compiled; only a memory of pure results."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One path: the traced function, what was made of its program, and what runs first of that."""

    lifted: Traceable
    made: Any
    first: Program | Compiled


def followed(
    f: Function,
    call: Call,
    extra: Sequence[Value],
    options: Hashable,
    make: Callable[[Traceable], tuple[Any, Program | Compiled]],
    seen: Call | None = None,
) -> tuple[Taken, Sequence[Value]]:
    """The path of a call, from memory if nothing it depends on has changed, and what it gives.

    make   of a traced function: what answers, and the program of it that is run on the arguments
    seen   the call as the function sees it, if that is another
    """
    key = _key(f, call, options)
    paths = None if key is None else _PATHS.look(key)
    found: Paths[Taken] = Paths() if paths is None else paths

    def trace() -> Path[Taken]:
        with collector_paused():
            lifted = traced(f, call if seen is None else seen)
            taken = Taken(lifted, *make(lifted))
        outcomes, places = zip(*lifted.decisions, strict=True) if lifted.decisions else ((), ())
        return Path(outcomes, places, taken)

    def run(taken: Taken) -> Sequence[Value]:
        return execute(taken.first, [*call.leaves, *map(native, taken.lifted.extra), *extra])

    def forced(taken: Taken) -> Sequence[Value]:
        return execute(
            unguarded(taken.first), [*call.leaves, *map(native, taken.lifted.extra), *extra]
        )

    known = len(found)
    taken, results = found.run(trace, run, forced)
    if key is not None and (paths is None or len(found) > known):
        _remember(key, found, lasting=key == _key(f, call, options) and _lasting(taken))
    return taken, results


def _lasting(taken: Taken) -> bool:
    """Whether no value of another trace, and nothing that changes by itself, is part of a path."""
    return taken.lifted.lasting and newest(taken.lifted.extra) is None


def _remember(key: Any, found: Paths[Taken], lasting: bool) -> None:
    """Keeps the paths, unless tracing changed what the function depends on, or looked at what
    changes by itself: then every call traces anew, and does again what it does outside of itself.
    """
    if lasting:
        _PATHS.put(key, found)
    else:
        _PATHS.drop(key)


def _key(f: Function, call: Call, options: Hashable) -> Any:
    """What a compiled function depends on; None where that cannot be told, or nothing is kept.

    What a function within a traced one reads may change before it is called again.
    """
    if call.recorder is not None or session_of(f) is not None:
        return None
    try:
        tree = with_statics(call.tree, _pictured)
        classes = [picture(kind) for kind in kinds(call.tree) if kind not in _BUILT_IN]
        key = (picture(f), tree, *classes, call.spaces, call.kinds, call.names, options)
        hash(key)
    except (TypeError, RecursionError):
        return None
    return key


_BUILT_IN = (tuple, list, dict)


def _pictured(value: Any) -> Any:
    """A value in the structure of arguments: functions and objects by what they hold."""
    return value if type(value) in ATOMS else picture(value)


@placed
def answered(
    f: Function,
    call: Call,
    extra: Sequence[Value],
    options: Hashable,
    transform: Transform,
    backend: Backend = NUMPY,
    seen: Call | None = None,
) -> Any:
    """The transformed function at a call, `extra` being further leaves its program takes.

    seen   the call as the function sees it, if that is another
    """
    if isinstance(backend, type) or not hasattr(backend, "compile"):
        raise BackendError(
            f"backend={backend!r} is no backend",
            where=users_place(),
            remedy="Give an instance of one, for instance cats.OnNumpy().",
        )
    recorder = newest((*call.leaves, *extra))

    def make(lifted: Traceable) -> tuple[Tree, Program | Compiled]:
        answer = transform(lifted)
        if recorder is not None or newest(lifted.extra) is not None:
            return answer.out, simplify(answer.program)
        return answer.out, backend.compile(finished(answer.program))

    taken, results = followed(f, call, extra, (options, backend, recorder is None), make, seen)
    return unflatten(taken.made, results)


def unguarded(target: Program | Compiled) -> Program | Compiled:
    """The same without its guards: right at the arguments it was traced at."""
    if isinstance(target, Compiled):
        return target.backend.compile(without_guards(target.program))
    return without_guards(target)


def newest(values: Sequence[Value]) -> Recorder | None:
    """The newest trace among leaves."""
    return newest_recorder(values)


def execute(target: Program | Compiled, args: Sequence[Value]) -> Sequence[Value]:
    """Runs a compiled program, or writes the program down in the trace its arguments belong to."""
    recorder = newest(args)
    if recorder is None:
        _refuse_specs(args)
        run = target if isinstance(target, Compiled) else NUMPY.compile(target)
        try:
            return run.run(*args)
        except (np.linalg.LinAlgError, IndexError) as error:
            raise unsolved(error, run.program, args) from error
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
            return part.of(map(visit, part.parts))
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
            _refuse_moved(value, what, f"{name} lies in {space}, and does not vary")
            continue
        if value is None:
            raise SpaceError(
                f"the {what} of {name} is missing", remedy=f"Give one that lies in {space}."
            )
        _refuse_specs([value])
        found = space_of_leaf(value, f"the {what} of {name}")
        if found.shape != space.shape:
            raise SpaceError(
                f"the {what} of {name} lies in {found}, but {name} lies in {space}",
                remedy=f"Give the {what} the shape {space.shape}.",
            )
        traced_value = newest([value]) is not None
        values.append(value if traced_value else np.array(value, dtype=space.dtype))
    return values


def moved(tangents: Sequence[Value]) -> bool:
    """Whether any is traced or other than 0: what has tangents 0 does not vary.

    A slope that is infinite or nan is then nothing to be multiplied by 0.
    """
    return newest(tangents) is not None or any(map(np.any, tangents))


def _refuse_moved(value: Any, what: str, why: str) -> None:
    """Raises SpaceError for what is neither None nor 0, where nothing varies."""
    if value is None or (newest([value]) is None and _is_zero(np.asarray(value))):
        return
    raise SpaceError(
        f"a {what} is given that is not 0, but {why}",
        remedy="Give None there, or pass a float in place of an integer if it is to vary.",
    )


def _is_zero(value: np.ndarray[Any, Any]) -> bool:
    """Whether it is numbers, all of them 0; text and records are none."""
    return value.dtype.kind in "biufcO" and not np.any(value != 0)


def _leaves_like(given: Any, tree: Tree, what: str) -> list[Any]:
    """The leaves of `given`, in the structure of `tree`; what does not vary may stand as it was."""
    if isinstance(tree, Static):
        if type(given) is not tree.kind or isinstance(given, int) or given != tree.value:
            _refuse_moved(given, what, f"{tree.value!r} does not vary")
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
    """The parts of a container of this very type; None for any other."""
    if users_class(type(given)) is not users_class(tree.kind):
        return None
    besides = [getattr(given, n, None) for n in tree.beside]
    if isinstance(given, dict):
        return [*[given[k] for k in tree.keys], *besides] if set(given) == set(tree.keys) else None
    if isinstance(given, list | tuple):
        return [*given, *besides]
    return [*[getattr(given, n) for n in tree.keys], *besides]
