"""Programs and linear programs on the board: text that reads well, and reads back.

    (x: R, y: R) ->
      x2 = mul x y
      x3 = sum[axes=(0,)] x2
    in (x3, x2)

`cats.ir.read` is the way back. A control word is followed by its programs, one after each bar; a
program that occurs several times is written once, before the rest: `let p0 = ...`. This module
knows programs only by what they are made of, so that they can speak through it themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from itertools import count
from typing import Any, NamedTuple, Protocol

import numpy as np

from cats.ir.constant import Constant
from cats.ir.linear import Params, Ref
from cats.ir.spaces import Space

DEEPEST = 24
"""Indentation stops here, so that a program nested n deep has a text of length O(n)."""


RESERVED = ("in", "let", "inf", "nan", "True", "False")
"""Words of the text itself: an input of such a name is written in quotes."""


class Shown(Protocol):
    """What a program and a linear program have in common."""

    @property
    def inputs(self) -> tuple[Space, ...]: ...

    @property
    def outputs(self) -> tuple[int, ...]: ...

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """Each step with the first position it appends."""
        ...


# Constants and parameters


def constant_text(constant: Constant) -> str:
    """The array, exactly: entries, then what they do not say themselves.

    >>> print(constant_text(Constant(-0.0)), constant_text(Constant(np.ones((1, 2), "f4"))))
    -0.0 [[1.0, 1.0]]:float32
    >>> print(constant_text(Constant(np.zeros((0, 2)))))
    []:float64(0, 2)
    """
    array = constant.array
    entries = iter([_entry(e) for e in array.ravel()])
    suffix = "" if array.dtype in (np.float64, np.int64, np.bool_) and array.size else _dtype(array)
    if not array.size:
        return f"[]{suffix}{array.shape}"
    return _brackets(array.shape, entries) + suffix


def _dtype(array: np.ndarray[Any, Any]) -> str:
    native = array.dtype.isnative
    return f":{array.dtype.name}" if native else f":{array.dtype.str}"


def _brackets(shape: tuple[int, ...], entries: Iterator[str]) -> str:
    """The entries in nested brackets; nested as deep as the array has axes."""
    if not shape:
        return next(entries)
    return f"[{', '.join([_brackets(shape[1:], entries) for _ in range(shape[0])])}]"


def _entry(entry: Any) -> str:
    item = entry.item() if isinstance(entry, np.generic) else entry
    if isinstance(item, float) and item != item:
        bits = entry.tobytes()[:: -1 if np.little_endian else 1].hex()
        return "nan" if entry.tobytes() == entry.dtype.type(np.nan).tobytes() else f"nan_{bits}"
    return str(item)


def param_text(value: Any) -> str:
    """A parameter: a Python literal, or a constant marked with #.

    >>> print(param_text(((None, None, 2), -1)), param_text(Constant(2.0)))
    ((None, None, 2), -1) #2.0
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(param_text, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Constant):
        return f"#{constant_text(value)}"
    return repr(value.item() if isinstance(value, np.generic) else value)


def operation_text(name: str, params: Params) -> str:
    """The operation with its parameters: `sum[axes=(0,)]`."""
    shown = ", ".join(f"{key}={param_text(value)}" for key, value in params)
    return f"{name}[{shown}]" if params else name


# Names


def input_names(names: Sequence[str]) -> list[str]:
    """The user's names, each once, in quotes where they are no plain words."""
    used: set[str] = set()
    found: list[str] = []
    for name in names:
        while name in used:
            name += "'"
        used.add(name)
        plain = re.fullmatch(r"[A-Za-z_]\w*'*", name, re.ASCII) and name not in RESERVED
        found.append(name if plain else json.dumps(name))
    return found


def _letter(names: Sequence[str], letters: str) -> str:
    """A letter for the other positions, such that no name is that letter and a number."""
    taken = {m[1] for name in names if (m := re.fullmatch(r"([A-Za-z_]+)\d+", name))}
    tries = (letter + "_" * n for n in count() for letter in letters)
    return next(letter for letter in tries if letter not in taken)


# Programs of either kind


class Control(NamedTuple):
    """A control word, taken apart: its static fields, and the programs it holds."""

    static: Params
    programs: tuple[Any, ...]


def taken_apart(word: Any) -> Control:
    """The fields of a control word that are programs, or tuples of programs, and the others."""
    static: list[tuple[str, Any]] = []
    programs: list[Any] = []
    for field in fields(word):
        value = getattr(word, field.name)
        several = value if isinstance(value, tuple) else (value,)
        if several and all(hasattr(p, "numbered") for p in several):
            programs.extend(several)
        elif field.name not in ("where", "args") and value != field.default:
            static.append((field.name, value))
    return Control(tuple(static), tuple(programs))


