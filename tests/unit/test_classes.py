"""Users' classes inside a traced function: as keys, in patterns, as truths and as numbers."""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import cats

Function = Callable[..., Any]


class Shape(ABC):
    """An abstract class."""

    @abstractmethod
    def area(self) -> Any:
        """What it covers."""


class Circle(Shape):
    """A class built on it."""

    def __init__(self, r: Any = 2.0) -> None:
        self.r = r

    def area(self) -> Any:
        return np.pi * self.r**2


class Square:
    """A class that no set takes the objects of."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Square)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Point:
    """A data class."""

    a: float = 1.0


CIRCLE, SQUARE, POINT = Circle(), Square(), Point()
COSTS: dict[Any, float] = {Circle: 2.0, Square: 3.0, Point: 4.0}
ABOVE: dict[Any, float] = {Shape: 5.0}
ELSE, ORDER = defaultdict(float, COSTS), OrderedDict(COSTS)
KINDS, FROZEN, PAIRS = {Circle, Point}, frozenset([Circle]), {(Circle, Point): 7.0}


def made_within(x: Any) -> Any:
    seen = {type(CIRCLE): x}
    return seen[Circle] * COSTS[type(CIRCLE)] * len({Circle, type(CIRCLE), Square})


def built_on(x: Any) -> Any:
    class Large(Circle):
        pass

    large = Large(x)
    known = Large in COSTS or isinstance(CIRCLE, Large) or issubclass(Circle, Large)
    shape = isinstance(large, Circle) and isinstance(large, Shape) and issubclass(Large, Shape)
    return large.area() if shape and not known else x


KEYS: dict[str, Function] = {
    "dict": lambda x: COSTS[type(CIRCLE)] * x + COSTS[POINT.__class__],
    "defaultdict": lambda x: ELSE[type(CIRCLE)] * x,
    "OrderedDict": lambda x: ORDER.get(type(POINT), 0.0) * x,
    "set": lambda x: x if type(CIRCLE) in KINDS and type(SQUARE) not in KINDS else 0.0 * x,
    "frozenset": lambda x: x if type(CIRCLE) in FROZEN and Circle in FROZEN else 0.0 * x,
    "list": lambda x: x if type(SQUARE) in [Circle, Square] else 0.0 * x,
    "tuple as key": lambda x: PAIRS[type(CIRCLE), type(POINT)] * x,
    "mro": lambda x: x * sum(COSTS[k] for k in type(CIRCLE).__mro__ if k in COSTS),
    "a class above": lambda x: x * next(ABOVE[k] for k in type(CIRCLE).__mro__ if k in ABOVE),
    "equality": lambda x: x * [Square, Circle].index(type(CIRCLE)) * [Circle].count(Circle),
    "made within": made_within,
    "built on": built_on,
    "nested": lambda x: cats.grad(lambda y: COSTS[type(CIRCLE)] * Circle(y).area() * x)(x),
}


class Balance:
    """An object that is true, and a number."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value > 1.0  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self.value * 2.0  # type: ignore[no-any-return]


