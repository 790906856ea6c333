"""Reading programs back: the inverse of their text on the board.

read_program(str(p)) == p
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from inspect import signature
from typing import Any

import numpy as np

from cats.ir import control
from cats.ir.arity import counted
from cats.ir.constant import Constant
from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While
from cats.ir.errors import CatsError, TermError
from cats.ir.kinds import fitting
from cats.ir.kinds import said as described
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME, operation
from cats.ir.prims.layout import const
from cats.ir.program import Control, Program, Step
from cats.ir.results import result_space
from cats.ir.spaces import Ground
from cats.ir.tokens import Tokens

CONTROL: dict[str, Any] = {w.name: w for w in (Case, Loop, While, Replay, Solve, Call)}
"""The control words that a text may hold."""


def read_program(text: str, primitives: Mapping[str, Primitive] | None = None) -> Program:
    """The program that a text writes: the inverse of `str`.

    primitives   the user's own operations by name, besides the vocabulary and special functions
    Raises TermError, with line and column, for what is no program; SpaceError for what does not
    fit together.

    >>> p = read_program("(x: R, y: R) -> z = mul x y  a = cos z  in (a, z)")
    >>> print(p)
    (x: R, y: R) ->
      x2 = mul x y
      x3 = cos x2
    in (x3, x2)
    >>> read_program(str(p)) == p
    True
    """
    tokens = Tokens(text)
    known = {**BY_NAME, **(primitives or {})}
    shared: dict[str, Program] = {}
    while tokens.took("let"):
        name = tokens.name()
        tokens.take("=")
        shared[name] = _one(tokens, known, shared)
    program = _one(tokens, known, shared)
    if tokens.peek():
        raise tokens.error("expected the end")
    return program


@dataclass
class _Open:
    """A program that is being read, and the step of it that is."""

    names: list[str] = field(default_factory=list)
    inputs: list[Ground] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    spaces: list[Ground] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    step: _Half | None = None


@dataclass
class _Half:
    """A step whose programs are still being read."""

    targets: list[str]
    word: str
    params: Params
    args: tuple[int, ...]
    start: int
    programs: list[Program] = field(default_factory=list)


def _one(tokens: Tokens, known: Mapping[str, Primitive], shared: Mapping[str, Program]) -> Program:
    """One program, those it holds included, without recursion."""
    stack = [_opened(tokens)]
    while True:
        top = stack[-1]
        if tokens.took("|"):
            if top.step is None:
                raise tokens.error("a program without a control word")
            if tokens.peek() in shared:
                top.step.programs.append(shared[tokens.take()])
            else:
                stack.append(_opened(tokens))
            continue
        if top.step is not None:
            _complete(tokens, top, top.step, known)
        if tokens.took("in"):
            stack.pop()
            program = _closed(tokens, top)
            if not stack:
                return program
            below = stack[-1].step
            if below is not None:
                below.programs.append(program)
        else:
            top.step = _step(tokens, top)


def _opened(tokens: Tokens) -> _Open:
    top = _Open()
    tokens.take("(")
    while not tokens.took(")"):
        name = tokens.name()
        tokens.take(":")
        space = tokens.space()
        if name in top.places:
            raise tokens.error(f"input {name} is bound twice")
        if not isinstance(space, Ground):
            raise tokens.error(
                f"input {name} is in {space}, which is no space of numbers or arrays"
            )
        top.names.append(name)
        top.places[name] = len(top.inputs)
        top.inputs.append(space)
        tokens.took(",")
    tokens.take("->")
    top.spaces.extend(top.inputs)
    return top


def _closed(tokens: Tokens, top: _Open) -> Program:
    tokens.take("(")
    outputs: list[int] = []
    while not tokens.took(")"):
        outputs.append(_place(tokens, top))
        tokens.took(",")
    plain = [f"x{i}" for i in range(len(top.inputs))]
    names = () if top.names == plain else tuple(top.names)
    return Program(tuple(top.inputs), tuple(top.steps), tuple(outputs), names)


def _place(tokens: Tokens, top: _Open) -> int:
    name = tokens.name()
    if name not in top.places:
        tokens.at -= 1
        raise tokens.error(f"{name} is not bound before it is used")
    return top.places[name]


def _step(tokens: Tokens, top: _Open) -> _Half:
    targets: list[str] = []
    if tokens.took("("):
        tokens.take(")")
    while not tokens.took("="):
        targets.append(tokens.name())
        tokens.took(",")
    start = tokens.at
    if tokens.kind() == "number" or tokens.peek() in ("[", "True", "False"):
        return _Half(targets, "const", (("value", read_constant(tokens)),), (), start)
    word = tokens.name()
    if word == Custom.name and tokens.peek() == "[":
        tokens.at -= 1
        raise tokens.error("a derivative that Python functions say cannot be read")
    params = read_params(tokens)
    args: list[int] = []
    while tokens.kind() in ("name", "string") and not _binds(tokens):
        args.append(_place(tokens, top))
    return _Half(targets, word, params, tuple(args), start)


def _binds(tokens: Tokens) -> bool:
    """Whether the next name begins a new step, or ends the program."""
    return tokens.peek() == "in" or tokens.peek(1) in ("=", ",")


def _complete(tokens: Tokens, top: _Open, half: _Half, known: Mapping[str, Primitive]) -> None:
    try:
        op = _operation(half, known)
        params = half.params if isinstance(op, Primitive) else ()
        taken = [top.spaces[a] for a in half.args]
        if isinstance(op, Primitive):
            found = result_space(op, taken, dict(params))
        else:
            found = op.space(*taken)
    except (CatsError, TypeError) as error:
        tokens.at = half.start
        message, remedy = getattr(error, "message", str(error)), getattr(error, "remedy", None)
        raise tokens.error(f"{half.word} does not fit: {message}").advised(remedy) from None
    spaces = found if isinstance(found, tuple) else (found,)
    if len(spaces) != len(half.targets):
        tokens.at = half.start
        raise tokens.error(f"{half.word} has {len(spaces)} results, named {half.targets}")
    for name, space in zip(half.targets, spaces, strict=True):
        top.places[name] = len(top.spaces)
        top.spaces.append(space)
    top.steps.append(Step(op, half.args, params, spaces))
    top.step = None


def _operation(half: _Half, known: Mapping[str, Primitive]) -> Primitive | Control:
    if half.programs and half.word in CONTROL:
        return _word(CONTROL[half.word], dict(half.params), tuple(half.programs))
    if half.word == "const":
        return const
    found = known.get(half.word) or operation(half.word)
    if found is None:
        raise TermError(
            f"there is no operation {half.word}",
            remedy=f"Give it by name if it is your own: read_program(text, {{{half.word!r}: op}}).",
        )
    return found


def _word(kind: Any, static: dict[str, Any], programs: tuple[Program, ...]) -> Control:
    """The control word. Raises TermError for fields and programs that it has not."""
    said = signature(kind, eval_str=True, globals=vars(control)).parameters
    held = [name for name, field in said.items() if field.annotation is control.P]
    known = {name: field for name, field in said.items() if name not in held and kind is not Case}
    for name, value in static.items():
        if name not in known:
            raise TermError(f"a {kind.name} has no {name!r}")
        if not fitting(known[name].annotation)(value):
            raise TermError(
                f"a {kind.name} has {described(known[name].annotation)} as {name!r}, not {value!r}"
            )
    if kind is Case:
        return Case(programs)
    missing = [n for n, f in known.items() if f.default is f.empty and n not in static]
    if missing or len(held) != len(programs):
        raise TermError(
            f"a {kind.name} holds {counted(len(held), 'program')} and says "
            f"{', '.join(known)}: here are {counted(len(programs), 'program')}"
            + (f", and no {missing[0]}" if missing else "")
        )
    return kind(*programs, **static)  # type: ignore[no-any-return]


def read_params(tokens: Tokens) -> Params:
    """The parameters in brackets after an operation, or none."""
    found: list[tuple[str, Any]] = []
    if tokens.took("["):
        while not tokens.took("]"):
            name = tokens.name()
            tokens.take("=")
            found.append((name, _param(tokens)))
            tokens.took(",")
    return tuple(found)


def _param(tokens: Tokens) -> Any:
    """A parameter, however deep its tuples."""
    open_tuples: list[list[Any]] = []
    while True:
        if tokens.took("("):
            open_tuples.append([])
            continue
        if open_tuples and tokens.took(")"):
            found: Any = tuple(open_tuples.pop())
        else:
            found = _plain(tokens)
        if not open_tuples:
            return found
        open_tuples[-1].append(found)
        tokens.took(",")


def _plain(tokens: Tokens) -> Any:
    """A parameter that is no tuple."""
    if tokens.took("#"):
        return read_constant(tokens)
    if tokens.kind() == "number":
        try:
            return _number(tokens.take())
        except (ValueError, ArithmeticError) as error:
            tokens.at -= 1
            raise tokens.error(f"expected a number ({error})") from None
    if tokens.kind() == "string" or tokens.peek() in ("True", "False", "None"):
        word = tokens.take()
        try:
            return ast.literal_eval(word)
        except (SyntaxError, ValueError) as error:
            tokens.at -= 1
            raise tokens.error(f"expected text as Python writes it ({error})") from None
    raise tokens.error("expected a parameter")


def _number(word: str) -> Any:
    if "/" in word:
        return Fraction(word)
    return int(word) if word.lstrip("-").isdecimal() else float(word)


def read_constant(tokens: Tokens) -> Constant:
    """A number, a truth value or entries in nested brackets, and what `constant_text` adds.

    Raises TermError for what is none.
    """
    begin = tokens.at
    try:
        return _constant(tokens)
    except (ValueError, TypeError, ArithmeticError) as error:
        if isinstance(error, TermError):
            raise
        tokens.at = begin
        raise tokens.error(f"expected a constant ({error})") from None


def _constant(tokens: Tokens) -> Constant:
    entries: list[str] = []
    shape = _entries(tokens, entries, AXES)
    dtype = _dtype(tokens) if tokens.took(":") else _default(entries)
    if not entries and tokens.took("("):
        tokens.at -= 1
        shape = _param(tokens)
    array = np.empty(len(entries), dtype)
    for place, entry in enumerate(entries):
        array[place] = _value(entry, array.dtype)
    return Constant(array.reshape(shape))


AXES = 64
"""NumPy's arrays have no more."""


