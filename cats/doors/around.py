"""What a function within a traced one finds around it, and must leave as it is.

It is traced once, taken or not, and however often it runs: what it changed would be changed once.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from cats.doors.containers import KEPT, contents, differ
from cats.doors.objects import MIRRORED, changed, state_of


class Around:
    """The names and containers in the closure of a function, as they are now."""

    def __init__(self, f: Any) -> None:
        self.cells = [(name, cell, cell.cell_contents) for name, cell in _cells(f)]
        values = [value for _, _, value in self.cells]
        self.held = [(v, contents(v)) for v in values if type(v) in KEPT]
        objects = [v for v in values if MIRRORED in vars(type(v))]
        self.objects = [(v, dict(state_of(v))) for v in objects]

    def changes(self) -> Iterator[str]:
        """What has changed since, in words."""
        for name, cell, before in self.cells:
            if cell.cell_contents is not before:
                yield f"assigning the nonlocal {name}"
        for value, before in self.held:
            if differ(before, contents(value)):
                yield f"changing a {type(value).__name__} from around"
        for value, before in self.objects:
            for name in changed(before, state_of(value)):
                yield f"writing to the attribute {name} of a {type(value).__name__} from around"


def _cells(f: Any) -> Iterator[tuple[str, types.CellType]]:
    """The names of closures that are known, and their cells: of the function and of its helpers."""
    waiting, seen = [f], set[int]()
    while waiting:
        at = waiting.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        match at:
            case functools.partial():
                waiting += [at.func, *at.args, *at.keywords.values()]
            case types.MethodType():
                waiting += [at.__func__, at.__self__]
            case types.FunctionType():
                for name, cell in zip(at.__code__.co_freevars, at.__closure__ or (), strict=True):
                    if cell != types.CellType():
                        yield name, cell
                        waiting.append(cell.cell_contents)
            case _ if str(type(at).__module__).startswith("cats."):
                waiting += [getattr(at, f.name) for f in fields(at)] if is_dataclass(at) else []
