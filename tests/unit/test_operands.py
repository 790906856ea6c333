"""Operators between traced values and objects of users' classes: as of the numbers themselves."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats

Function = Callable[..., Any]
SIGNS: dict[str, Function] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "divmod": divmod, "pow": operator.pow,
    "matmul": operator.matmul, "lshift": operator.lshift, "and": operator.and_,
    "lt": operator.lt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip
METHODS = [f"__r{n}__" for n in SIGNS if n not in ("lt", "ge", "eq", "ne")]
METHODS += ["__gt__", "__le__", "__eq__", "__ne__"]


class Answer:
    """What a method was asked with: its name, the type and the shape of the other side."""

    def __init__(self, name: str, other: Any, value: Any) -> None:
        self.said = (name, type(other), np.shape(other))
        self.value = value


def _answers(name: str) -> Function:
    def method(self: Any, other: Any) -> Any:
        return Answer(name, other, self.value * other + 1.0)

    return method


class Plain:
    """A class that answers every operator from the right."""

    value = 3.0


for _name in METHODS:
    setattr(Plain, _name, _answers(_name))


class NoUfuncs(Plain):
    """It wants nothing of NumPy's functions."""

    __array_ufunc__ = None


class Higher(Plain):
    """It goes before arrays."""

    __array_priority__ = 5.0


class Lower(Plain):
    """It goes before numbers only."""

    __array_priority__ = -1.0


class Converts(Plain):
    """NumPy makes an array of it."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array([1.0, self.value])


class Sequence(Plain):
    """NumPy reads its entries."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, i: int) -> float:
        return (1.0, self.value)[i]


class Ufuncs(Plain):
    """It computes NumPy's functions itself."""

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any) -> Any:
        own, other = (0, 1) if args[0] is self else (1, 0)
        of = "product" if ufunc is np.multiply else "other"
        return Answer(f"{method} {of} {own}", args[other], self.value * args[other] + 1.0)


class Silent:
    """It answers nothing."""


class Declines(Plain):
    """It answers some operators only."""

    def _decline(self, other: Any) -> Any:
        return NotImplemented

    __radd__ = __rmul__ = __eq__ = __gt__ = _decline


CLASSES = (
    Plain, NoUfuncs, Higher, Lower, Converts, Sequence, Ufuncs, Silent, Declines,
)  # fmt: skip
VALUES = (2.0, np.float64(2.0), np.array(2.0), np.array([1.0, 2.0]))


def said(found: Any) -> Any:
    """What can be told of a result, and a value to compare."""
    if isinstance(found, Answer):
        return (*found.said, found.value)
    return found


def outcome(f: Function, x: Any) -> Any:
    """The result, as text where it is none of ours to look into; or the error."""
    try:
        found = f(x)
    except Exception as error:
        return error
    if isinstance(found, tuple) and found and isinstance(found[0], str):
        return (*found[:-1], np.asarray(found[-1]).tolist())
    objects = isinstance(found, np.ndarray) and found.dtype == object
    return "objects" if objects else repr(np.asarray(found).tolist())


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("x", VALUES, ids=lambda x: f"{type(x).__name__}{np.shape(x)}")
def test_operators_go_to_whom_python_and_numpy_give_them(kind: type, x: Any) -> None:
    for sign in SIGNS.values():

        def left(x: Any, sign: Any = sign) -> Any:
            return said(sign(x, kind()))

        def right(x: Any, sign: Any = sign) -> Any:
            return said(sign(kind(), x))

        for f in (left, right):
            plain, found = outcome(f, x), outcome(cats.compile(f), x)
            if isinstance(plain, Exception):
                assert isinstance(found, (TypeError, ValueError)), (f, sign, plain, found)
            elif isinstance(found, Exception):
                assert np.ndim(x) and "NumPy makes an array of objects" in str(found), (sign, found)
            else:
                assert found == plain, (f, sign)


