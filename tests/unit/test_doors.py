"""Unmodified code: what names mean inside a traced function, and that nothing outside changes."""

from __future__ import annotations

import copy
import functools
import importlib.util
import itertools
import math
import operator
import sys
import traceback
import types
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import exp as exponential
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import numpy as np
import numpy.linalg as la
import pytest
from numpy import array, zeros

import cats
from cats.doors.types import type_door

Function = Callable[..., Any]
X = np.array([0.4, -0.7, 1.2])
WEIGHTS = np.array([1.0, 2.0, 3.0])
MANY = np.linspace(0.0, 1.0, 400)
SCALE = 2.0
TABLE: dict[str, Any] = {"a": 2.0, "b": [1.0, 3.0], "w": WEIGHTS}
Point = namedtuple("Point", "x y")
ORIGIN = Point(np.array([1.0, 1.0, 1.0]), 0.5)


def difference(f: Function, x: Any, h: float = 1e-6) -> Any:
    """Central differences."""
    if not np.ndim(x):
        return (f(x + h) - f(x - h)) / (2 * h)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


# Helpers of every kind


def padded(x: Any) -> Any:
    out = np.zeros(len(x) + 2)
    out[1:-1] = x
    return out


def by_name(x: Any) -> Any:
    out = zeros(3)
    out[0] = x[0]
    return out + array([x[1], 1.0, x[2]])


def with_default(x: Any, w: Any = WEIGHTS, *, make: Any = np.zeros) -> Any:
    out = make(3)
    out[:] = x * w
    return np.sum(out**2)


def doubled(f: Function) -> Function:
    @functools.wraps(f)
    def call(*args: Any) -> Any:
        return 2.0 * f(*args)

    return call


@doubled
def decorated(x: Any) -> Any:
    return np.sum(padded(x) ** 2)


@functools.cache
def grid(n: int) -> Any:
    return np.linspace(0.0, 1.0, n)


@functools.cache
def fibonacci(n: int, x: Any) -> Any:
    return x if n < 2 else fibonacci(n - 1, x) * 0.5 + fibonacci(n - 2, x) * x


def produced(x: Any) -> Iterator[Any]:
    out = np.zeros(2)
    for v in x:
        out[0] += v
        yield out[0] * v


class Layer:
    """A user's class: methods that use local arrays, state of every kind."""

    bias = 0.5

    def __init__(self, weight: Any, inner: Any = None) -> None:
        self.weight = weight
        self.inner = inner
        self.sizes = [1.0, 2.0]

    def __call__(self, x: Any) -> Any:
        return self.forward(x) if self.inner is None else self.inner(self.forward(x))

    def forward(self, x: Any) -> Any:
        out = np.empty(len(x))
        for i in range(len(x)):
            out[i] = math.tanh(x[i] * self.weight[i]) + self.bias
        return self._scaled(out)

    def _scaled(self, x: Any) -> Any:
        return x * self.total * self.constant(2)

    @property
    def total(self) -> Any:
        return np.array([sum(self.sizes), 1.0]).sum()

    @functools.cached_property
    def shape(self) -> Any:
        return np.zeros(3).shape

    @staticmethod
    def constant(n: Any) -> Any:
        return float(n)

    @classmethod
    def made(cls, x: Any) -> Any:
        return cls(np.array([x[0], x[1], 1.0]))


