"""What cats makes of every public name of NumPy, of SciPy's special functions and linear algebra,
and of `math`: the table, and the page that is written from it.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np

from cats.doors import python
from cats.ir.errors import CatsError
from cats.ir.primitive import Primitive
from cats.ir.program import Program
from cats.ir.spaces import Real
from cats.refusals import Search, refusal_of
from cats.surface import SPEECH
from cats.surface.refused import DISCRETE, MODULES, OWN, PLAIN
from cats.titles import title
from cats.trace import Spec
from cats.traced import Traced
from cats.whole import trace

SUPPORTED = "supported"
PARTLY = "supported in part"
STILL = "does not vary"
PLAINLY = "called as it is"
REFUSED = "refused"
UNKNOWN = "not known"

MEANINGS = {
    SUPPORTED: "its values, and derivatives of every order in every mode",
    PARTLY: "the same, but in some arguments an error, with the reason, instead of a derivative",
    STILL: "its values: whole numbers, truth values, steps; its derivative is 0",
    PLAINLY: "NumPy's own answer; no traced value is among its arguments",
    REFUSED: "an error, with the reason",
    UNKNOWN: "an error that names it",
}
"""What happens where a traced function calls a function of each kind."""

METHODS = ("reduce", "accumulate", "reduceat", "outer", "at")
SPECIAL = "scipy.special"
OTHERS = ("numpy.linalg", SPECIAL, "scipy.linalg")


@dataclass(frozen=True, order=True)
class Row:
    """A public name, and what cats makes of it.

    section  where it is found
    name     as it is written there
    kind     one of MEANINGS
    why      the reason, where it is refused, wholly or in part
    """

    section: str
    name: str
    kind: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.section}: {self.name}: {self.kind}" + (f": {self.why}" if self.why else "")


def rows() -> Iterator[Row]:
    """Every name, section by section; SciPy's where SciPy is installed."""
    yield from _of_module("numpy")
    for name in METHODS:
        yield _row("methods of universal functions", name, f"numpy.ufunc.{name}", (np.add, name))
    for name in sorted(n for n in dir(np.ndarray) if not n.startswith("_")):
        yield _kind("arrays", name, f"numpy.ndarray.{name}", _has(name))
    for module in OTHERS:
        yield from _of_module(module)
    for name in sorted(n for n, v in vars(math).items() if callable(v) and not n.startswith("_")):
        known = name in python.MATH or name in python.OWN or f"math.{name}" in SPEECH.names
        yield _kind("math", name, f"math.{name}", known)
    for name, refusal in MODULES.items():
        yield Row("whole modules", name, REFUSED, refusal.why)


def _has(name: str) -> bool:
    """Whether traced values have an attribute, and what it stands for is known."""
    found = getattr(Traced, name, None)
    function = getattr(found, "stands_for", None)
    return found is not None and (function is None or SPEECH.said(function) is not None)


def _of_module(name: str) -> Iterator[Row]:
    """The public functions of a module: no classes, no constants."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        return
    module = importlib.import_module(name)
    for function in sorted(module.__all__):
        value = getattr(module, function, None)
        if callable(value) and hasattr(value, "__name__") and not isinstance(value, type):
            row = _row(name, function, title(value), value)
            yield _in_part(row, value) if row.kind == SUPPORTED and name == SPECIAL else row


def _row(section: str, name: str, full: str, function: Any) -> Row:
    return _kind(section, name, full, SPEECH.said(function) is not None or full in OWN)


def _kind(section: str, name: str, full: str, known: bool) -> Row:
    """What is made of a name whose title is `full`; what is refused by itself is not known."""
    refusal = refusal_of(full, SPEECH.refused)
    if known and SPEECH.refused.get(full) is None:
        return Row(section, name, STILL if full in DISCRETE else SUPPORTED)
    if full in PLAIN:
        return Row(section, name, PLAINLY)
    return Row(section, name, REFUSED, refusal.why) if refusal else Row(section, name, UNKNOWN)


# Arguments without a derivative


def _in_part(row: Row, function: Callable[..., Any]) -> Row:
    """The row of a supported function, with the arguments in which it has no derivative."""
    count = getattr(function, "nin", None) or len(_required(function))
    try:
        program = trace(function, *[Spec(())] * count)
    except (CatsError, TypeError):  # an argument that is no real number
        return row
    slots: dict[str, list[int]] = {}
    for slot in range(count):
        for why in _refusals(program, slot):
            slots.setdefault(why, []).append(slot)
    if not slots:
        return row
    told = [f"argument{'s' * (len(n) > 1)} {_listed(n)}: {why}" for why, n in slots.items()]
    return replace(row, kind=PARTLY, why=f"there is no derivative in {'; in '.join(told)}")


def _required(function: Callable[..., Any]) -> list[str]:
    """The names of the arguments that must be given."""
    given = signature(function).parameters.values()
    return [p.name for p in given if p.default is p.empty]


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(map(str, numbers))


def _refusals(program: Program, slot: int) -> list[str]:
    """Why the program has no derivative in one input: what the steps say that it flows through."""
    varies = [i == slot for i in range(len(program.inputs))]
    found: dict[str, None] = {}
    for step in program.steps:
        flows = any(varies[a] for a in step.args)
        varies.extend([flows and isinstance(s, Real) for s in step.spaces])
        if isinstance(step.op, Primitive):
            found |= {why: None for i, why in step.op.refused if varies[step.args[i]]}
    return list(found)


# The page

HEAD = """# Every name, and what cats makes of it