class Vec:
    """A vector of numbers of any kind."""

    def __init__(self, *entries: Any) -> None:
        self.entries = entries

    def __rmul__(self, scale: Any) -> Vec:
        return Vec(*[scale * e for e in self.entries])

    def __radd__(self, shift: Any) -> Vec:
        return Vec(*[shift + e for e in self.entries])

    def __rtruediv__(self, above: Any) -> Vec:
        return Vec(*[above / e for e in self.entries])

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other * other, self.entries[0]

    def __gt__(self, other: Any) -> bool:
        return bool(self.entries[0] > other)

    def dot(self, other: Vec) -> Any:
        """The sum of products."""
        return sum(a * b for a, b in zip(self.entries, other.entries, strict=True))


class Mass(float):
    """A float that answers before floats do."""

    def __rmul__(self, other: Any) -> Any:
        return 10.0 * other


OUTER, MASS = Vec(1.0, 2.0), Mass(3.0)


def local(x: Any) -> Any:
    class Twice:
        def __init__(self, by: Any) -> None:
            self.by = by

        def __rsub__(self, other: Any) -> Any:
            return other * self.by - other

    return x - Twice(x * x)


def in_place(x: Any) -> Any:
    x *= OUTER
    return x.dot(OUTER)


def caught(x: Any) -> Any:
    try:
        return x + Silent()
    except TypeError:
        return 5.0 * x


NUMBERS: dict[str, Function] = {
    "outside": lambda x: (x * OUTER).dot(x + OUTER),
    "made within": lambda x: (x * Vec(x, 1.0)).dot(x / Vec(1.0, x)),
    "divmod": lambda x: divmod(x, OUTER)[0] * divmod(x, OUTER)[1],
    "a comparison": lambda x: 2.0 * x if x < OUTER else 3.0 * x,
    "equal to nothing": lambda x: x if x == OUTER else 7.0 * x * (x != OUTER),
    "a local class": local,
    "in place": lambda x: in_place(x),
    "a class of floats": lambda x: x * MASS,
    "a float of no class": lambda x: x + MASS,
    "the mistake is caught": caught,
    "no list": lambda x: x if x == [2.0] else 4.0 * x,
}


@pytest.mark.parametrize("name", NUMBERS)
def test_their_derivatives(name: str) -> None:
    f = NUMBERS[name]
    value, slope = cats.value_and_grad(f)(0.7)
    assert value == pytest.approx(f(0.7), rel=1e-15)
    assert slope == pytest.approx((f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6, rel=1e-6)


def test_a_list_is_repeated_by_whole_numbers() -> None:
    def f(x: Any) -> Any:
        n = np.int64(x)
        return sum([x] * n) + len(n * [x]) + len("ab" * n) + len([x] * (x > 1.0))

    assert cats.value_and_grad(f)(3.0) == (f(3.0), 3.0)


MISTAKES: list[tuple[Function, Any, str, str]] = [
    (lambda x: x - OUTER, 1.0, "between float and Vec: Vec has no __rsub__", "Write __rsub__"),
    (lambda x: OUTER - x, 1.0, "between float and Vec: Vec has no __sub__", "Write __sub__"),
    (lambda x: x < Silent(), 1.0, "Silent has no __gt__", "the numbers that it holds"),
    (lambda x: x * [1.0], 1.0, "between float and list: list has no __rmul__", "Write"),
    (lambda x: [1.0] * x, np.float64(1.0), "between numpy.float64 and list", "Write"),
    (lambda x: x * OUTER, np.ones(2), "NumPy makes an array of objects", "__array_ufunc__ = None"),
]


@pytest.mark.parametrize(("f", "x", "says", "remedy"), MISTAKES)
def test_mistakes_are_said(f: Function, x: Any, says: str, remedy: str) -> None:
    with pytest.raises(cats.TraceError) as caught:
        cats.compile(f)(x)
    assert says in caught.value.message and remedy in str(caught.value.remedy)
    assert caught.value.where is not None and caught.value.where.file == __file__
