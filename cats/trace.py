"""The driver of tracing: a Python function on traced arguments becomes a term, then a program."""

from __future__ import annotations

import ast
import inspect
import numbers
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import prod
from numbers import Number
from types import FunctionType
from typing import Any

import numpy as np

from cats.capture import can_view
from cats.doors import Session, session_of
from cats.ir.errors import CatsError, SpaceError, TraceError, Where
from cats.ir.lam import Lam, Let, Prim, Term, TermNode, Tuple
from cats.ir.prims.guards import Outcome
from cats.ir.program import Program
from cats.ir.spaces import Ground, Product, Value, ground
from cats.places import placed, users_place
from cats.pointfree import program_of
from cats.recorder import Recorder
from cats.strangers import stranger
from cats.surface import SPEECH
from cats.traced import Traced
from cats.tracked import Tracked
from cats.tree import Tree, flatten, is_static, of_kinds, unflatten, with_statics

MOST = sys.maxsize // 8
"""How many numbers of 8 bytes an array may hold."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A shape and a dtype in place of an array: enough to trace a function without data.

    >>> Spec((3,)).space
    Real(shape=(3,), dtype='float64')
    """

    shape: tuple[int, ...] = ()
    dtype: Any = "float64"

    @placed
    def __post_init__(self) -> None:
        """Raises SpaceError if there are no such arrays."""
        self.space  # noqa: B018

    @property
    def space(self) -> Ground:
        """The ground space it stands for; raises SpaceError if there is none."""
        whole = isinstance(self.shape, tuple | list) and all(map(_is_length, self.shape))
        if not whole:
            raise SpaceError(
                f"{self} has lengths that are no whole numbers from 0 up",
                remedy="Give a tuple of lengths, as Spec((3,)).",
            )
        if prod(map(int, self.shape)) > MOST:
            raise SpaceError(
                f"{self} has more entries than an array can have",
                remedy=f"Give lengths of which the product is at most {MOST}.",
            )
        try:
            dtype = np.dtype(self.dtype)
        except TypeError as error:
            raise SpaceError(f"{self}: {error}", remedy="Give a dtype of NumPy.") from None
        return ground(tuple(map(int, self.shape)), dtype)


def _is_length(n: Any) -> bool:
    return isinstance(n, int | np.integer) and not isinstance(n, bool) and bool(n >= 0)


@dataclass(frozen=True, slots=True)
class Tracing:
    """A traced function: its term, its program, how results are put together, what it decided.

    The program's inputs are the function's leaves, then `extra`: values of outer traces, and
    arrays from outside the function, which are read anew in every call. It is `lasting` if the
    function looks at nothing that nobody can know to be the same in the next call, as a clock.
    """

    term: Term
    program: Program
    out: Tree
    extra: tuple[Any, ...]
    decisions: tuple[tuple[Outcome, Where], ...]
    lasting: bool


@dataclass(frozen=True, slots=True)
class Argument:
    """A leaf of the arguments: its space, its name, what it is in this call, what it stands for.

    kind   "number" for a Python number, "array" for an array, also without axes, "again" for one
           that is given as another argument too, else "scalar"
    """

    space: Ground
    name: str
    given: Any
    kind: str


