"""Compiled programs whose lines are shown in warnings and tracebacks, each with the user's line.

Both ask `linecache`. It is told a function that writes the text again, so nothing is kept that
nobody asks for; and what is compiled when a program is gone takes its entries out.
"""

from __future__ import annotations

import contextlib
import linecache
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from cats.backends.backend import Run
from cats.backends.comments import comment
from cats.backends.function import Style
from cats.backends.text import Text, loaded, write
from cats.ir.errors import Where
from cats.ir.program import Program
from cats.ir.wire import STAMPS

_GONE: deque[str] = deque()
"""Names of texts that are no more. Who looks at all entries must not see one go meanwhile."""


def built(program: Program, style: Style) -> Run:
    """The function of a program."""
    text = write(program, "run", style, {"np"})
    file = f"<cats> {next(STAMPS)}"
    run: Any = loaded(text, file)
    names = [f"{file}.{n}" for n in range(len(text.helpers) + len(text.functions))]
    run.__globals__["__text__"] = partial(_annotated, program, style)
    with contextlib.suppress(IndexError):
        while True:
            linecache.cache.pop(_GONE.popleft(), None)
    for n, name in enumerate(names):
        linecache.cache[name] = (partial(_part, weakref.ref(run), n),)
    weakref.finalize(run, _GONE.extend, names).atexit = False
    return run  # type: ignore[no-any-return]


def _annotated(program: Program, style: Style) -> Text:
    """The text of a program again, with comments."""
    return write(program, "run", replace(style, comment=_place), {"np"})


def _place(where: Where | None) -> str:
    return comment(where) or "#"


def _part(run: Callable[[], Any], n: int) -> str:
    """The part of that number of the text of a function; nothing if there is none any more."""
    function = run()
    if function is None:
        return ""
    text: Text = function.__globals__["__text__"]()
    helpers = len(text.helpers)
    return text.helpers[n] if n < helpers else "\n".join(_aside(text.functions[n - helpers]))


def _aside(function: str) -> Iterator[str]:
    """The lines of a function, each with the comment above it beside it."""
    place = ""
    for line in function.splitlines():
        if line.lstrip().startswith("#"):
            place = line.strip().removesuffix("#")
        else:
            yield f"{line}  {place}".rstrip()