`python -m cats names --page` writes this page; a test says when it is stale. It is about
{versions}. `python -m cats names` tells of the versions that you have, and
`python -m cats names sort fft` of single names.

What happens where a traced function calls one of these:

{meanings}
"""


def versions() -> dict[str, str]:
    """The versions of NumPy and SciPy that the names are of."""
    found = {"NumPy": np.__version__}
    if importlib.util.find_spec("scipy") is not None:
        found["SciPy"] = importlib.import_module("scipy").__version__
    return found


def page(table: Iterable[Row]) -> str:
    """The table as text: in each section the names of each kind, those refused by their reason."""
    sections: dict[str, dict[tuple[str, str], list[str]]] = {}
    for row in table:
        kinds = sections.setdefault(row.section, {})
        kinds.setdefault((row.kind, row.why), []).append(row.name)
    meanings = "\n".join(f"- **{kind}**: {what};" for kind, what in MEANINGS.items())
    with_versions = " and ".join(" ".join(pair) for pair in versions().items())
    parts = [HEAD.format(versions=with_versions, meanings=f"{meanings[:-1]}.")]
    for section, kinds in sections.items():
        parts.append(f"## {section}\n")
        order = sorted(kinds, key=lambda k: (list(MEANINGS).index(k[0]), k[1]))
        for kind, why in order:
            names = " ".join(f"`{name}`" for name in kinds[kind, why])
            parts.append(f"**{kind}**{f', because {why}' if why else ''}: {names}\n")
    return "\n".join(parts)


def read(text: str) -> set[Row]:
    """The table that a page was written from.

    >>> table = {Row("numpy", "sin", SUPPORTED), Row("numpy", "load", REFUSED, "it reads: a file")}
    >>> read(page(table)) == table
    True
    """
    found: set[Row] = set()
    section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif section and line.startswith("**"):
            head, _, names = line.rpartition(": `")
            kind, _, why = head.removeprefix("**").partition("**")
            for name in names.removesuffix("`").split("` `"):
                found.add(Row(section, name, kind, why.removeprefix(", because ")))
    return found


def told(names: Iterable[str]) -> Iterator[str]:
    """What is said of each name, one line for each place where there is one.

    Names that the table has not are looked for in the modules of NumPy and SciPy.

    >>> list(told(["numpy.heaviside", "np.isfinite", "numpy.fft.fft", "numpy.font"]))[:2]
    ['numpy: heaviside: supported', 'numpy: isfinite: does not vary']
    """
    table = list(rows())
    for name in names:
        full = _spelled_out(name)
        found = [row for row in table if full in (row.name, f"{row.section}.{row.name}")]
        lines = [*map(str, found)] or list(_beyond(full))
        yield from lines or [f"{name}: {_nowhere(name)}"]


def _spelled_out(name: str) -> str:
    """A name as the table has it."""
    for short, whole in (("np.", "numpy."), ("numpy.ndarray.", "arrays.")):
        if name.startswith(short):
            name = whole + name.removeprefix(short)
    return name


def _nowhere(name: str) -> str:
    """What is said of a name that is not found."""
    if "." not in name:
        return "not found; give it with its module, as scipy.spatial.distance.cdist"
    known = name.partition(".")[0] in (*ROOTS, "np")
    return "there is no such name" if known else "no name of NumPy, SciPy or math"


ROOTS = ("numpy", "scipy", "math")


def _beyond(name: str) -> Iterator[str]:
    """What is said of a name that the table has not, wherever there is one."""
    module, _, last = name.rpartition(".")
    for home in [module] if module else _homes(last):
        found = _at(home, last)
        if found is not None:
            yield f"{home}: {last}: {_of_thing(f'{home}.{last}', found)}"


def _homes(name: str) -> list[str]:
    """The modules in which a name may be: those in which it is refused, or many more."""
    refused = [full.rpartition(".") for full in SPEECH.refused]
    known = [home for home, _, last in refused if last == name and _at(home, last) is not None]
    if known or importlib.util.find_spec("scipy") is None:
        return known
    scipys = [f"scipy.{module}" for module in importlib.import_module("scipy").__all__]
    return list(dict.fromkeys([*MODULES, *scipys]))


def _at(home: str, name: str) -> Any:
    """What a module of ours, as NumPy's, has under a name; None if there is none."""
    if home.partition(".")[0] not in ROOTS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(importlib.import_module(home), name, None)
        except ImportError:
            return None


def _of_thing(full: str, found: Any) -> str:
    """What is made of a thing that is not in the table."""
    for name in (full, title(found)):
        refusal = refusal_of(name, SPEECH.refused)
        if refusal is not None:
            alone = name in SPEECH.refused or isinstance(refusal, Search)
            return f"{REFUSED}{'' if alone else ' where it cannot be followed'}: {refusal.why}"
    if not callable(found):
        return "no function, used as it is"
    return "not in the table: its own code is followed, and what cannot be raises an error"