class Deeper(Layer):
    """A subclass, which calls its parent."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) + padded(x)[:3]


@dataclass
class Params:
    """A container of parameters with methods."""

    w: Any
    b: Any = 0.5
    notes: list[str] = field(default_factory=list)

    def apply(self, x: Any) -> Any:
        out = np.zeros(2)
        out[0], out[1] = self.w @ x, self.b
        return out


class Slotted:
    """State in slots."""

    __slots__ = ("scale",)

    def __init__(self) -> None:
        self.scale = np.array([2.0, 1.0, 0.5])

    def __call__(self, x: Any) -> Any:
        out = np.zeros(3)
        out[:] = self.scale * x
        return np.sum(out**2)


LAYER = Layer(np.array([0.5, -1.0, 2.0]))


def in_class(x: Any) -> Any:
    model = Deeper.made(x)
    model.weight = model.weight * 2.0
    model.sizes.append(x[2])
    return np.sum(model(x)) if isinstance(model, Layer) and type(model) is Deeper else 0.0


def imports_inside(x: Any) -> Any:
    from math import cos

    import numpy as np
    from numpy import zeros as nothing

    out = nothing(2)
    out[0] = cos(x[0])
    return np.sum(out) * np.linalg.norm(x)


def captures() -> Function:
    rate, offsets, nested = 0.5, [1.0, 2.0, 3.0], {"deep": [np.array([1.0, 0.0, 2.0])]}

    def inner(x: Any, k: Any = 3) -> Any:
        out = np.zeros(k)
        for i, o in enumerate(offsets):
            out[i] = x[i] * o * rate
        return np.sum(out * nested["deep"][0])

    return inner


def counting(x: Any) -> Any:
    count = 0

    def step(v: Any) -> Any:
        nonlocal count
        count += 1
        return v * count

    return sum(step(v) for v in x)


def builtin_words(x: Any) -> Any:
    total: Any = sum(x) + sum([x[0], 1, x[1]]) + sum(v * v for v in x) + sum(x, 0.5)
    total = total + max(x) + min(x) + max(x[0], 0.1, x[2]) + min(0.3, x[0]) + abs(x[1])
    total = total + max([x[0], x[1]], key=lambda v: -v)
    low, *_, high = sorted(x)
    total = total + high * low + sorted([x[1], 0.0, x[0]], reverse=True)[0]
    pairs = dict(zip("abc", x, strict=True))
    total = total + pairs["a"] * pairs["b"] + len(pairs) + math.fsum(list(map(float, x)))
    total = total + (1.0 if any(v > 1.0 for v in x) else 2.0) + (3.0 if all(x > -1.0) else 4.0)
    total = total + functools.reduce(operator.mul, x) + list(itertools.accumulate(x))[-1]
    q, r = divmod(x[2], 0.5)
    return total + q * r + round(x[0], 1) * x[1] + pow(x[0], 2) + next(reversed(x))


def questions(x: Any) -> Any:
    y = x[0]
    assert isinstance(x, np.ndarray) and not isinstance(x, float | list)
    assert isinstance(y, float) and isinstance(y, np.floating) and isinstance(y, (int, np.float64))
    assert type(x) is np.ndarray and type(y) is np.float64 and float is float
    assert np.isscalar(y) and not np.isscalar(x) and np.ndim(x) == 1 and np.shape(y) == ()
    assert x.dtype == float and x.dtype == np.float64 and np.issubdtype(x.dtype, np.floating)
    assert hasattr(x, "__len__") and not hasattr(y, "nothing") and callable(np.sin)
    assert isinstance(LAYER, Layer) and type(LAYER) is Layer and isinstance(ORIGIN, tuple)
    assert isinstance(TABLE, dict) and type(TABLE["b"]) is list and np.iterable(x)
    return np.sum(x) * y


def number_questions(x: Any) -> Any:
    assert isinstance(x, float) and not isinstance(x, np.ndarray | np.generic | int)
    assert type(x) is float and type(x * 2) is float and type(np.sin(x)) is np.float64
    assert isinstance(float(x), float) and isinstance(x > 0, bool) and type(int(x)) is int
    narrow = np.ones(2, np.float32) * x
    assert narrow.dtype == np.float32 and (np.ones(2, np.float32) * np.sin(x)).dtype == np.float64
    assert (x > 0) + (x > 0) == 2 and all([np.isscalar(x), math.isfinite(x)])
    return x * x * float(narrow[0] > 0)


def conversions(x: Any) -> Any:
    a = np.float64(x[0]) * float(x[1]) + np.asarray(x).astype(float)[2] + x.astype("f8")[0]
    items = [x[0].item(), x.item(1), *x.tolist()]
    nested = np.array([[v, 1] for v in items]) @ np.array([1.0, x[0]])
    objects = np.empty(3, dtype=object)
    for i, v in enumerate(x):
        objects[i] = v * v
    return a + nested.sum() + np.sum(objects) + np.array(objects, dtype=float)[1] * x[0]


def generic(x: Any) -> Any:
    """Code for any array library, as SciPy writes it."""
    xp = x.__array_namespace__()
    out = xp.zeros(3, dtype=x.dtype)
    out[0] = xp.sin(x[0])
    return xp.concat([out, xp.permute_dims(x, (0,))]) if hasattr(xp, "concat") else out


def copies(x: Any) -> Any:
    a, b = copy.copy(x), copy.deepcopy({"k": [x]})
    a[0] = x[1] ** 2
    b["k"][0][1] = 5.0
    return np.sum(a) * np.sum(b["k"][0]) + np.sum(x)


FUNCTIONS: dict[str, Function] = {
    "helper": lambda x: np.sum(padded(x) ** 2),
    "names of numpy": lambda x: np.sum(by_name(x) ** 3),
    "numpy.linalg as": lambda x: la.norm(padded(x)),
    "from math": lambda x: exponential(x[0]) * math.pi,
    "defaults": with_default,
    "decorated": decorated,
    "lru_cache": lambda x: np.sum(grid(3) * x) + np.sum(grid(3)),
    "cache on traced": lambda x: fibonacci(12, x[0]) * fibonacci(12, x[2]),
    "generator": lambda x: sum(produced(x)) + sum(i * v for i, v in enumerate(produced(x))),
    "comprehension": lambda x: np.sum(np.array([[v * w for w in x] for v in x])),
    "partial": functools.partial(with_default, w=np.array([2.0, 0.0, 1.0])),
    "method": lambda x: np.sum(LAYER.forward(x)),
    "bound method": Layer(WEIGHTS).forward,
    "callable object": Deeper(WEIGHTS, LAYER),
    "slots": Slotted(),
    "class": in_class,
    "property": lambda x: LAYER.total * x[0] + LAYER.shape[0],
    "imports": imports_inside,
    "closure": captures(),
    "nonlocal within": counting,
    "globals": lambda x: np.sum(x * WEIGHTS) * SCALE + TABLE["a"] * x[0] + TABLE["b"][1],
    "containers": lambda x: np.sum(TABLE["w"] * x) + ORIGIN.x @ x * ORIGIN.y,
    "large array": lambda x: np.dot(MANY, MANY) * x[0] + np.sum(MANY[:3] * x),
    "builtins": builtin_words,
    "questions": questions,
    "conversions": conversions,
    "copies": copies,
    "array API": lambda x: np.sum(generic(x)) + np.sum(generic(x * x)),
    "recursion": lambda x: (lambda f: f(f, 4))(lambda f, n: x[0] if n == 0 else f(f, n - 1) * x[2]),
}


@pytest.mark.parametrize(
    "name", [n for n in FUNCTIONS if n not in ("bound method", "callable object")]
)
def test_unmodified_functions(name: str) -> None:
    f = FUNCTIONS[name]
    value, slope = cats.value_and_grad(f)(X)
    np.testing.assert_allclose(value, f(X), rtol=1e-14)
    np.testing.assert_allclose(slope, difference(f, X), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["bound method", "callable object"])
def test_unmodified_methods(name: str) -> None:
    f = FUNCTIONS[name]
    np.testing.assert_allclose(cats.compile(f)(X), f(X), rtol=1e-14)
    found = cats.jacobian(f)(X)
    expected = np.array([difference(lambda x, i=i: f(x)[i], X) for i in range(3)])
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_python_numbers() -> None:
    assert cats.grad(number_questions)(0.7) == pytest.approx(1.4)


MATH: dict[str, tuple[Function, float]] = {
    **{
        name: (getattr(math, name), 0.4)
        for name in (
            "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "atanh",
            "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "fabs",
            "degrees", "radians",
        )
    },
    "acosh": (math.acosh, 1.7),
    "two": (lambda x: math.atan2(x, 2.0) + math.hypot(x, 1.0) + math.copysign(x, -1.0), 0.4),
    "pow": (lambda x: math.pow(x, 2.5) + math.pow(2.0, x) + math.fmod(x, 0.3), 0.4),
    "log base": (lambda x: math.log(x, 10) + math.log(3.0, x), 0.4),
    "many": (lambda x: math.hypot(x, 1.0, x * x) + math.dist((x, 1.0), (2.0, x)), 0.4),
    "sums": (lambda x: math.fsum([x, x * x, 1]) * math.prod([x, 2, x]), 0.4),
    "parts": (lambda x: math.modf(x)[0] * x + math.modf(x)[1], 2.4),
    "whole": (lambda x: math.floor(x) * x + math.ceil(x) * x + math.trunc(x) * x, 2.4),
    "tests": (lambda x: x if math.isclose(x, 0.4) and math.isfinite(x) else -x, 0.4),
    "constants": (lambda x: math.pi * x + math.e * math.sin(1.0) * math.factorial(3), 0.4),
}  # fmt: skip


@pytest.mark.parametrize("name", MATH)
def test_functions_of_math(name: str) -> None:
    f, x = MATH[name]
    value, slope = cats.value_and_grad(lambda v: f(v))(x)
    assert value == pytest.approx(f(x), rel=1e-15)
    if name != "tests":
        assert slope == pytest.approx(difference(f, x), rel=1e-6)


def test_parameters_with_methods_come_back_as_they_were() -> None:
    given = Params(np.array([1.0, 2.0]), 3.0, ["kept"])
    found = cats.grad(lambda p: np.sum(p.apply(np.array([1.0, -1.0])) ** 2))(given)
    assert type(found) is Params and found.notes == [None]
    np.testing.assert_allclose(found.w, [-2.0, 2.0])
    assert found.b == 6.0
    made = cats.compile(lambda p: Params(p.w * 2, p.b))(given)
    assert type(made) is Params and made.b == 3.0


def test_containers_from_outside_come_back_plain() -> None:
    held = {"a": [1.0, 2.0], "t": (WEIGHTS,)}
    found = cats.compile(lambda x: (held, x))(1.0)[0]
    assert type(found) is dict and type(found["a"]) is list and type(found["t"]) is tuple
    assert found["a"] == [1.0, 2.0]


def test_nested_transforms_see_the_same_world() -> None:
    def energy(x: Any) -> Any:
        return np.sum(padded(x) ** 3)

    def f(x: Any) -> Any:
        out = np.zeros(3)
        out[:] = cats.grad(energy)(x)
        inner = cats.grad(lambda y: np.sum(LAYER.forward(y) * out))
        return np.sum(inner(x * x))

    np.testing.assert_allclose(cats.grad(f)(X), difference(f, X), rtol=1e-5, atol=1e-7)


# Helpers in other modules


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    """A module of the user's, with names of its own."""
    file = tmp_path / "users_helpers.py"
    file.write_text(
        "import numpy as np\nfrom math import sin\nFACTOR = 3.0\n"
        "def fill(x):\n    a = np.zeros(3)\n    for i in range(3):\n        a[i] = sin(x[i])\n"
        "    return a * FACTOR\n"
        "def failing(x):\n    a = np.zeros(2)\n    return a[int(x[0] * 0) + 5]\n"
    )
    spec = importlib.util.spec_from_file_location("users_helpers", file)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["users_helpers"] = made
    spec.loader.exec_module(made)
    yield made
    del sys.modules["users_helpers"]


