"""What is outside of a traced function, and must be as it was when the function has run.

What refuses to be written to refuses at once; of the rest it is seen afterwards whether it changed.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Callable, Iterable
from typing import Any

from cats.doors.around import Around
from cats.doors.containers import PLAIN, contents, differ
from cats.doors.globals import Globals
from cats.doors.objects import changed, state_of
from cats.doors.passed import Passed
from cats.ir.errors import CatsError, TraceError, Where
from cats.places import users_place
from cats.recorder import newest_recorder
from cats.tracked import ONCE, WITHIN

_OUTSIDE = "it is outside of the traced function, and the change would not be made in later calls"


class Outside:
    """What a session watches.

    refused   remembers an error: user code that swallows it does not get past the trace's end
    passed    things that are seen as they are
    """

    def __init__(self, refused: Callable[[CatsError], CatsError]) -> None:
        self.refused = refused
        self.passed = Passed()
        self._cells: list[tuple[types.CellType, Any, types.FunctionType, str]] = []
        self._containers: list[tuple[Any, list[Any]]] = []
        self._functions: list[tuple[Any, dict[str, Any]]] = []
        self._classes: list[tuple[type, dict[str, Any]]] = []
        self._objects: dict[int, tuple[Any, dict[str, Any]]] = {}

    # What is watched

    def cell(self, cell: types.CellType, function: types.FunctionType, name: str) -> None:
        """A name in the closure of a function of the user's, in a cell that holds what it means."""
        self._cells.append((cell, cell.cell_contents, function, name))

    def container(self, made: Any) -> Any:
        """A container that is not to be changed."""
        self._containers.append((made, contents(made)))
        return made

    def function(self, made: types.FunctionType) -> None:
        """A function whose attributes are not to be written to."""
        self._functions.append((made, dict(made.__dict__)))

    def filled(self, mirror: type) -> None:
        """A class whose attributes are not to be written to."""
        self._classes.append((mirror, dict(vars(mirror))))

    def thing(self, made: Any) -> Any:
        """An object that is not to be written to."""
        self._objects[id(made)] = made, dict(state_of(made))
        return made

    def refusing(self, value: Any) -> Callable[[str], None] | None:
        """What to call when an object is written to, if that is not to be."""
        return self.refuse if id(value) in self._objects else None

    def watches(self, value: Any) -> bool:
        """Whether a thing is from outside, and is not to be changed."""
        known = id(value) in self._objects or self.passed.knows(value)
        return known or type(value) in PLAIN

    # What must not have happened

    def refuse(self, what: str, where: Where | None = None) -> None:
        """Raises TraceError: something outside was changed."""
        raise self.refused(
            TraceError(
                f"{what}: {_OUTSIDE}",
                where=where or users_place(),
                remedy="Return the value with the result, and make the change outside.",
            )
        )

    def refuse_argument(self, what: str) -> None:
        """Raises TraceError: an argument was changed."""
        raise self.refused(
            TraceError(
                f"{what}: it is an argument, and the change would not be seen outside of the "
                "traced function",
                where=users_place(),
                remedy="Change a copy of it, and return that.",
            )
        )

    def check_around(self, around: Around) -> None:
        """Raises TraceError if a function within the traced one has changed what is around it."""
        for doing in around.changes():
            raise self.refused(TraceError(f"{doing}: {ONCE}", where=users_place(), remedy=WITHIN))

    def check(self, spaces: Iterable[Globals], functions: Iterable[types.FunctionType]) -> None:
        """Raises TraceError if the traced function has changed something outside of itself.

        spaces     the names of modules that it has read
        functions  those that may have changed something, to say where
        """
        for space in spaces:
            for name in space.written():
                self.refuse(f"assigning the global {name}", _place(functions, "STORE_GLOBAL", name))
        for cell, before, function, name in self._cells:
            if cell.cell_contents is not before:
                place = _stored(function.__code__, "STORE_DEREF", name)
                self.refuse(f"assigning the nonlocal {name}", place)
        for f, before in self._functions:
            for name in changed(before, f.__dict__):
                self.refuse(
                    f"writing to the attribute {name} of {f.__name__}",
                    _place(functions, "STORE_ATTR", name),
                )
        self._check_things()

    def _check_things(self) -> None:
        for made, before in self._objects.values():
            for name in changed(before, state_of(made)):
                if not isinstance(getattr(type(made), name, None), functools.cached_property):
                    self.refuse(f"writing to the attribute {name} of a {type(made).__name__}")
        for thing, now in self.passed.changed():
            doing = "changing" if newest_recorder(now) is None else "keeping a traced value in"
            self.refuse(f"{doing} an object of type {type(thing).__name__} from outside")
        for mirror, body in self._classes:
            if set(changed(body, dict(vars(mirror)))) - {"__slotnames__"}:
                self.refuse(f"changing the class {mirror.__name__}")
        for made, held in self._containers:
            if differ(held, contents(made)):
                self.refuse(f"changing a {type(made).__name__} from outside")


def _place(functions: Iterable[types.FunctionType], instruction: str, name: str) -> Where | None:
    """Where one of the functions assigns a name."""
    places = (_stored(f.__code__, instruction, name) for f in functions)
    return next((p for p in places if p is not None), None)


def _stored(code: types.CodeType, instruction: str, name: str) -> Where | None:
    """Where a code object, or one inside it, assigns a name."""
    for step in dis.get_instructions(code):
        if step.opname == instruction and step.argval == name:
            line = step.positions.lineno if step.positions else None
            return Where(code.co_filename, line or code.co_firstlineno, code.co_name)
    inner = (_stored(c, instruction, name) for c in code.co_consts if isinstance(c, types.CodeType))
    return next((place for place in inner if place is not None), None)
