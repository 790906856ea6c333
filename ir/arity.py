"""What an operation takes, read off its record: how many arguments, and parameters of which kinds.

The kind of a parameter is what the record's functions say of it: `axes: tuple[int, ...]`, or
`**orders: Natural` of all the others. What they do not say is like in the examples; where there are
none it is numbers where code text is made of them by a function, and else anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from string import Formatter
from typing import Any

from cats.ir.kinds import Numbers, Test, fitting, like, said


@dataclass(frozen=True, slots=True)
class Takes:
    """What an operation takes.

    count   how many arguments; None: `least` or more
    kinds   of its parameters, by name
    tests   whether a value is of the kind
    needed  the parameters that have no usual value
    others  the test of parameters of other names; None: it takes none
    """

    count: int | None
    kinds: dict[str, Any]
    tests: dict[str, Test]
    needed: frozenset[str]
    others: Test | None
    least: int = 1

    def misuse(self, name: str, count: int, params: Mapping[str, Any]) -> str | None:
        """Why the operation of that name cannot be called so, as a sentence; None if it can."""
        wrong = self.miscounted(name, count)
        if wrong is None and (params or self.needed):
            wrong = self._misnamed(name, params) or self._mistaken(name, params)
        return wrong

    def miscounted(self, name: str, count: int) -> str | None:
        """Why it cannot be called on so many arguments; None if it can."""
        if count == self.count or (self.count is None and count >= self.least):
            return None
        least = f"at least {counted(self.least, 'argument')}"
        asked = least if self.count is None else counted(self.count, "argument")
        return f"{name} takes {asked}, got {count}"

    def _misnamed(self, name: str, params: Mapping[str, Any]) -> str | None:
        if self.others is None and not params.keys() <= self.kinds.keys():
            strange = next(key for key in params if key not in self.kinds)
            has = f"its parameters are {', '.join(self.kinds)}" if self.kinds else "it has none"
            return f"{name} has no parameter {strange!r}: {has}"
        if not self.needed <= params.keys():
            missing = next(key for key in self.kinds if key in self.needed - params.keys())
            return f"{name} needs its parameter {missing!r}"
        return None

    def _mistaken(self, name: str, params: Mapping[str, Any]) -> str | None:
        for key, value in params.items():
            test = self.tests.get(key, self.others)
            if test is not None and not test(value):
                kind = said(self.kinds.get(key, Numbers))
                return f"{name} takes {kind} as its parameter {key!r}, not {value!r}"
        return None


def takes_of(
    code: str | Callable[..., Any] | None,
    space: Callable[..., Any],
    examples: Sequence[Mapping[str, Any]],
    unsaid: Any = object,
) -> Takes:
    """What is taken by an operation of this code, or function, of this space and these examples.

    unsaid   the kind of a parameter of which nothing is said
    >>> takes = takes_of("f({0}, {1}, {n})", lambda x, y, *, n: x, [{"n": 2}])
    >>> takes.count, takes.kinds, takes.misuse("f", 2, {"n": "two"})
    (2, {'n': <class 'int'>}, "f takes a whole number as its parameter 'n', not 'two'")
    """
    count, said_of, others = _spoken(code)
    of_space = _parameters(space)
    kinds: dict[str, Any] = {}
    needed: set[str] = set()
    if others and (not of_space or Parameter.VAR_KEYWORD in [p.kind for p in of_space]):
        kinds = {name: Parameter.empty for given in examples for name in given}
        others = not kinds
    else:
        others = False
    for parameter in (*said_of, *of_space):
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            continue
        name, kind = parameter.name, parameter.annotation
        if kind is not Parameter.empty or name not in kinds:
            kinds[name] = kind
        if parameter.default is Parameter.empty:
            needed.add(name)
    rest = next((p.annotation for p in of_space if p.kind is Parameter.VAR_KEYWORD), object)
    for name, kind in kinds.items():
        if kind is Parameter.empty:
            known = rest not in (Parameter.empty, object, Any)
            shown = [given[name] for given in examples if name in given]
            kinds[name] = rest if known else like(shown) if shown else unsaid
    tests = {name: fitting(kind) for name, kind in kinds.items()}
    return Takes(count, kinds, tests, frozenset(needed), fitting(unsaid) if others else None)


def _spoken(
    code: str | Callable[..., Any] | None,
) -> tuple[int | None, list[Parameter], bool]:
    """How many arguments, which parameters, and whether others, code text or a function takes."""
    if isinstance(code, str):
        names = [name or "" for _, name, _, _ in Formatter().parse(code)]
        count = max([int(name) for name in names if name.isdigit()], default=-1) + 1
        named = [n for n in dict.fromkeys(names) if n.isidentifier()]
        return count, [Parameter(n, Parameter.KEYWORD_ONLY) for n in named], False
    found = _parameters(code)
    kinds = [p.kind for p in found]
    others = not found or Parameter.VAR_KEYWORD in kinds
    placed = [p for p in found if p.kind in _PLACED]
    open_ended = not found or Parameter.VAR_POSITIONAL in kinds
    if open_ended or any(p.default is not Parameter.empty for p in placed):
        return None, found, others
    return len(placed), found, others


_PLACED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def _parameters(function: Callable[..., Any] | None) -> list[Parameter]:
    """The parameters of a function, their annotations read; none where Python knows none."""
    if function is None:
        return []
    try:
        return list(signature(function, eval_str=True).parameters.values())
    except (NameError, AttributeError):
        return list(signature(function).parameters.values())
    except (ValueError, TypeError):
        return []


def counted(n: int, thing: str, things: str | None = None) -> str:
    """A number of things.

    >>> counted(1, "argument"), counted(2, "argument"), counted(0, "branch", "branches")
    ('1 argument', '2 arguments', '0 branches')
    """
    return f"{n} {thing if n == 1 else things or thing + 's'}"