Describe = Callable[[Any, Callable[[int], str]], tuple[str, tuple[Any, ...]]]
"""The text of a step on named positions, and the programs it holds."""


def _program_step(step: Any, name: Callable[[int], str]) -> tuple[str, tuple[Any, ...]]:
    args = "".join(f" {name(a)}" for a in step.args)
    if step.op.name == "const":
        return constant_text(dict(step.params)["value"]), ()
    if hasattr(step.op, "linearise"):
        return operation_text(step.op.name, step.params) + args, ()
    static, programs = taken_apart(step.op)
    return operation_text(step.op.name, static) + args, programs


def _linear_step(step: Any, name: Callable[[int], str]) -> tuple[str, tuple[Any, ...]]:
    if hasattr(step, "terms"):
        return _sum_text(step.terms, name), ()
    static, programs = taken_apart(step)
    shown = ", ".join(f"{key}={_residuals(value)}" for key, value in static)
    args = "".join(f" {name(a) if a >= 0 else '0'}" for a in step.args)
    return f"{type(step).__name__.lower()}[{shown}]{args}", programs


def _sum_text(terms: Sequence[Any], name: Callable[[int], str]) -> str:
    text = ""
    for term in terms:
        sign = ("- " if term.sign < 0 else "") if not text else (" - " if term.sign < 0 else " + ")
        text += sign + ("" if term.leaf is None else f"{term.leaf} ") + name(term.arg)
    return text or "0"


def _residuals(value: Any) -> str:
    several = isinstance(value, tuple) and all(isinstance(v, Ref) for v in value)
    return f"({', '.join(map(str, value))})" if several else str(value)


class _Style(NamedTuple):
    """In what a program and a linear program differ on the board."""

    arrow: str
    letters: str
    step: Describe


_PROGRAM = _Style("->", "xtuvw", _program_step)
_LINEAR = _Style("-o", "tuvwx", _linear_step)


def str_program(program: Any) -> str:
    """The program as one writes it on the board; `read_program` reads it back."""
    return _text(program, _PROGRAM)


def str_linear_program(program: Any) -> str:
    """The linear program on the board, its residuals as positions x0, x1, ... of the primal."""
    return _text(program, _LINEAR)


def _text(root: Shown, style: _Style) -> str:
    """Line by line, nested programs indented, those that occur several times in front."""
    shared = _shared(root, style)
    lines: list[str] = []
    for number, program in enumerate(shared.values()):
        lines.append(f"let p{number} = " + _lines(program, style, shared, 1))
    return "\n".join([*lines, _lines(root, style, shared, 0)])


def _shared(root: Shown, style: _Style) -> dict[int, Shown]:
    """The programs held in more than one place, inner ones first, by identity."""
    order: dict[int, Shown] = {}
    uses: dict[int, int] = {}
    stack: list[tuple[Shown, bool]] = [(root, False)]
    while stack:
        program, ready = stack.pop()
        if ready:
            order[id(program)] = program
        elif uses.setdefault(id(program), 0) == 0:
            stack.append((program, True))
            held = [p for _, s in program.numbered() for p in style.step(s, str)[1]]
            stack.extend((p, False) for p in reversed(held))
        uses[id(program)] += not ready
    return {key: program for key, program in order.items() if uses[key] > 1}


def _lines(root: Shown, style: _Style, shared: dict[int, Shown], depth: int) -> str:
    places = {key: f"p{number}" for number, key in enumerate(shared)}
    out: list[str] = []
    stack: list[str | tuple[Shown, int]] = [(root, depth)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
        elif item[0] is not root and id(item[0]) in places:
            out.append(places[id(item[0])])
        else:
            stack.extend(reversed(_one(item[0], style, item[1])))
    return "".join(out)


def _one(program: Shown, style: _Style, depth: int) -> list[str | tuple[Shown, int]]:
    """The text of one program, with the programs it holds still to be written."""
    names = input_names(getattr(program, "names", ()))
    letter = _letter(names, style.letters)

    def name(position: int) -> str:
        return names[position] if position < len(names) else f"{letter}{position}"

    def listed(positions: Sequence[int]) -> str:
        return ", ".join("0" if p < 0 else name(p) for p in positions)

    edge = "\n" + "  " * min(depth, DEEPEST)
    inputs = ", ".join(f"{name(i)}: {space}" for i, space in enumerate(program.inputs))
    out: list[str | tuple[Shown, int]] = [f"({inputs}) {style.arrow}"]
    for position, step in program.numbered():
        text, held = style.step(step, name)
        made = range(position, position + len(step.spaces))
        out.append(f"{edge}  {listed(made) or '()'} = {text}")
        for inner in held:
            out += [f"{edge}    | ", (inner, depth + 3)]
    out.append(f"{edge}in ({listed(program.outputs)})")
    return out
