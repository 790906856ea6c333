"""A call, prepared: arguments flattened, placed in spaces, checked, and traced to a program."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cats.ir.errors import DerivativeError, SpaceError, Where
from cats.ir.lam import Term, TermNode
from cats.ir.prims.guards import Outcome
from cats.ir.program import Program
from cats.ir.spaces import Discrete, Ground, Product, Real, Space, Value, native
from cats.ir.wire import Builder
from cats.places import placed, users_place
from cats.pointfree import program_of
from cats.recorder import Recorder, newest_recorder
from cats.trace import Argument, Spec, arguments, leaf_names, space_of_leaf, trace_function
from cats.tracked import Tracked
from cats.tree import LEAF, Branch, Static, Tree, count

Function = Callable[..., Any] | Term


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call: their leaves, spaces, names, kinds (`Argument`), and structure."""

    leaves: tuple[Value, ...]
    spaces: tuple[Ground, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    tree: Tree

    @property
    def recorder(self) -> Recorder | None:
        """The newest trace this call is part of, if any."""
        return newest_recorder(self.leaves)


@placed
def prepare(f: Function, args: Sequence[Any], kwargs: dict[str, Any]) -> Call:
    """Flattens the arguments. Raises SpaceError naming an argument that lies in no space."""
    if not callable(f) and not isinstance(f, TermNode):
        raise SpaceError(
            f"{f!r} of type {type(f).__name__} is not a function",
            remedy="Give a Python function or a lambda term.",
        )
    leaves, tree = arguments(f, (tuple(args), kwargs))
    names = leaf_names(f, args, kwargs)
    spaces = tuple(space_of_leaf(v, f"argument {n}") for v, n in zip(leaves, names, strict=True))
    kinds = _again(leaves, tuple([_kind(v) for v in leaves]))
    return Call(tuple([_plain(v) for v in leaves]), spaces, tuple(names), kinds, tree)


def _plain(value: Value) -> Value:
    return value if isinstance(value, Tracked | Spec) else native(np.asarray(value))


def _again(leaves: Sequence[Value], kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds, of an array that is given more than once too."""
    arrays = [id(v) for v, kind in zip(leaves, kinds, strict=True) if kind == "array"]
    if len(set(arrays)) == len(arrays):
        return kinds
    known, found = set[int](), list[str]()
    for value, kind in zip(leaves, kinds, strict=True):
        found.append("again" if kind == "array" and id(value) in known else kind)
        known.add(id(value))
    return tuple(found)


def _kind(value: Value) -> str:
    """What a leaf stands for: see `Argument`."""
    if isinstance(value, Tracked):
        return "number" if value.weak else "array" if value.is_array else "scalar"
    if isinstance(value, np.ndarray):
        return "array"
    return "number" if type(value) in (int, float, bool) else "scalar"


@dataclass(frozen=True, slots=True)
class Traceable:
    """A traced call: the program, the structure of its result, and as in `Tracing`."""

    term: Term
    program: Program
    out: Tree
    extra: tuple[Any, ...] = ()
    decisions: tuple[tuple[Outcome, Where], ...] = ()
    lasting: bool = True

    def closed(self) -> Traceable:
        """The same, with what is read from outside written down as it is now."""
        arrays = self.extra
        if not arrays or newest_recorder(arrays) is not None:
            return self
        count = len(self.program.inputs) - len(arrays)
        builder = Builder(self.program.inputs[:count])
        outputs = builder.run(self.program, [*builder.wires, *arrays])
        program = builder.finish(outputs, self.program.names[:count])
        return Traceable(self.term, program, self.out, (), self.decisions, self.lasting)


def traced(f: Function, call: Call, optional: bool = False) -> Traceable:
    """The function as a program on the call's leaves; `optional` if that may not be run."""
    if isinstance(f, TermNode):
        return _of_term(f, call)
    rows = zip(call.spaces, call.names, call.leaves, call.kinds, strict=True)
    leaves = [Argument(s, n, None if isinstance(v, Spec) else v, k) for s, n, v, k in rows]
    found = trace_function(f, call.tree, leaves, optional)
    return Traceable(
        found.term, found.program, found.out, found.extra, found.decisions, found.lasting
    )


def _of_term(term: Any, call: Call) -> Traceable:
    """A container is a product of what it holds, and a product a tuple."""
    whole: Any = call.tree
    spaces = iter(call.spaces)
    given = [p for part in whole.parts for p in part.parts]
    lowered = program_of(term, [_space_of_part(part, spaces) for part in given])
    program = replace(lowered.program, names=call.names)
    count = len(program.outputs)
    flat = Branch(tuple, (), (LEAF,) * count) if count != 1 else LEAF
    return Traceable(term, program, _tree_of_space(lowered.output) or flat)


def _space_of_part(part: Tree, spaces: Iterator[Ground]) -> Space:
    if isinstance(part, Branch):
        return Product(tuple([_space_of_part(p, spaces) for p in part.parts]))
    return next(spaces)


def _tree_of_space(space: Space) -> Tree | None:
    """Nested tuples as the space is nested; None for sums, whose parts lie side by side."""
    if not isinstance(space, Product):
        return LEAF if isinstance(space, Real | Discrete) else None
    parts = [_tree_of_space(s) for s in space.parts]
    known = tuple([p for p in parts if p is not None])
    return Branch(tuple, (), known) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The differentiated arguments: their structures, the leaves of each, the real ones of all."""

    trees: tuple[Tree, ...]
    owned: tuple[tuple[int, ...], ...]
    active: tuple[int, ...]
    single: bool


@placed
def chosen_arguments(
    f: Function,
    call: Call,
    argnums: int | tuple[int, ...],
    argnames: str | tuple[str, ...] | None,
) -> Chosen:
    """Which arguments to differentiate.

    Raises DerivativeError for an argument that is not there or has nothing to differentiate.
    """
    parts: Any = call.tree.parts  # type: ignore[union-attr]
    places = _numbered(argnums, parts[0])
    names = (argnames,) if isinstance(argnames, str) else argnames or ()
    places += [_named(n, f, parts) for n in names]
    starts = _starts(parts)
    trees: list[Tree] = []
    owned: list[tuple[int, ...]] = []
    active: list[int] = []
    for part, index in places:
        tree = parts[part].parts[index]
        _refuse_static(tree, f"argument {parts[part].keys[index] if part else index}")
        span = range(starts[part][index], starts[part][index] + count(tree))
        real = [i for i in span if isinstance(call.spaces[i], Real)]
        _refuse_discrete(tree, span, real, call)
        trees.append(tree)
        owned.append(tuple(span))
        active += [i for i in real if i not in active]
    single = len(places) == 1 and (isinstance(argnums, int) or isinstance(argnames, str))
    return Chosen(tuple(trees), tuple(owned), tuple(active), single)


@placed
def wanted(
    argnums: int | Sequence[int] | None, argnames: str | Sequence[str] | None = None
) -> tuple[int | tuple[int, ...], str | tuple[str, ...] | None]:
    """argnums and argnames as numbers and tuples. Raises DerivativeError for anything else."""
    if argnums is None:
        argnums = 0 if argnames is None else ()
    numbers = integers(
        "argnums",
        argnums,
        "Number the positional arguments from 0, or name arguments with argnames.",
    )
    if argnames is None or isinstance(argnames, str):
        return numbers, argnames
    names = tuple(argnames) if isinstance(argnames, Iterable) else (argnames,)
    if not all(isinstance(n, str) for n in names):
        raise DerivativeError(
            f"argnames={argnames!r} is neither a name nor a sequence of names",
            remedy="Give the names of parameters, as text.",
        )
    return numbers, names


def integers(name: str, given: Any, remedy: str) -> int | tuple[int, ...]:
    """An integer, or a tuple of several. Raises DerivativeError for anything else."""
    try:
        return (
            operator.index(given)
            if hasattr(given, "__index__")
            else tuple(map(operator.index, given))
        )
    except TypeError:
        raise DerivativeError(
            f"{name}={given!r} is neither an integer nor a sequence of integers",
            where=users_place(),
            remedy=remedy,
        ) from None


@placed
def positive(chunk: int | None) -> int | None:
    """A size of chunks, or None for all at once. Raises SpaceError for what is no such number."""
    if chunk is None:
        return None
    number = chunk.__index__() if hasattr(chunk, "__index__") else 0
    if number < 1:
        raise SpaceError(
            f"chunk={chunk!r} is no number of vectors or examples",
            remedy="Give a whole number from 1 up, or None for all at once.",
        )
    return number


def _numbered(argnums: int | tuple[int, ...], positional: Any) -> list[tuple[int, int]]:
    numbers = (argnums,) if isinstance(argnums, int) else argnums
    return [_positional(n, positional) for n in numbers]


def _starts(parts: Any) -> list[list[int]]:
    starts, at = [], 0
    for part in parts:
        row = []
        for tree in part.parts:
            row.append(at)
            at += count(tree)
        starts.append(row)
    return starts


def _positional(number: int, positional: Any) -> tuple[int, int]:
    found = len(positional.parts)
    if not -found <= number < found:
        raise DerivativeError(
            f"argnums={number}, but the function was called with {found} positional arguments",
            remedy="argnums counts positional arguments from 0; use argnames for keywords.",
        )
    return 0, number % found


def _named(name: str, f: Any, parts: Any) -> tuple[int, int]:
    if name in parts[1].keys:
        return 1, parts[1].keys.index(name)
    names = [n for n in leaf_names(f, [0.0] * len(parts[0].parts), {})]
    if name in names:
        return 0, names.index(name)
    raise DerivativeError(
        f"argnames={name!r}, but the call has no argument of that name",
        remedy=f"It has {', '.join([*names, *parts[1].keys]) or 'none'}.",
    )


def _refuse_static(tree: Tree, what: str) -> None:
    if isinstance(tree, Static):
        raise DerivativeError(
            f"{what} is {tree.value!r} of type {tree.kind.__name__}: it has no derivative",
            remedy="Pass a float: an integer does not vary infinitesimally."
            if isinstance(tree.value, int | np.integer)
            else "Choose another argument with argnums.",
        )


def _refuse_discrete(tree: Tree, span: range, real: list[int], call: Call) -> None:
    if real:
        return
    if isinstance(tree, Branch) and not len(span):
        raise DerivativeError(
            f"the argument {tree.kind.__name__} holds nothing real to differentiate",
            remedy="Choose another argument with argnums.",
        )
    raise DerivativeError(
        f"argument {call.names[span[0]]} lies in {call.spaces[span[0]]}, "
        "which has no derivative: integers and truth values do not vary infinitesimally",
        remedy="Convert it first, for instance with x.astype(float).",
    )