def trace_function(
    f: Callable[..., Any], inputs: Tree, leaves: Sequence[Argument], optional: bool = False
) -> Tracing:
    """f run once on traced values for these leaves; `inputs` is the structure of (args, kwargs).

    optional   whether it is a part of a program that may not be run
    Raises TraceError with the user's line for whatever has no meaning in a pure program.
    """
    recorder = Recorder(SPEECH, Traced)
    inner = session_of(f)
    session = inner or Session(recorder, (f, inputs))
    recorder.optional = optional or session.recorder.optional
    values = [_entered(recorder, leaf) for leaf in leaves]
    enter = session.rebound if inner is None else lambda value: value
    parts = with_statics(of_kinds(inputs, session.mirrors.mirror_of), enter)
    try:
        with session.entered(recorder):
            whole = unflatten(parts, values)
            args = tuple(map(session.given, whole[0]))
            kwargs = {name: session.given(value) for name, value in whole[1].items()}
            if inner is None:
                result = session.rebound(f)(*args, **kwargs)
            else:
                with session.looking_around(f):
                    result = f(*args, **kwargs)
            session.check()
            again = next((leaf for leaf in leaves if leaf.kind == "again"), None)
            if again is not None and inner is None and session.asks_which is not None:
                raise recorder.refused(_one_for_two(again.name, session.asks_which))
        found, out = flatten(result)
        out = with_statics(of_kinds(out, session.mirrors.original), session.left)
        given = [_returned(recorder, leaf, f) for leaf in found]
    except Exception as error:
        said = recorder.refusal or stranger(error, Traced)
        if said is None or said is error:
            raise
        raise said from error
    finally:
        recorder.closed = True
        if inner is None:
            session.outside.passed.undo()
    if recorder.refusal is not None:
        raise recorder.refusal
    results = tuple([g.term for g in given])
    bound, terms = recorder.bindings.kept(results)
    body: Term = Tuple(results)
    if bound:
        body = Let(tuple(bound), tuple(with_names(terms)), body)
    end = Product(tuple(g.space for g in given))
    program = program_of(body, dict(recorder.inputs), end=end).program
    named = Program(
        program.inputs, program.steps, program.outputs, tuple(n for n, _ in recorder.inputs)
    )
    term = closed(body, recorder.inputs)
    seen = tuple(recorder.extra), tuple(recorder.observed)
    return Tracing(term, named, out, *seen, recorder.world.lasting)


def _one_for_two(name: str, where: Where) -> TraceError:
    return TraceError(
        f"the function asks which object a value is, and the argument {name} is an array that is "
        "given as another one too: each varies by itself, so they are two in the function",
        where=where,
        remedy="Pass a copy of it, or ask for what it holds, with np.array_equal.",
    )


def arguments(f: Any, value: Value) -> tuple[list[Value], Tree]:
    """The leaves of arguments and their structure, of which users' objects and sets are a part.

    A term takes values only: whole numbers and truth values too are its leaves.
    """
    if isinstance(f, TermNode):
        return flatten(value, _never)
    return flatten(value, _is_structure, _is_structure_aside)


def _never(value: Value) -> bool:
    return False


def _is_structure(value: Value) -> bool:
    """Whether an argument is known by what it holds, and not an array of any kind."""
    if isinstance(value, np.ndarray | float | Tracked | Spec):
        return False
    if is_static(value) or isinstance(value, Enum):
        return True
    numeric = any(hasattr(value, name) for name in ("__array__", "__float__", "__len__"))
    return isinstance(value, set | frozenset) or (can_view(type(value)) and not numeric)


def _is_structure_aside(value: Value) -> bool:
    """Whether an attribute that no field names is: all are that are no numbers, as a lock."""
    if isinstance(value, np.ndarray | Number | Tracked | Spec):
        return _is_structure(value)
    return not any(hasattr(value, name) for name in ("__array__", "__float__"))


def _entered(recorder: Recorder, leaf: Argument) -> Tracked:
    """A parameter of the trace."""
    made = recorder.input(leaf.name, leaf.space, leaf.given, "an argument")
    made.weak, made.boxed = leaf.kind == "number", leaf.kind in ("array", "again")
    return made


def with_names(values: Sequence[Term]) -> list[Term]:
    """The bindings, the last of each line `z = ...` knowing that it is z."""
    named = list(values)
    for i, term in enumerate(named):
        if not isinstance(term, Prim) or term.where is None:
            continue
        after = named[i + 1].where if i + 1 < len(named) else None
        if after is None or after[:3] != term.where[:3]:
            name = assigned(term.where.file, term.where.line)
            if name:
                named[i] = Prim(term.op, term.args, term.params, term.where._replace(name=name))
    return named


@lru_cache(maxsize=4096)
def assigned(file: str, line: int) -> str:
    """The single variable that a line of Python assigns, if it is such a line."""
    try:
        body = ast.parse(Where(file, line).code).body
    except (SyntaxError, ValueError):
        return ""
    match body:
        case [ast.Assign(targets=[ast.Name(id=name)])] | [ast.AnnAssign(target=ast.Name(id=name))]:
            return name
        case _:
            return ""


def closed(body: Term, inputs: Sequence[tuple[str, Ground]]) -> Term:
    r"""\x y. body."""
    for name, space in reversed(inputs):
        body = Lam(name, space, body)
    return body