def test_helpers_in_modules(module: Any) -> None:
    def f(x: Any) -> Any:
        users_helpers: Any = __import__("users_helpers")

        return np.sum(module.fill(x) ** 2) + users_helpers.FACTOR * x[0]

    np.testing.assert_allclose(cats.grad(f)(X), difference(f, X), rtol=1e-6)
    module.FACTOR = 1.0
    np.testing.assert_allclose(cats.grad(f)(X), difference(f, X), rtol=1e-6)
    module.fill = lambda x: x
    np.testing.assert_allclose(cats.grad(f)(X), difference(f, X), rtol=1e-6)


def test_nothing_of_the_users_is_changed(module: Any) -> None:
    before = (dict(vars(module)), dict(globals()), dict(vars(Layer)), dict(vars(LAYER)))
    code, cells = module.fill.__code__, FUNCTIONS["closure"].__closure__ or ()
    held = [c.cell_contents for c in cells]
    for name in ("method", "class", "closure", "helper", "builtins"):
        cats.grad(FUNCTIONS[name])(X)
    cats.grad(lambda x: np.sum(module.fill(x)))(X)
    assert (dict(vars(module)), dict(globals()), dict(vars(Layer)), dict(vars(LAYER))) == before
    assert module.fill.__code__ is code and module.np is np
    assert all(a is c.cell_contents for a, c in zip(held, cells, strict=True))
    assert sum is __builtins__["sum"] if isinstance(__builtins__, dict) else True


