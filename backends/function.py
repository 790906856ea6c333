"""One program as the text of one Python function, or of several when it is long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from cats.backends.lines import Line
from cats.backends.operand import Departure, Kept
from cats.backends.plan import Plan, Role, plan
from cats.backends.repeats import Repeat
from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While
from cats.ir.errors import Where
from cats.ir.primitive import Primitive
from cats.ir.prims.guards import guard, refuted
from cats.ir.prims.layout import broadcast
from cats.ir.program import Program
from cats.ir.spaces import Discrete, Ground

Names = dict[int, str]

SCALARS = frozenset({"sum", "max", "min", "prod", "index"})
"""Operations, not entrywise, that give a NumPy scalar and no array without axes."""

INDENT = "    "

DEEPEST = 50
"""So deep cases may lie within each other; the functions of those around them yield."""


def numbered(plan: Plan, taken: set[str]) -> Names:
    """Inputs x0, x1, ... and values t2, t3, ... by position."""
    width = len(plan.program.inputs)
    names = {i: f"x{i}" for i in range(width)}
    names.update((p, f"t{p}") for line in plan.lines for p in line.makes)
    return names


def no_comment(where: Where | None) -> str:
    """Nothing is said of where a line came from."""
    return ""


def no_words(where: Where | None) -> str:
    """A guard raises what the engine understands, and no words."""
    return ""


def dtype_text(space: Ground) -> str:
    """The dtype of the space."""
    return repr(space.dtype)


@dataclass(frozen=True)
class Style:
    """How texts differ.

    names    of inputs and values, avoiding those taken
    comment  above the lines that came from one place
    ready    a program's plan
    writes   writes into arrays are statements; else they call helpers that leave the old array
    limit    lines in one function
    strays   the error, as text, of a guard that does not pass; if empty, OtherPath
    dtype    of the stacks that loops leave, as text
    tidy     numbers become NumPy scalars at the door, arrays are let go after their last use
    bare     a single result is returned itself, not in a tuple
    """

    names: Callable[[Plan, set[str]], Names] = numbered
    comment: Callable[[Where | None], str] = no_comment
    ready: Callable[[Program, Role], Plan] = plan
    strays: Callable[[Where | None], str] = no_words
    writes: bool = True
    dtype: Callable[[Ground], str] = dtype_text
    limit: int = 500
    tidy: bool = True
    bare: bool = False


class Scope(Protocol):
    """What a function asks of the text it is part of.

    depths   for each program, by identity, how deep cases lie within each other in it
    driver   the name of the function that runs those that yield
    """

    style: Style
    plans: dict[int, Plan]
    names: dict[int, Names]
    titles: dict[int, str]
    depths: dict[int, int]
    driver: str

    def fresh(self, name: str) -> str:
        """The name, or one like it that is free."""
        ...

    def callee(self, value: Any) -> str:
        """The name under which the text calls a value."""
        ...


class FunctionText:
    """One program while its function, or the parts of it, are written."""

    def __init__(self, scope: Scope, program: Program, main: bool) -> None:
        self.scope = scope
        self.style = scope.style
        self.program = program
        self.main = main
        self.plan = scope.plans[id(program)]
        self.names = scope.names[id(program)]
        self.title = scope.titles[id(program)]
        self.deep = scope.depths[id(program)] > DEEPEST
        self.spaces = program.spaces
        self.scalars: set[int] = set()
        self.last = self._last_uses()

    def _last_uses(self) -> dict[int, int]:
        """For each position the last line that reads it."""
        last: dict[int, int] = {}
        for number, line in enumerate(self.plan.lines):
            last.update(dict.fromkeys((*line.makes, *line.reads()), number))
        last.update(dict.fromkeys(self.program.outputs, len(self.plan.lines)))
        return last

    def text(self, docstring: str) -> Iterator[str]:
        """The parts, if it is long, and then the function."""
        count, limit = len(self.plan.lines), self.style.limit
        inputs = range(len(self.program.inputs))
        body = [INDENT + docstring] if docstring else []
        body += self._entries() if self.main and self.style.tidy else []
        if count <= limit:
            body += self._statements(0, count)
        else:
            for start in range(0, count, limit):
                part, call = self._part(start, min(start + limit, count))
                yield part
                body += call
        body.append(f"{INDENT}return {self._results()}")
        if not (self.main and self.deep):
            yield self._definition(self.title, inputs, body)
            return
        steps = self.scope.fresh(f"{self.title}_steps")
        yield self._definition(steps, inputs, body)
        run = f"{INDENT}return {self.scope.driver}({steps}({self._list(inputs)}))"
        yield self._definition(self.title, inputs, [run])

    def _definition(self, title: str, inputs: Sequence[int], body: list[str]) -> str:
        return f"def {title}({self._list(inputs)}):\n" + "\n".join(body) + "\n"

    def _list(self, positions: Sequence[int]) -> str:
        return ", ".join([self.names[p] for p in positions])

    def _entries(self) -> list[str]:
        return [
            f"{INDENT}{self.names[i]} = np.{space.dtype}({self.names[i]})"
            for i, space in enumerate(self.program.inputs)
            if space.shape == ()
        ]

    def _part(self, start: int, stop: int) -> tuple[str, list[str]]:
        """The lines from start to stop as a function of their own, and the call of it.

        Guards alone give nothing that is read later.
        """
        lines = self.plan.lines[start:stop]
        made = {p for line in lines for p in line.makes}
        constants = self.plan.constants
        read = dict.fromkeys(
            p for line in lines for p in line.reads() if p not in made and p not in constants
        )
        kept = [p for line in lines for p in line.makes if self.last[p] >= stop]
        title = self.scope.fresh(f"{self.title}_part_{start // self.style.limit + 1}")
        body = self._statements(start, stop)
        made_by = f"{'yield ' if self.deep else ''}{title}({self._list(list(read))})"
        if kept:
            body.append(f"{INDENT}return {self._list(kept)}")
            made_by = f"{self._list(kept)} = {made_by}"
        call = [INDENT + made_by]
        gone = [p for p in read if self.last[p] < stop]
        return self._definition(title, list(read), body), call + self._let_go(gone)

    def _let_go(self, positions: Sequence[int]) -> list[str]:
        width = len(self.program.inputs)
        arrays = [p for p in positions if p >= width and self.spaces[p].shape != ()]
        return [f"{INDENT}del {self._list(arrays)}"] if arrays and self.style.tidy else []

    def _statements(self, start: int, stop: int) -> list[str]:
        body: list[str] = []
        said = ""
        made = {p for line in self.plan.lines[start:stop] for p in line.makes} if start else None
        for number in range(start, stop):
            line = self.plan.lines[number]
            comment = self.style.comment(line.step.where)
            if comment and comment != said:
                body.append(INDENT + comment)
            said = comment
            body += [INDENT + text for text in self._line(line, number)]
            if self.style.tidy:
                made_here = () if line.step.op is guard else line.makes
                ends = dict.fromkeys((*line.reads(), *made_here))
                body += self._let_go([p for p in ends if self._ends(p, number, made)])
        return body

    def _line(self, line: Line, number: int) -> Iterator[str]:
        """The statements of one line."""
        if line.step.op is guard:
            yield from self._guard(line, number)
        elif self.style.writes and isinstance(line.step.op, Primitive) and line.step.op.inplace:
            args = [o.literal or o.text(self.names[o.position]) for o in line.operands]
            name = self.names[line.first]
            if not self.spaces[line.first].shape:
                yield f"{name} = np.array({args[0]})"
            else:
                yield f"{name} = {args[0]}" + ("" if line.over else ".copy()")
            yield line.step.op.inplace(name, *args, **dict(line.step.params))
        elif isinstance(line.step.op, Loop | While | Replay):
            args = [o.literal or o.text(self.names[o.position]) for o in line.operands]
            names = [self.names[p] for p in line.makes]
            self.scalars.update(line.makes)
            yield from Repeat(self, line.step, names, args).lines()
        else:
            text = self._expression(line)
            copied = line.copied and self.style.writes and line.step.spaces[0].shape
            yield f"{self._list(line.makes)} = {text}{'.copy()' if copied else ''}"

    def fresh(self, name: str) -> str:
        """A name that is free."""
        return self.scope.fresh(name)

    def call(self, program: Program, args: Sequence[str]) -> str:
        """The call of a program's function."""
        text = f"{self.scope.titles[id(program)]}({', '.join(args)})"
        return f"(yield {text})" if self.scope.depths[id(program)] >= DEEPEST else text

    def dtype(self, space: Ground) -> str:
        """The dtype of stacks of the space, as text."""
        return self.style.dtype(space)

    def _guard(self, line: Line, number: int) -> Iterator[str]:
        """A test, and what is raised when it fails."""
        (operand,) = line.operands
        name = operand.literal or self.names[operand.position]
        params = dict(line.step.params)
        said = self.style.strays(line.step.where)
        yield f"if {refuted(name, params['outcome'])}:"
        yield f"{INDENT}raise {said or f'{self.scope.callee(Departure(**params))}({name})'}"
        if self.last[line.first] > number:
            yield f"{self.names[line.first]} = {name}"

    def _ends(self, position: int, number: int, made: set[int] | None) -> bool:
        """Whether a value is read here for the last time, one of those `made` here if given."""
        if self.last[position] != number or position in self.plan.constants:
            return False
        return made is None or position in made

    def _expression(self, line: Line) -> str:
        args = [o.literal or o.text(self.names[o.position]) for o in line.operands]
        if line.callee is not None:
            return f"{self.scope.callee(line.callee)}({', '.join(args)})"
        match line.step.op:
            case Primitive() as op:
                text = self._operation(op, line, args)
                if not op.ours and self.style.tidy:
                    text = f"{self.scope.callee(Kept(op, line.step.spaces))}({text})"
                if (op.elementwise and "where(" not in text) or op.name in SCALARS or " @ " in text:
                    self.scalars.update(line.makes)
                if text in args and self._settled(line.operands[args.index(text)].position):
                    self.scalars.update(line.makes)
                return text
            case Case(branches):
                self.scalars.update(line.makes)
                titles = [self.scope.titles[id(b)] for b in branches]
                text = _choice(titles, args, self.spaces[line.step.args[0]])
                deepest = max(self.scope.depths[id(b)] for b in branches)
                return f"yield ({text})" if deepest >= DEEPEST else text
            case Call(body):
                self.scalars.update(line.makes)
                return self.call(body, args)
            case Solve(body, around, tolerance, rounds):
                self.scalars.update(line.makes)
                v = self.scope.fresh("v")
                call = self.call(body, [*args[:around], f"*{v}"])
                call = call if len(body.outputs) > 1 else f"({call},)"
                sides = f"({', '.join(args[around:])},)"
                found = f"solved(lambda *{v}: {call}, {sides}, {tolerance}, {rounds})"
                return found if len(body.outputs) > 1 else f"{found}[0]"
            case Loop() | While() | Replay() | Custom():
                raise AssertionError(f"{line.step.op.name} is no expression")
            case _:
                assert_never(line.step.op)

    def _operation(self, op: Primitive, line: Line, args: list[str]) -> str:
        params = dict(line.step.params)
        if op is broadcast and line.first in self.plan.written and params["axes"] == ():
            return f"np.full({params['shape']}, {args[0]})"
        return op.text(args, params) or ""

    def _results(self) -> str:
        texts = [self._result(place) for place in range(len(self.program.outputs))]
        if len(texts) == 1 and (self.style.bare or not self.main):
            return texts[0]
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _result(self, place: int) -> str:
        operand = self.plan.output(place)
        position = operand.position
        if operand.literal is not None:
            return operand.literal
        name = self.names[position]
        if self.plan.copied[place]:
            return f"{name}.copy()"
        settled = self.spaces[position].shape or self._settled(position)
        return name if settled else f"{name}[()]"

    def _settled(self, position: int) -> bool:
        """Whether a value without axes is a number for sure, no array."""
        return position in self.scalars or position < len(self.program.inputs)


def _choice(titles: Sequence[str], args: Sequence[str], tag: Ground) -> str:
    """The branch the tag says, applied to the captured values."""
    chooser, inputs = args[0], ", ".join(args[1:])
    if isinstance(tag, Discrete) and tag.dtype == "bool" and len(titles) == 2:
        return f"{titles[1]}({inputs}) if {chooser} else {titles[0]}({inputs})"
    table = ", ".join(f"{number}: {title}" for number, title in enumerate(titles))
    return f"{{{table}}}[int({chooser})]({inputs})"