def _returned(recorder: Recorder, leaf: Value, f: Callable[..., Any]) -> Tracked:
    try:
        return recorder.lift(leaf, None)
    except (SpaceError, TraceError) as error:
        if isinstance(leaf, Tracked):
            raise
        raise TraceError(
            f"the function returned {type(leaf).__name__}: {error.message}",
            where=place_of(f),
            remedy="Return arrays, numbers, and containers of those.",
        ) from None


def place_of(f: Callable[..., Any]) -> Where | None:
    """Where a function is defined, if that can be seen."""
    code = getattr(f, "__code__", None)
    return Where(code.co_filename, code.co_firstlineno, code.co_name) if code else None


def leaf_names(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> list[str]:
    """A name for each leaf of the arguments: the parameter's, numbered inside containers."""
    names: list[str] = []
    for name, value in [*zip(_parameters(f, len(args)), args, strict=True), *kwargs.items()]:
        leaves, _ = arguments(f, value)
        if len(leaves) == 1:
            names.append(name)
        else:
            names.extend(f"{name}_{i}" for i in range(len(leaves)))
    return _apart_from_each_other(names)


def _apart_from_each_other(names: Sequence[str]) -> list[str]:
    """The names, with a number after those that were there before; no other is taken for it."""
    taken, found, counts = set(names), list[str](), dict[str, int]()
    for name in names:
        chosen = name
        while name in counts and chosen in taken:
            counts[name] += 1
            chosen = f"{name}_{counts[name]}"
        counts.setdefault(name, 1)
        taken.add(chosen)
        found.append(chosen)
    return found


def _parameters(f: Any, count: int) -> list[str]:
    """The names of so many positional arguments: a term's, or those of what was transformed."""
    while hasattr(f, "answer"):
        f = f.f
    if isinstance(f, TermNode):
        return _bound(f, count)
    if type(f) is FunctionType and not f.__dict__ and count <= f.__code__.co_argcount:
        return list(f.__code__.co_varnames[:count])
    try:
        found = list(inspect.signature(f).parameters.values())
    except Exception:  # the user's own __eq__ may be asked, and raise anything
        found = []
    names = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in found if p.kind == p.VAR_POSITIONAL), "x")
    names += [f"{rest}{i}" for i in range(count - len(names))]
    return names[:count]


def _bound(term: TermNode, count: int) -> list[str]:
    names: list[str] = []
    while isinstance(term, Lam):
        names.append(term.param)
        term = term.body
    names += [f"x{i}" for i in range(len(names), count)]
    return names[:count]


def space_of_leaf(value: Value, what: str) -> Ground:
    """The space of an argument; raises SpaceError saying which argument has none."""
    if isinstance(value, Tracked):
        value.recorder.alive(what, users_place())
        return value.space
    if isinstance(value, Spec):
        return value.space
    array = _array(value, what)
    if array.dtype == object or type(array) not in (np.ndarray, np.memmap):
        raise SpaceError(
            f"{what} is {type(value).__name__}, which is not an array of numbers",
            remedy=_FRACTIONS if _is_exact(array) else _NUMBERS,
        )
    try:
        return ground(array.shape, array.dtype)
    except CatsError as error:
        raise SpaceError(f"{what}: {error.message}", remedy=error.remedy) from None


_NUMBERS = "Pass arrays, numbers, and tuples, lists, dicts or dataclasses of those."
_FRACTIONS = (
    "Pass a float, which is a fraction; what is none goes into the program: "
    "cats.OnFractions().compile(cats.trace(f, 0.5))(Fraction(1, 3))."
)


def _is_exact(array: Value) -> bool:
    """Whether what was passed is a fraction, or holds some."""
    rational = (e for e in np.ravel(array) if isinstance(e, numbers.Rational))
    return any(not isinstance(e, int) for e in rational)


def _array(value: Value, what: str) -> Value:
    try:
        return np.asanyarray(value)
    except (TypeError, ValueError) as error:
        raise SpaceError(
            f"{what} is {type(value).__name__}, which NumPy cannot make an array of: {error}",
            remedy="Pass arrays, numbers, and containers of those.",
        ) from None