class Count:
    """An object that is a whole number."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __int__(self) -> int:
        return (self.value > 0.0) + (self.value > 1.0)  # type: ignore[no-any-return]

    __index__ = __hash__ = __len__ = __int__


def local_truth(x: Any) -> Any:
    class Truth:
        def __init__(self, value: Any) -> None:
            self.value = value

        def __bool__(self) -> bool:
            return self.value > 1.0  # type: ignore[no-any-return]

        def __float__(self) -> float:
            return self.value**2  # type: ignore[no-any-return]

    one = Truth(x)
    return (2.0 if one else 3.0) * float(one) * (5.0 if not one else 7.0)


ANSWERS: dict[str, Function] = {
    "if": lambda x: x * 2.0 if Balance(x) else x * 3.0,
    "not": lambda x: x * 2.0 if not Balance(-x) else x * 3.0,
    "bool and any": lambda x: x if bool(Balance(x)) or any([Balance(-x), Balance(x)]) else -x,
    "float": lambda x: float(Balance(x)) * x,
    "np.float64": lambda x: np.float64(Balance(x)) * x,
    "math": lambda x: math.sqrt(Balance(x)) + math.hypot(Balance(x), 1.0),
    "floor": lambda x: math.floor(Balance(x)) * x,
    "whole": lambda x: x * [1.0, 2.0, 4.0][Count(x)] * int(Count(x)) * len(Count(x)),
    "hash": lambda x: x * len({Count(x)}),
    "local": local_truth,
}


class Scaled(float):
    """A float with an attribute."""

    scale = 5.0


def binds(x: Any) -> Any:
    match x:
        case float(y):
            return y * 3.0


def decides(x: Any) -> Any:
    match x * 2.0:
        case int(y):
            return 0.0 * y
        case float(y) if y > 3.0:
            return y * y
        case float():
            return x


def inside(x: Any) -> Any:
    match {"a": x, "b": CIRCLE}:
        case {"a": float(u), "b": Circle(r=r)}:
            return u * r


def keeps_the_object(x: Any) -> Any:
    match Scaled(3.0):
        case float(y):
            return x * y.scale


PATTERNS: dict[str, Function] = {
    "binds": binds,
    "decides": decides,
    "inside": inside,
    "keeps the object": keeps_the_object,
}


def area(x: Any) -> Any:
    class Tile:
        def area(self) -> Any:
            return x * x

    return Tile().area()


def itself(x: Any, times: int = 2) -> Any:
    class Step:
        call = staticmethod(itself)

        def go(self) -> Any:
            return Step.call(x, times - 1) * x

    return Step().go() if times else x


class Private:
    """State in slots whose names are its own."""

    __slots__ = ("__hidden", "shown")

    def __init__(self) -> None:
        self.__hidden, self.shown = 3.0, 2.0

    def product(self) -> Any:
        """Of both."""
        return self.__hidden * self.shown


PRIVATE = Private()
NAMES: dict[str, Function] = {
    "a method of the function's name": area,
    "the function in a class": itself,
    "private slots": lambda x: PRIVATE.product() * x,
    "methods of float": lambda x: float.__add__(x * 1.0, 1.0) * float.__mul__(2.0, x),
    "equality of float": lambda x: x if float.__eq__(x, 2.0) else 5.0 * x,
    "text of float": lambda x: float.fromhex("0x1p1") * x * len(float.__name__),
    "attributes of objects": lambda x: x * getattr(CIRCLE, "__dict__")["r"] * vars(CIRCLE)["r"],  # noqa: B009
    "no attributes": lambda x: x * getattr(CIRCLE, "q", 4.0) * hasattr(CIRCLE, "r"),
}

ALL = {**KEYS, **ANSWERS, **PATTERNS, **NAMES}


@pytest.mark.parametrize("name", ALL)
def test_they_mean_what_they_mean_in_python(name: str) -> None:
    f = ALL[name]
    for x in (0.7, 2.3):
        value, slope = cats.value_and_grad(f)(x)
        assert value == pytest.approx(f(x), rel=1e-15), x
        assert slope == pytest.approx((f(x + 1e-6) - f(x - 1e-6)) / 2e-6, rel=1e-6), x


def test_nothing_of_the_classes_is_changed() -> None:
    before = [dict(vars(kind)) for kind in (Shape, Circle, Square, Point, Balance, Count)]
    for name in ("dict", "built on", "if", "float", "inside"):
        cats.grad(ALL[name])(2.3)
    assert before == [dict(vars(kind)) for kind in (Shape, Circle, Square, Point, Balance, Count)]
    assert {type(k) for k in COSTS} == {type(Circle), type}


class Wrong:
    """An object whose answers are of other types."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return "text"  # type: ignore[return-value]

    def __index__(self) -> int:
        return self.value  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: x if Wrong(x) else -x, "__bool__ returned float, and must return bool"),
        (lambda x: float(Wrong(x)), "Wrong.__float__ returned str, and must return float"),
        (lambda x: [x, x][Wrong(x)], "__index__ returned float, and must return int"),
        (lambda x: x if Balance(np.sin(x)) else -x, "__bool__ returned numpy.bool, and"),
    ],
)
def test_answers_of_other_types_are_mistakes(f: Function, says: str) -> None:
    with pytest.raises(TypeError):
        f(1.0)
    with pytest.raises(cats.TraceError) as caught:
        cats.grad(f)(1.0)
    assert caught.value.message == says or says in caught.value.message
    assert caught.value.remedy is not None and caught.value.where is not None


@pytest.fixture
def module() -> Iterator[Any]:
    """A module of the user's."""
    made: Any = ModuleType("users_names")
    exec("K = 2.0\ndef twice(x):\n    return x * K", vars(made))
    sys.modules["users_names"] = made
    yield made
    del sys.modules["users_names"]


def test_names_of_modules_by_their_text(module: Any) -> None:
    f = cats.grad(lambda x: vars(module)["K"] * module.__dict__["twice"](x))
    assert f(1.0) == 4.0
    module.K = 3.0
    assert f(1.0) == 9.0
    g = cats.grad(lambda x: (vars(module).update(K=x), x)[1])
    with pytest.raises(cats.TraceError, match="assigning the global K"):
        g(1.0)
    assert module.K == 3.0
