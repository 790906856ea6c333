"""Programs as readable, importable NumPy text, with the user's names and places.

The text imports NumPy, and math or SciPy where it calls functions of theirs. Each name is
assigned once, nothing is mutated. A value carries the user's name where its step says that the
line assigned it; what a derivative adds for the same line does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cats.backends.backend import Compiled, Run, checked
from cats.backends.comments import comment, encodable
from cats.backends.function import Names, Style, no_words
from cats.backends.naming import RESERVED, Given, identifier, is_name
from cats.backends.plan import Plan
from cats.backends.text import Text, write
from cats.ir.constant import Constant
from cats.ir.errors import BackendError, Where
from cats.ir.primitive import Primitive
from cats.ir.prims.guards import guard
from cats.ir.prims.layout import const
from cats.ir.program import Program, constant_of
from cats.ir.spaces import Value

REMEDY = "Give the primitive `code`, NumPy text: a Python function cannot be written out."


@dataclass(frozen=True)
class OnSource:
    """The text of `source_text`, run. It gives what NumPy gives, to the last bit.

    Where the user's code goes another way than the text, it raises what the engine understands.

    >>> from cats.ir.prims.smooth import sin
    >>> from cats.ir.program import Program, Step
    >>> from cats.ir.spaces import R
    >>> run = OnSource().compile(Program((R,), (Step(sin, (0,), (), (R,)),), (1,)))
    >>> run(0.0)
    (np.float64(0.0),)
    """

    name: ClassVar[str] = "source"

    def supports(self, op: Primitive) -> bool:
        """Those that have code text."""
        return op.code is not None or op is guard

    def build(self, program: Program) -> Run:
        text = _text(program, "f", no_words)
        namespace = dict(text.callees)
        exec(compile(_module(text), "<source>", "exec"), namespace)
        return _Entered(namespace["f"], program)

    def compile(self, program: Program) -> Compiled:
        """The program as a callable; raises BackendError for operations without code text."""
        return checked(self, program, REMEDY)


class _Entered:
    """A text's function with the ends of a compiled program: scalars in, a tuple out."""

    __slots__ = ("function", "numbers", "single")

    def __init__(self, function: Any, program: Program) -> None:
        self.function = function
        self.numbers = tuple(None if s.shape else np.dtype(s.dtype).type for s in program.inputs)
        self.single = len(program.outputs) == 1

    def __call__(self, *args: Value) -> tuple[Value, ...]:
        pairs = zip(args, self.numbers, strict=True)
        found = self.function(*[a if number is None else number(a) for a, number in pairs])
        return (found,) if self.single else found


def source_text(
    program: Program, name: str = "f", docstring: str = "", taken: frozenset[str] = frozenset()
) -> str:
    """The program as the text of a Python module whose last definition is the function `name`.

    Names `taken` are left free, for what is written below the text.
    A program of one output gives a function that returns it, of several one that returns a tuple.
    The same program gives the same text, byte for byte.
    Raises BackendError for operations without code text, and when `name` cannot be a name.

    >>> from cats.ir.prims.smooth import sin
    >>> from cats.ir.program import Program, Step
    >>> from cats.ir.spaces import R
    >>> print(source_text(Program((R,), (Step(sin, (0,), (), (R,)),), (1,), ("x",)), "g"))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def g(x):
        t1 = np.sin(x)
        return t1
    <BLANKLINE>
    """
    if not is_name(name):
        raise BackendError(
            f"{name!r} cannot be the name of a function",
            remedy="Choose a Python identifier that is not a keyword, a builtin or np.",
        )
    OnSource().compile(program)
    return _module(_text(program, name, strays, quoted(docstring) if docstring else "", taken))


def _text(
    program: Program,
    name: str,
    strays: Callable[[Where | None], str],
    said: str = "",
    taken: frozenset[str] = frozenset(),
) -> Text:
    """The parts of the text; `strays` is what it raises where the user's code goes another way."""
    style = Style(
        _Naming().names,
        comment,
        strays=strays,
        writes=False,
        limit=2000,
        tidy=False,
        bare=True,
    )
    return write(program, name, style, {*RESERVED, *taken}, said)


def _module(text: Text) -> str:
    """The parts of a text as one."""
    constants = [f"{title} = {exact(value)}" for title, value in text.constants.items()]
    imports = [*[f"import {module}" for module in text.modules], "import numpy as np"]
    opening = "\n".join([*imports, *([""] if constants else []), *constants])
    helpers = [helper.strip("\n") + "\n" for helper in text.helpers]
    return "\n\n".join([opening + "\n", *helpers, *text.functions])


def exact(value: Constant) -> str:
    """A constant as NumPy text, exact to the last bit; raises BackendError for objects.

    >>> print(exact(Constant([0.1, 2.0])))
    np.array([0.1, 2.0], dtype=np.float64)
    """
    if value.array.dtype == object:
        raise BackendError(
            "a constant holds Python objects, which have no exact NumPy text",
            remedy="Convert the constant to float64, or run the program on fractions.",
        )
    return const.text([], {"value": value}) or ""


def strays(where: Where | None) -> str:
    """The error a text raises at arguments for which the user's code goes another way."""
    line = comment(where).replace("#", ", at", 1)
    return f"ValueError({'the code goes another way than this text' + line!r})"


def quoted(text: str) -> str:
    """The text as a docstring."""
    escaped = encodable(text).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{escaped}{" " if escaped.endswith(chr(34)) else ""}"""'


class _Naming:
    """The user's names, and t1, t2, ... for the rest; each given once in a function."""

    def names(self, plan: Plan, taken: set[str]) -> Names:
        """A name for every input and value of the plan."""
        given = Given(taken)
        names = {
            i: given.give(identifier(said, f"x{i}"))
            for i, said in enumerate(plan.program.input_names)
        }
        made = {p for line in plan.lines for p in line.makes}
        for where, position in _named(plan.program).items():
            if position in made:
                names[position] = given.give(identifier(where.name, "t"))
        numbers = given.numbered("t")
        for position in (p for line in plan.lines for p in line.makes):
            if position not in names:
                names[position] = next(numbers)
        return names


def _named(program: Program) -> dict[Where, int]:
    """The positions that the user's assignments name: the last step of the first run of each.

    A constant stands where it is first read, which may be the next line.
    """
    found: dict[Where, int] = {}
    before: Where | None = None
    for first, step in program.numbered():
        where = step.where
        if constant_of(step) is not None:
            continue
        if where is not None and where.name and (where not in found or where == before):
            found[where] = first
        before = where
    return found
