"""Functions of Python that look at what is around the code: names, modules, files, warnings."""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

from cats.doors.code import inner
from cats.doors.globals import Globals, Sees
from cats.doors.refusing import RAISING, makes_errors
from cats.doors.taken_out import holds_text, refuse_text
from cats.world import said_by


def builtins_of(session: Sees) -> dict[str, Any]:
    """The builtins that look around, by name."""
    return {
        "globals": _globals,
        "eval": _evaluator(session, eval),
        "exec": _evaluator(session, exec),
        "open": _looking(session, open),
        "input": _looking(session, input),
    }


def _globals() -> dict[str, Any]:
    """globals(): all names of the module, none of them foreseen."""
    space = sys._getframe(1).f_globals
    return space.whole() if isinstance(space, Globals) else space


def _evaluator(session: Sees, run: Callable[..., Any]) -> Callable[..., Any]:
    """eval or exec, of text in which the names of its surroundings are found."""

    def call(source: Any, space: Any = None, inside: Any = None, /) -> Any:
        frame = sys._getframe(1)
        text = said_by(source)
        if text is not None and holds_text(session.world, text):
            refuse_text(session, run.__name__)
        code = source if text is None else compile(source, "<text>", run.__name__)
        if space is None:
            space, inside = frame.f_globals, frame.f_locals
        if isinstance(space, Globals):
            session.world.lasting = False
            space.fetch(name for c in inner(code) for name in c.co_names)
        elif type(space) is dict:
            space.setdefault("__builtins__", session.builtins)
        return run(code, space, inside)

    return call


def _looking(session: Sees, look: Callable[..., Any]) -> Callable[..., Any]:
    """A builtin that looks at what may be another in the next call."""

    def call(*args: Any, **kwargs: Any) -> Any:
        session.world.lasting = False
        return look(*args, **kwargs)

    return call


def importing(session: Sees) -> Callable[..., Any]:
    """`import`, of modules as the traced function sees them."""

    def call(name: str, space: Any = None, *args: Any, **kwargs: Any) -> Any:
        original = space.original if isinstance(space, Globals) else space
        return session.rebound(builtins.__import__(name, original, *args, **kwargs))

    return call


def import_module(session: Sees) -> Callable[..., Any]:
    """importlib.import_module, of modules as the traced function sees them."""

    def call(name: str, package: str | None = None) -> Any:
        return session.rebound(importlib.import_module(name, package))

    return call


def warning(session: Sees, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that says what becomes of warnings, refused where it makes them errors."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if makes_errors(args, kwargs):
            session.recorder.refuse(*RAISING)
        return function(*args, **kwargs)

    return functools.wraps(function)(call)
