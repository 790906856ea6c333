"""Methods of classes made of Python's numbers, texts and library containers see the doors."""

from __future__ import annotations

import collections
import threading
from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError

T = TypeVar("T")


def kind(x: Any) -> Any:
    return 2 * x if type(x) in (float, np.float64) else 3 * x


class Text(str):
    def go(self, x: Any) -> Any:
        return kind(x) * len(self)


class Metres(float):
    def go(self, x: Any) -> Any:
        return kind(x) * self


class Number(int):
    def go(self, x: Any) -> Any:
        return kind(x) * self


class Defaulting(collections.defaultdict[str, Any]):
    def go(self, x: Any) -> Any:
        return kind(x) * self["new"]


class Ordered(collections.OrderedDict[str, Any]):
    def go(self, x: Any) -> Any:
        return kind(x) * list(self.values())[-1] * list(self).index("b")


class Counted(collections.Counter[str]):
    def go(self, x: Any) -> Any:
        return kind(x) * self["none"] + kind(x) * self["a"]


class Lines(collections.UserList[Any]):
    def go(self, x: Any) -> Any:
        return kind(x) * self[0]


class Keys(collections.UserDict[str, Any]):
    def go(self, x: Any) -> Any:
        return kind(x) * self["w"]


class Gen(Generic[T]):
    def __init_subclass__(cls) -> None:
        pass

    def go(self, x: Any) -> Any:
        return kind(x)


class Below(Gen[int]):
    pass


class Once(type):
    made: ClassVar[dict[Any, Any]] = {}

    def __call__(cls, *args: Any) -> Any:
        if cls not in cls.made:
            cls.made[cls] = super().__call__(*args)
        return cls.made[cls]


class Only(metaclass=Once):
    def go(self, x: Any) -> Any:
        return kind(x)


class Abstract(ABC):  # noqa: B024
    def go(self, x: Any) -> Any:
        return kind(x)


class Concrete(Abstract):
    pass


class Registered:
    pass


Abstract.register(Registered)

text, metres, number = Text("ab"), Metres(2.0), Number(3)
ordered, counted = Ordered(a=2.0, b=3.0), Counted("aab")
lines, keys, below, only, concrete = Lines([3.0]), Keys(w=2.0), Below(), Only(), Concrete()
by_text = {text: 2.0, number: 3.0}

USES: list[Callable[[Any], Any]] = [
    lambda x: text.go(x) + Text("abc").go(x) + x * (text == "ab") * isinstance(text, str),
    lambda x: metres.go(x) + Metres(3.0).go(x) + x * metres,
    lambda x: number.go(x) + Number(4).go(x) + x**number + x * [5.0, 7.0, 11.0, 13.0][number],
    lambda x: x * by_text["ab"] + x * by_text[text] + x * by_text[3],
    lambda x: Defaulting(lambda: x).go(x),
    lambda x: ordered.go(x) + Ordered(b=x).go(x) + x * (next(iter(ordered)) == "a"),
    lambda x: counted.go(x) + Counted("a").go(x),
    lambda x: lines.go(x) + Lines([x]).go(x) + x * sum(lines),
    lambda x: keys.go(x) + Keys(w=x).go(x) + x * len(keys),
    lambda x: below.go(x) + Below().go(x),
    lambda x: Only().go(x) + x * (Only() is only),
    lambda x: concrete.go(x) * isinstance(concrete, Abstract) * isinstance(Registered(), Abstract),
    lambda x: x * (not isinstance(3, Abstract)) * (not issubclass(int, Abstract)),
]


@pytest.mark.parametrize("use", USES)
def test_methods_see_the_doors(use: Any) -> None:
    assert cats.compile(use)(1.5) == use(1.5)


CHANGES: list[Callable[[Any], Any]] = [
    lambda x: keys.update(q=x),
    lambda x: lines.append(x),
    lambda x: ordered.move_to_end("a"),
    lambda x: counted.update("b"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_they_are_not_changed(change: Any) -> None:
    before = repr((keys, lines, ordered, counted))
    with pytest.raises(TraceError, match="outside of the traced function"):
        cats.compile(lambda x: (change(x), x)[1])(1.0)
    assert repr((keys, lines, ordered, counted)) == before


class Config(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def test_a_dict_asked_by_attributes() -> None:
    config = Config(w=2.0)

    def f(x: Any) -> Any:
        made = Config(w=x)
        made.w = 2 * x
        made.z = 3 * x
        return made.w + made.z + config.w

    assert cats.compile(f)(1.0) == 7.0
    assert cats.grad(lambda c: c.w * c.w)(config) == {"w": 4.0}


@dataclass
class Locked:
    w: float

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.part = below


def test_an_attribute_that_is_no_number_goes_in() -> None:
    assert cats.compile(lambda m: m.w * 2)(Locked(1.5)) == 3.0
    assert cats.compile(lambda m: m.part.go(m.w))(Locked(1.5)) == 3.0
    with pytest.raises(TraceError, match="the function returned lock"):
        cats.compile(lambda x: Locked(x))(1.5)
