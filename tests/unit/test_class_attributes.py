"""What lies in a class is seen through the doors, read from the class or from an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError


def kind(x: Any) -> Any:
    return 2 * x if type(x) in (float, np.float64) else 3 * x


class Part:
    def go(self, x: Any) -> Any:
        return kind(x)


class Scaled:
    """A descriptor."""

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = "_" + name

    def __get__(self, owner: Any, of: Any = None) -> Any:
        return kind(getattr(owner, self.name))

    def __set__(self, owner: Any, value: Any) -> None:
        owner.__dict__[self.name] = kind(value)


class Holder:
    part = Part()
    parts: ClassVar[list[Part]] = [part]
    kinds: ClassVar[dict[str, Any]] = {"part": Part}
    w = np.ones(2)
    size = Scaled()
    one: ClassVar[Any] = None

    class Inner:
        def go(self, x: Any) -> Any:
            return kind(x)

    def __new__(cls) -> Holder:
        return super().__new__(cls) if cls.one is None else cls.one


def sized(x: Any) -> Any:
    class Within(Holder):
        one = None

    made = Within()
    made.size = x
    return made.size


only = Holder()
Holder.one = only
only.size = 2.0

USES: list[Callable[[Any], Any]] = [
    lambda x: Holder.part.go(x) + only.part.go(x) + x * (Holder.part is only.part),
    lambda x: Holder.parts[0].go(x) + x * (Holder.parts[0] is Holder.part),
    lambda x: Holder.kinds["part"]().go(x) + x * (Holder.kinds["part"] is Part),
    lambda x: Holder.Inner().go(x) + only.Inner().go(x),
    lambda x: Holder.w.sum() * x,
    lambda x: Holder().part.go(x) + x * (Holder() is only),
    lambda x: x * only.size,
    sized,
]


@pytest.mark.parametrize("use", USES)
def test_it_is_what_it_is_inside(use: Any) -> None:
    assert cats.compile(use)(1.5) == use(1.5)


def test_it_is_seen_anew() -> None:
    compiled = cats.compile(lambda x: Holder.w.sum() * x + len(Holder.parts))
    assert compiled(1.0) == 3.0
    Holder.w = np.full(2, 2.0)
    Holder.parts.append(Holder.part)
    assert compiled(1.0) == 6.0
    Holder.w = np.ones(2)
    Holder.parts.pop()


CHANGES: list[Callable[[Any], Any]] = [
    lambda x: Holder.parts.append(x),
    lambda x: Holder.w.__setitem__(0, x),
    lambda x: Holder.kinds.update(a=x),
    lambda x: setattr(Holder, "w", x),
    lambda x: setattr(Holder.part, "v", x),
]


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_not_changed(change: Any) -> None:
    with pytest.raises(TraceError, match="outside"):
        cats.compile(lambda x: (change(x), x)[1])(1.0)
    assert (len(Holder.parts), list(Holder.kinds), Holder.w.tolist()) == (1, ["part"], [1.0, 1.0])