def _entries(tokens: Tokens, entries: list[str], axes: int) -> tuple[int, ...]:
    """Reads entries in nested brackets into the list; gives a shape of so many axes at most."""
    if axes < 0:
        raise tokens.error(f"expected an array of at most {AXES} axes")
    if not tokens.took("["):
        entries.append(tokens.take())
        return ()
    rows: list[tuple[int, ...]] = []
    while not tokens.took("]"):
        rows.append(_entries(tokens, entries, axes - 1))
        if rows[-1] != rows[0]:
            raise tokens.error("expected rows of one length")
        tokens.took(",")
    return (len(rows), *(rows[0] if rows else ()))


def _dtype(tokens: Tokens) -> np.dtype[Any]:
    order = tokens.take() if tokens.peek() in ("<", ">") else ""
    return np.dtype(order + tokens.name())


def _default(entries: list[str]) -> np.dtype[Any]:
    if entries and entries[0] in ("True", "False"):
        return np.dtype(bool)
    return np.dtype(np.int64 if all(e.lstrip("-").isdecimal() for e in entries) else np.float64)


def _value(entry: str, dtype: np.dtype[Any]) -> Any:
    if entry in ("True", "False"):
        return entry == "True"
    if entry.startswith("nan_"):
        return np.frombuffer(bytes.fromhex(entry[4:]), dtype.newbyteorder(">"))[0]
    found = _number(entry) if dtype.kind in "iuO" else float(entry)
    lost = found != int(found) if dtype.kind in "iu" else dtype.kind == "b"
    if lost or (dtype.kind == "f" and float(np.finfo(dtype).max) < abs(found) < np.inf):
        raise ValueError(f"{entry} is no {dtype}")
    return found