def test_tracebacks_show_the_users_frames_and_none_between(module: Any) -> None:
    def f(x: Any) -> Any:
        return module.failing(x)

    with pytest.raises((IndexError, cats.TraceError)) as caught:
        cats.grad(f)(X)
    frames = traceback.extract_tb(caught.value.__traceback__)
    users = [i for i, fr in enumerate(frames) if fr.name in ("f", "failing")]
    assert [frames[i].name for i in users] == ["f", "failing"] and users[1] == users[0] + 1
    assert "a[int(x[0] * 0) + 5]" in (frames[users[1]].line or "")


# What is outside stays as it is


def writes_global(x: Any) -> Any:
    global SCALE
    SCALE = 3.0
    return x


def outer_counter() -> Function:
    count = 0

    def f(x: Any) -> Any:
        nonlocal count
        count += 1
        return x * count

    return f


class Counter:
    """An object that counts its calls."""

    calls = 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return x


KEPT: list[Any] = []


def _heap(x: Any) -> Any:
    import heapq

    heapq.heappush(KEPT, 1.0)
    return x


def _append(x: Any) -> Any:
    KEPT.append(x)
    return x


def _class_attribute(x: Any) -> Any:
    Counter.total = 1  # type: ignore[attr-defined]
    return x


def _fill(x: Any) -> Any:
    MANY.fill(x)
    return x


