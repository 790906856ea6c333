"""Methods of classes of every make see the doors: traced values are numbers in them."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError


def kind(x: Any) -> Any:
    return 2 * x if type(x) in (float, np.float64) else 3 * x


class Point(NamedTuple):
    x: float

    def by_type(self) -> Any:
        return kind(self.x)

    def by_shape(self) -> Any:
        return 2 * self.x if hasattr(self.x, "shape") else 3 * self.x

    @property
    def twice(self) -> Any:
        return kind(self.x)


class Table(dict[str, Any]):
    def go(self, x: Any) -> Any:
        return kind(x) * self["w"]


class Row(list[Any]):
    def go(self, x: Any) -> Any:
        return kind(x) * self[0]


class Members(set[Any]):
    def go(self, x: Any) -> Any:
        return kind(x) * len(self)


class Open(dict[str, Any]):
    """A dict whose keys are its attributes."""

    w: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__dict__ = self

    def go(self, x: Any) -> Any:
        return kind(x) * self.w


class Meta(type):
    def __call__(cls, *args: Any) -> Any:
        found = super().__call__(*args)
        found.made = kind(args[0]) if args else 0.0
        return found

    def of(cls, x: Any) -> Any:
        return kind(x)


class Made(metaclass=Meta):
    made: Any

    def __init__(self, v: Any = 0.0) -> None:
        self.v = v

    def go(self, x: Any) -> Any:
        return kind(x)


registry: list[str] = []


class Hooked:
    def __init_subclass__(cls, **options: Any) -> None:
        registry.append(cls.__name__)

    def go(self, x: Any) -> Any:
        return kind(x)


class Below(Hooked):
    pass


class Abstract(ABC):
    def __init_subclass__(cls, **options: Any) -> None:
        registry.append(cls.__name__)

    @abstractmethod
    def go(self, x: Any) -> Any: ...


class Concrete(Abstract):
    def go(self, x: Any) -> Any:
        return kind(x)


class Goes(Protocol):
    def go(self, x: Any) -> Any: ...

    def again(self, x: Any) -> Any:
        return kind(x)


class Went(Goes):
    def go(self, x: Any) -> Any:
        return kind(x)


class New:
    w: Any

    def __new__(cls, v: Any) -> New:
        found = super().__new__(cls)
        found.w = kind(v)
        return found

    def go(self, x: Any) -> Any:
        return kind(x)


point, table, row, members, opened = (
    Point(3.0), Table(w=2.0), Row([4.0]), Members([1, 2]), Open(w=3.0),
)  # fmt: skip
made, below, concrete, went, new = Made(5.0), Below(), Concrete(), Went(), New(2.0)

USES: list[Callable[[Any], Any]] = [
    lambda x: Point(x).by_type() + Point(x).by_shape() + Point(x).twice + point.by_type() * x,
    lambda x: Point(x)._replace(x=2 * x).by_type() + point._replace(x=x).x,
    lambda x: Point._make([x]).by_type() * (type(Point(x)) is Point) * isinstance(point, Point),
    lambda x: Table(w=x).go(x) + table.go(x) + x * sum(table.values()),
    lambda x: row.go(x) + Row([x]).go(x) + x * sum(row) * len(row),
    lambda x: members.go(x) + x * (1 in members),
    lambda x: opened.go(x) + Open(w=x).go(x) + opened.w,
    lambda x: made.go(x) + Made(x).go(x) + Made(x).made + Made.of(x) + x * (type(Made) is Meta),
    lambda x: below.go(x) + Below().go(x),
    lambda x: concrete.go(x) + Concrete().go(x) + x * isinstance(concrete, Abstract),
    lambda x: went.go(x) + went.again(x) + Went().again(x),
    lambda x: new.go(x) + New(x).w + new.w,
]


@pytest.mark.parametrize("use", USES)
def test_methods_see_the_doors(use: Any) -> None:
    known, plain = list(registry), use(1.5)
    assert cats.compile(use)(1.5) == plain
    assert registry == known


@pytest.mark.parametrize("given", [point, table, row, opened])
def test_methods_of_arguments(given: Any) -> None:
    def f(v: Any) -> Any:
        return v.by_type() if isinstance(v, Point) else v.go(v[0] if isinstance(v, Row) else v["w"])

    assert cats.compile(f)(given) == f(given)
    assert type(cats.grad(f)(given)) is type(given)
    same = cats.compile(lambda v, x: (v, type(v)(v) if not isinstance(v, Point) else Point(x)))
    assert [type(v) for v in same(given, 1.0)] == [type(given)] * 2


CHANGES: list[Callable[[Any], Any]] = [
    lambda x: table.update(w=x),
    lambda x: table.__setitem__("w", 5.0),
    lambda x: row.append(3.0),
    lambda x: setattr(table, "z", 1.0),
    lambda x: members.add(4),
    lambda x: setattr(below, "z", 1.0),
    lambda x: setattr(made, "z", 1.0),
]


@pytest.mark.parametrize("change", CHANGES)
def test_they_are_not_changed(change: Any) -> None:
    before = dict(table), list(row), set(members)
    with pytest.raises(TraceError, match="outside of the traced function"):
        cats.compile(lambda x: (change(x), x)[1])(1.0)
    assert (dict(table), list(row), set(members)) == before


def test_an_abstract_class_has_no_objects() -> None:
    def f(x: Any) -> Any:
        try:
            Abstract()  # type: ignore[abstract]
        except TypeError:
            return 2 * x
        return x

    assert cats.compile(f)(1.0) == 2.0


def test_a_hook_changes_nothing_outside() -> None:
    def f(x: Any) -> Any:
        class Within(Hooked):
            pass

        return Within().go(x)

    with pytest.raises(TraceError, match=r"list\.append: it is outside"):
        cats.compile(f)(1.0)


def test_what_they_reach_is_kept_and_seen_anew(capsys: Any) -> None:
    compiled = cats.compile(lambda x: (builtins.print("traced"), table.go(Point(x).twice))[1])
    assert [compiled(1.0), compiled(2.0)] == [8.0, 16.0]
    assert capsys.readouterr().out == "traced\n"
    table["w"] = 3.0
    assert compiled(1.0) == 12.0
    table["w"] = 2.0
