"""`super()` in a traced function: each attribute is that of the classes after, special ones too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats


def kind(v: Any) -> Any:
    """Twice a number of Python's or NumPy's, which a traced one is too; else thrice."""
    return 2 * v if type(v) in (float, np.float64) else 3 * v


def classes() -> tuple[type, type]:
    """A class and one built on it, each method of which asks the first."""

    class Base:
        def __init__(self, v: Any) -> None:
            self.v = kind(v)

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value + (1 if type(value) is float else 2))

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return kind(self.v) * len(name)

        def __eq__(self, other: object) -> bool:
            return bool(self.v == other.v)  # type: ignore[attr-defined]

        def __lt__(self, other: Any) -> bool:
            return bool(self.v < other.v)

        def __hash__(self) -> int:
            return 5

        def __repr__(self) -> str:
            return "base"

        def __call__(self, x: Any) -> Any:
            return kind(x)

        def go(self, x: Any) -> Any:
            return kind(x)

        @property
        def twice(self) -> Any:
            return kind(self.v)

        @classmethod
        def of(cls, v: Any) -> Any:
            return cls(kind(v))

    class Derived(Base):
        def __init__(self, v: Any) -> None:
            super().__init__(2 * v)

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, 3 * value)

        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            return kind(found) if name == "v" else found

        def __getattr__(self, name: str) -> Any:
            return 2 * super().__getattr__(name)

        def __delattr__(self, name: str) -> None:
            super().__delattr__(name)

        def __eq__(self, other: object) -> bool:
            return super().__eq__(other)

        def __lt__(self, other: Any) -> bool:
            return super().__lt__(other)

        def __hash__(self) -> int:
            return super().__hash__() + 1

        def __repr__(self) -> str:
            return super().__repr__() + "!"

        def __call__(self, x: Any) -> Any:
            return 5 * super().__call__(x)

        def go(self, x: Any) -> Any:
            return 5 * super(Derived, self).go(x)  # noqa: UP008

        @property
        def twice(self) -> Any:
            return 2 * super().twice

        @classmethod
        def of(cls, v: Any) -> Any:
            return super().of(2 * v)

    return Base, Derived


USES: list[Callable[[Any, Any, Any], Any]] = [
    lambda c, x, o: c(x).v,
    lambda c, x, o: c(x).missing,
    lambda c, x, o: c(x).twice,
    lambda c, x, o: c.of(x).v,
    lambda c, x, o: c(x)(x),
    lambda c, x, o: c(x).go(x),
    lambda c, x, o: x * (2.0 if c(x) == c(x) else 3.0),
    lambda c, x, o: x * (2.0 if c(x) < c(2 * x) else 3.0),
    lambda c, x, o: x * hash(c(x)),
    lambda c, x, o: x * len(repr(c(x))),
    lambda c, x, o: o.v * x,
    lambda c, x, o: o(x) + o.go(x) + o.twice + o.missing * x,
    lambda c, x, o: x * (2.0 if o == o else 3.0) + hash(o) * len(repr(o)),
    lambda c, x, o: x * deleted(c(x)),
]


def deleted(made: Any) -> Any:
    del made.v
    return 2.0 if "v" not in vars(made) else 3.0


@pytest.mark.parametrize("use", USES)
def test_super_gives_the_attributes_of_the_classes_after(use: Any) -> None:
    _, derived = classes()
    made = derived(3.0)

    def within(x: Any) -> Any:
        return use(classes()[1], x, made)

    def outside(x: Any) -> Any:
        return use(derived, x, made)

    for f in (within, outside):
        assert cats.compile(f)(1.5) == f(1.5)


def test_super_in_new() -> None:
    def f(x: Any) -> Any:
        class Base:
            def __new__(cls, *args: Any) -> Any:
                found = super().__new__(cls)
                found.__dict__["made"] = kind(args[0])
                return found

        class Derived(Base):
            def __new__(cls, *args: Any) -> Any:
                return super().__new__(cls, *args)

        class Pair(tuple[Any, ...]):
            def __new__(cls, *args: Any) -> Any:
                return super().__new__(cls, args)

        return vars(Derived(x))["made"] + Pair(2 * x, x)[0]

    assert cats.compile(f)(1.5) == f(1.5) == 6.0


class Leaf:
    def __init__(self, v: Any) -> None:
        self.v = v

    def go(self, x: Any) -> Any:
        return kind(x)


class Left(Leaf):
    def __init__(self, v: Any) -> None:
        super(Left, self).__init__(2 * v)  # noqa: UP008

    def go(self, x: Any) -> Any:
        return 5 * super(Left, self).go(x)  # noqa: UP008


class Right(Leaf):
    def go(self, x: Any) -> Any:
        return 7 + super().go(x)


class Both(Left, Right):
    def go(self, x: Any) -> Any:
        return 11 * super().go(x)


def test_super_with_its_class_named_and_in_a_diamond() -> None:
    def f(x: Any) -> Any:
        class Within(Both):
            def go(self, x: Any) -> Any:
                return 13 * super().go(x)

        return Both(x).go(x) + Within(x).go(x) + Within(x).v

    def g(v: Any, x: Any) -> Any:
        return v.go(x) * v.v

    assert cats.compile(f)(1.5) == f(1.5)
    assert cats.grad(f)(1.5) == 11 * 5 * 2 * (1 + 13) + 2
    assert cats.compile(lambda x: g(both, x))(1.5) == g(both, 1.5)


both = Both(3.0)
