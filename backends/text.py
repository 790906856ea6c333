"""Programs as Python text: one function for each program, cut into parts when it is long.

CPython compiles a huge function slower than many small ones, so a program of more than `limit`
lines becomes functions of so many lines each, which take what they read and return what is read
later. What control words hold are functions too; where those lie more than DEEPEST within each
other these are generators that yield the calls they wait for, so that running does not recurse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cats.backends.backend import Run
from cats.backends.function import DEEPEST, FunctionText, Names, Style
from cats.backends.operand import is_literal
from cats.backends.plan import NO_PROMISE, Plan, Role
from cats.backends.repeats import Part, krylov_text, parts, snapshots_text
from cats.ir.constant import Constant
from cats.ir.control import Replay, Solve
from cats.ir.errors import BackendError
from cats.ir.inline import inlined
from cats.ir.nesting import inner_first
from cats.ir.primitive import Primitive, imported
from cats.ir.program import Control, Program, nested

DRIVER = '''def {name}(call):
    """What the call returns; it yields calls, or what they gave, and is sent what they give."""
    waiting, value = [], call
    while True:
        if type(value) is type(call):
            waiting.append(value)
            value = None
        elif not waiting:
            return value
        try:
            value = waiting[-1].send(value)
        except StopIteration as stop:
            waiting.pop()
            value = stop.value
'''


@dataclass(frozen=True)
class Text:
    """What was written: functions, callees first, and what they speak of."""

    functions: tuple[str, ...]
    helpers: tuple[str, ...]
    modules: tuple[str, ...]
    constants: Mapping[str, Constant]
    callees: Mapping[str, Any]
    inputs: tuple[str, ...]


def write(program: Program, name: str, style: Style, taken: set[str], docstring: str = "") -> Text:
    """The text of a program as the function `name`, which is the last of the functions."""
    return _Writer(inlined(program), name, style, taken).text(docstring)


def loaded(text: Text, file: str, name: str = "run") -> Run:
    """The function of a text, its constants and callees lying in its namespace.

    file   what its parts are said to lie in, with their numbers
    """
    namespace = {**imported(text.modules), **text.callees}
    namespace.update((title, value.value) for title, value in text.constants.items())
    parts = (*text.helpers, *text.functions)  # apart: a syntax tree is large while it lives
    for number, part in enumerate(parts):
        exec(compile(part, f"{file}.{number}", "exec"), namespace)
    found: Run = namespace[name]
    return found


def definitions(helpers: str) -> list[str]:
    r"""The functions of a primitive's helpers, one by one: primitives may share some.

    >>> definitions("def f(x):\n    return x\n\n\ndef g(x):\n    return f(x)\n")
    ['def f(x):\n    return x\n', 'def g(x):\n    return f(x)\n']
    """
    parts = re.split(r"^(?=def )", helpers, flags=re.MULTILINE)
    return [part.strip("\n") + "\n" for part in parts if part.strip()]


def spoken(program: Program) -> frozenset[str]:
    """The names that every text of the program gives a meaning: those of helpers and modules.

    >>> from cats.ir.read import read_program
    >>> sorted(spoken(read_program("(x: R) -> y = sech x in (y)")))
    ['sech_of']
    """
    ops = {id(step.op): step.op for each in inner_first(program) for step in each.steps}
    names: set[str] = set()
    for helpers, modules in map(_aids, ops.values()):
        names.update(map(_title, definitions(helpers)))
        names.update(module.partition(".")[0] for module in modules)
    return frozenset(names)


def _aids(op: Primitive | Control) -> tuple[str, tuple[str, ...]]:
    """The helpers that the text of an operation calls, and the modules it speaks of."""
    match op:
        case Primitive():
            return op.helpers, op.modules
        case Solve():
            return krylov_text(), ()
        case Replay():
            return snapshots_text(op.every is not None), ()
        case _:
            return "", ()


def _title(definition: str) -> str:
    """The name that a definition defines."""
    return definition.removeprefix("def ").partition("(")[0]


class _Writer:
    """The tables of one text while it is written."""

    def __init__(self, program: Program, name: str, style: Style, taken: set[str]) -> None:
        self.style = style
        self.frames: list[Program] = [program]
        self.roles: dict[int, Role] = {id(program): NO_PROMISE}
        self.plans: dict[int, Plan] = {}
        self.names: dict[int, Names] = {}
        self.titles: dict[int, str] = {id(program): name}
        self.helpers: dict[str, None] = {}
        self.modules: set[str] = set()
        self.constants: dict[Constant, str] = {}
        self.callees: dict[str, Any] = {}
        self.taken = taken | {name}
        self._discover()
        self._entitle(name)
        self.depths = self._depths()
        self.driver = self.fresh("finished") if self.yields else ""

    def _discover(self) -> None:
        """Every program below, its plan, its helpers and the names of its values."""
        for program in self.frames:
            found = self.style.ready(program, self.roles[id(program)])
            self.plans[id(program)] = found
            for line in found.lines:
                for below, part in zip(nested(line.step), parts(line.step), strict=True):
                    self._meet(below, part)
                if line.callee is None:
                    self._help(line.step.op.name, *_aids(line.step.op))
        for program in self.frames:
            names = self.style.names(self.plans[id(program)], self.taken)
            self.names[id(program)] = names
        self.taken.update(*(names.values() for names in self.names.values()))

    def _meet(self, program: Program, part: Part) -> None:
        """One more use of a program: what is promised to a function, all its callers keep."""
        known = self.roles.setdefault(id(program), part.role)
        if id(program) not in self.titles:
            self.titles[id(program)] = part.title
            self.frames.append(program)
        elif known != part.role and known != NO_PROMISE:
            self.roles[id(program)] = NO_PROMISE
            if id(program) in self.plans:
                self.plans[id(program)] = self.style.ready(program, NO_PROMISE)

    def _help(self, operation: str, helpers: str, modules: Iterable[str]) -> None:
        self.modules.update(modules)
        self.taken.update(name.partition(".")[0] for name in modules)
        for text in definitions(helpers):
            if text in self.helpers:
                continue
            title = _title(text)
            if title in self.taken:
                raise BackendError(
                    f"a helper of {operation} defines {title}, a name that already means something "
                    "else",
                    remedy="Give the helper another name.",
                )
            self.taken.add(title)
            self.helpers[text] = None

    def _entitle(self, name: str) -> None:
        """Names of the functions and constants, avoiding those of values."""
        for number, program in enumerate(self.frames[1:], 1):
            title = self.titles[id(program)]
            self.titles[id(program)] = self.fresh(f"{name}_{title}_{number}")
        for program in self.frames:
            found = self.plans[id(program)]
            for position, value in found.constants.items():
                if found.literals and is_literal(value):
                    continue
                if value not in self.constants:
                    self.constants[value] = self.fresh(f"c{len(self.constants) + 1}")
                self.names[id(program)][position] = self.constants[value]

    @property
    def yields(self) -> bool:
        """Whether some of the functions yield."""
        return self.depths[id(self.frames[0])] > DEEPEST

    def _depths(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for program in inner_first(self.frames[0]):
            lines = self.plans[id(program)].lines if id(program) in self.plans else ()
            inside = [1 + found[id(below)] for line in lines for below in nested(line.step)]
            found[id(program)] = max(inside, default=0)
        return found

    def fresh(self, name: str) -> str:
        """The name, or one like it that is free; taken from now on."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def text(self, docstring: str) -> Text:
        """All functions, the main one last."""
        functions = [DRIVER.format(name=self.driver)] if self.yields else []
        for program in reversed(self.frames):
            main = program is self.frames[0]
            functions.extend(FunctionText(self, program, main).text(docstring if main else ""))
        constants = {title: value for value, title in self.constants.items()}
        inputs = self.names[id(self.frames[0])]
        order = tuple(inputs[i] for i in range(len(self.frames[0].inputs)))
        modules = tuple(sorted(self.modules))
        return Text(tuple(functions), tuple(self.helpers), modules, constants, self.callees, order)

    def callee(self, value: Any) -> str:
        """The name under which the text calls a value."""
        name = self.fresh(f"k{len(self.callees) + 1}")
        self.callees[name] = value
        return name
