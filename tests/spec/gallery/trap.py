"""What an entry of the gallery is: a function and what must happen, a refusal, or a story."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Function = Callable[..., Any]
Args = tuple[Any, ...]


@dataclass(frozen=True)
class Right:
    """A function as a user writes it, whose value and derivatives must be right.

    points   arguments, one tuple for each call; one compiled function must be right at all of them
    corners  further ones, where there is a slope in closed form and no second derivative
    slope    the gradient in closed form, in the structure of the arguments; else it is measured
             by extrapolated differences, away from kinks
    second   whether second derivatives are measured too
    step     of the differences
    """

    name: str
    source: str
    f: Function
    points: tuple[Args, ...]
    corners: tuple[Args, ...]
    slope: Function | None
    second: bool
    step: float


@dataclass(frozen=True)
class Refused:
    """A function that must be refused: the sentence, the line marked HERE, and what to do."""

    name: str
    source: str
    f: Function
    args: Args
    says: str
    remedy: str

    @property
    def line(self) -> int:
        """The line marked HERE."""
        rows, first = inspect.getsourcelines(self.f)
        return first + next(i for i, row in enumerate(rows) if "# HERE" in row)


@dataclass(frozen=True)
class Story:
    """Several steps: it yields what was found and what is right."""

    name: str
    source: str
    tell: Callable[[], Iterator[tuple[Any, Any]]]


Entry = Right | Refused | Story


@dataclass(frozen=True)
class Room:
    """The entries of one module, in the order they are hung."""

    entries: list[Entry] = field(default_factory=list)

    def right(
        self,
        name: str,
        source: str,
        *points: Any,
        corners: Sequence[Any] = (),
        slope: Function | None = None,
        second: bool = True,
        step: float = 2e-3,
    ) -> Callable[[Function], Function]:
        """Hangs the function below; a point that is no tuple is a single argument."""

        def hang(f: Function) -> Function:
            at, beside = _whole(points), _whole(corners)
            self.entries.append(Right(name, source, f, at, beside, slope, second, step))
            return f

        return hang

    def refused(
        self, name: str, source: str, args: Any, says: str, remedy: str = ""
    ) -> Callable[[Function], Function]:
        """Hangs a function that is to be refused."""
        whole = args if isinstance(args, tuple) else (args,)

        def hang(f: Function) -> Function:
            self.entries.append(Refused(name, source, f, whole, says, remedy))
            return f

        return hang

    def story(self, name: str, source: str) -> Callable[[Function], Function]:
        """Hangs a story."""

        def hang(tell: Function) -> Function:
            self.entries.append(Story(name, source, tell))
            return tell

        return hang


def _whole(points: Sequence[Any]) -> tuple[Args, ...]:
    return tuple(p if isinstance(p, tuple) else (p,) for p in points)


def named(entries: Sequence[Entry], kind: type) -> list[Any]:
    """The entries of a kind."""
    return [entry for entry in entries if isinstance(entry, kind)]
