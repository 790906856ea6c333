"""Classes in a traced function are what they are: bases, subclasses, types and metaclasses."""

from __future__ import annotations

import collections
import dataclasses
import gc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import cats
from cats.ir.errors import CatsError


def kind(x: Any) -> Any:
    return 2 * x if type(x) in (float, np.float64) else 3 * x


class Base:
    k = 2.0

    def go(self, x: Any) -> Any:
        return kind(x)


class First(Base):
    def go(self, x: Any) -> Any:
        return 5 * type(self).__bases__[0].go(self, x)  # type: ignore[attr-defined]


class Second(Base):
    def go(self, x: Any) -> Any:
        return 7 * type(self).__mro__[1].go(self, x)  # type: ignore[attr-defined]


def subclasses(x: Any) -> Any:
    class Within(Base):
        def go(self, x: Any) -> Any:
            return 11 * kind(x)

    names = [c.__name__ for c in Base.__subclasses__()]
    return sum(c().go(x) for c in Base.__subclasses__()) * len(names) * (Within.__base__ is Base)


def types_made(x: Any) -> Any:
    class Plain:
        pass

    class Row(NamedTuple):
        x: float

    @dataclasses.dataclass(slots=True)
    class Slots:
        x: float

    point = collections.namedtuple("point", "x")
    made = dataclasses.make_dataclass("made", ["x"])
    by_type = type("by_type", (Base,), {"twice": lambda self: 2 * self.k})
    objects = [(Plain(), Plain), (Row(x), Row), (Slots(x), Slots), (point(x), point)]
    objects += [(made(x), made), (by_type(), by_type)]
    return [x * (type(o) is k) + x * isinstance(o, k) for o, k in objects], by_type().twice() * x


def metaclass(x: Any) -> Any:
    class Meta(type):
        def __call__(cls, *args: Any) -> Any:
            found = super().__call__(*args)
            found.v = kind(found.v)
            return found

        def __new__(mcs, *args: Any) -> Any:
            return type.__new__(mcs, *args)

    class Made(metaclass=Meta):
        def __init__(self, v: Any) -> None:
            self.v = v

    same = type(Made) is Meta and type(Base) is type and type(type) is type
    return (
        Made(x).v * same * isinstance(Made, type) * (type in (type, int)) * issubclass(Meta, type)
    )


def of_numbers(x: Any) -> Any:
    class Metres(float):
        def twice(self) -> Any:
            return 2 * self

    return x * Metres(2.0).twice() * (type(Metres(1.0)) is Metres) * isinstance(Metres(1.0), float)


USES: list[Callable[[Any], Any]] = [
    subclasses,
    types_made,
    metaclass,
    of_numbers,
    lambda x: x * (First.__bases__[0] is Base) + x * First.__bases__[0].k,  # type: ignore[attr-defined]
    lambda x: x * (First.__mro__[1] is Base) + First.__mro__[1].go(Base(), x),  # type: ignore[attr-defined]
    lambda x: x * (First.__base__ is Base) + x * (Base.__bases__ == (object,)),
    lambda x: First().go(x) + Second().go(x),
    lambda x: x * isinstance(2.0, float | type) + x * isinstance(int, type | None),
]


@pytest.mark.parametrize("use", USES)
def test_classes_are_what_they_are(use: Any) -> None:
    plain = use(1.5)
    gc.collect()
    assert cats.compile(use)(1.5) == plain
    assert cats.compile(lambda x: (use(x), float, type))(1.5) == (plain, float, type)


def test_a_number_of_a_class_made_within_takes_no_traced_value() -> None:
    def f(x: Any) -> Any:
        class Metres(float):
            pass

        return Metres(x) * 2

    with pytest.raises(CatsError, match="float"):
        cats.compile(f)(1.5)


@dataclasses.dataclass
class Point:
    y: Any


def test_a_class_is_a_function_of_a_word() -> None:
    assert cats.map(Point, np.ones(3)).y.tolist() == [1.0, 1.0, 1.0]
    assert cats.vmap(Point)(np.ones(3)).y.tolist() == [1.0, 1.0, 1.0]
    assert cats.compile(lambda x: cats.map(Point, np.ones(3) * x).y)(2.0).tolist() == [2.0] * 3