SETTINGS: Any = types.ModuleType("settings")
SETTINGS.count = 1.0


def _module_name(x: Any) -> Any:
    SETTINGS.count += 1.0
    return x * SETTINGS.count


def _module_name_gone(x: Any) -> Any:
    del SETTINGS.count
    return x


CHANGES: dict[str, tuple[Function, str]] = {
    "a global": (writes_global, "assigning the global SCALE"),
    "a name of a module": (_module_name, "assigning settings.count"),
    "a name of a module, deleted": (_module_name_gone, "deleting settings.count"),
    "a nonlocal": (outer_counter(), "assigning the nonlocal count"),
    "an attribute": (Counter(), "writing to the attribute calls of a Counter"),
    "a list": (_append, "list.append"),
    "a list, in C": (_heap, "changing a list from outside"),
    "an item": (lambda x: (TABLE.update(new=1.0), x)[1], "dict.update"),
    "a class": (_class_attribute, "changing the class Counter"),
    "a small array": (lambda x: np.add(WEIGHTS, 1.0, out=WEIGHTS) is x or x, "from outside"),
    "a large array": (_fill, "from outside"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_outside_are_refused(name: str) -> None:
    f, says = CHANGES[name]
    with pytest.raises(cats.TraceError, match=says.replace(".", r"\.")) as caught:
        cats.grad(f)(1.0)
    assert caught.value.where is not None and caught.value.remedy
    assert not hasattr(Counter, "total")
    KEPT.clear()
    assert SETTINGS.count == 1.0
    assert SCALE == 2.0 and WEIGHTS.tolist() == [1.0, 2.0, 3.0] and MANY[0] == 0.0


def test_what_is_changed_unseen_is_changed_in_every_call() -> None:
    """A thing that tells nothing of what it holds: its function is never remembered."""
    line: SimpleQueue[float] = SimpleQueue()

    def f(x: Any) -> Any:
        line.put(1.0)
        return x * line.qsize()

    g = cats.grad(f)
    assert [g(1.0), g(1.0), g(2.0)] == [1.0, 2.0, 3.0] and line.qsize() == 3


def test_large_arrays_are_read_in_every_call_and_small_ones_are_part_of_the_key() -> None:
    small, large = np.ones(3), np.ones(500)

    def f(x: Any) -> Any:
        return np.sum(large * x[0]) + (x[1] if small[0] > 0 else x[2]) * np.sum(small)

    g = cats.grad(f)
    np.testing.assert_allclose(g(X), difference(f, X), rtol=1e-6)
    for changed, value in ((large, 100.0), (small, -1.0), (large, 3.0)):
        changed[1 % len(changed) - 1] = value
        np.testing.assert_allclose(g(X)[1:], difference(f, X)[1:], rtol=1e-6)
        assert g(X)[0] == np.sum(large)
    large.shape = (50, 10)
    assert g(X)[0] == np.sum(large)


def test_decisions_on_large_arrays_are_guarded() -> None:
    table = np.arange(500.0)

    def f(x: Any) -> Any:
        return x * 2.0 if table[3] > 1.0 else x * 5.0

    g = cats.grad(f)
    assert g(1.0) == 2.0
    table[3] = 0.0
    assert g(1.0) == 5.0


def test_number_types_are_equal_to_themselves() -> None:
    door: Any = type_door(float)
    assert door == float and float == door and hash(door) == hash(float)  # noqa: E721
    assert np.dtype(door) == np.float64 and door("1.5") == 1.5 and door.fromhex("0x1p3") == 8.0
    assert repr(door) == "<class 'float'>" and issubclass(np.float64, door)


def _kinds(kind: type) -> list[type]:
    below: list[type] = kind.__subclasses__()
    return [kind, *(k for each in below for k in _kinds(each))]


def test_every_type_of_numbers_may_be_asked_about() -> None:
    x = np.float64(2.0)
    for kind in {k for k in _kinds(np.generic) if k.__module__ == "numpy"}:

        def f(x: Any, kind: type = kind) -> Any:
            return x if isinstance(x, kind) or np.issubdtype(x.dtype, kind) else 2 * x

        assert cats.grad(f)(x) == f(x) / x, kind
