"""source: the text of a call, for the arguments it was asked for and no others."""

from __future__ import annotations

import ast
import dataclasses
import enum
import functools
import inspect
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import cats
from cats.ir.errors import BackendError
from tests.agreement import near

Function = Callable[..., Any]
X = np.array([0.5, -1.5, 2.0])


def written(f: Function, /, *args: Any, **kwargs: Any) -> Function:
    """The last function of the text, run in a namespace of its own; the text is always the same."""
    text, again = (cats.source(f, *args, **kwargs) for _ in range(2))
    assert text == again
    names: dict[str, Any] = {}
    exec(compile(text, "<text>", "exec"), names)
    last = ast.parse(text).body[-1]
    assert isinstance(last, ast.FunctionDef)
    made: Function = names[last.name]
    assert made.__name__ == last.name
    return made


def cube(x: Any) -> Any:
    return x**3


STATIC: list[tuple[Function, tuple[Any, ...], tuple[Any, ...]]] = [
    (cats.grad(lambda x, n: x**n), (2.0, 3), (2.0, 4)),
    (cats.grad(lambda n, x: n * x, 1), (3, 2.0), (4, 2.0)),
    (cats.grad(lambda b, x: x * x if b else x, 1), (True, 2.0), (False, 2.0)),
    (lambda x, mode: x**2 if mode == "a" else x, (2.0, "a"), (2.0, "b")),
    (lambda x, mode: x if mode is None else -x, (2.0, None), (2.0, 1)),
    (
        lambda p, x: p["a"] * x if p["on"] else x,
        ({"a": 2.0, "on": True}, 3.0),
        ({"a": 2.0, "on": False}, 3.0),
    ),
    (lambda p, x: sum(p) * x, ([1.0, 2.0], 3.0), ([1.0, 2.0, 4.0], 3.0)),
    (lambda g, x: g(x), (np.sin, 3.0), (np.cos, 3.0)),
    (lambda x, g: g(x), (3.0, cube), (3.0, abs)),
    (lambda x, kind: x.astype(kind), (X, float), (X, int)),
    (lambda x, kind: x.astype(kind), (X, np.dtype("f4")), (X, np.dtype("f8"))),
]


@pytest.mark.parametrize("row", range(len(STATIC)))
def test_text_holds_for_the_static_arguments_it_was_made_of(row: int) -> None:
    f, args, others = STATIC[row]
    made = written(f, *args)
    near(made(*args), cats.compile(f)(*args) if not hasattr(f, "answer") else f(*args))
    with pytest.raises(ValueError, match="this text is of"):
        made(*others)


def test_static_arguments_at_the_end_are_defaults() -> None:
    assert written(cats.grad(lambda x, n, s: x**n), 2.0, 3, "a")(2.0) == 12.0


NUMBERS: dict[str, Function] = {
    "a test times a number": lambda x: (x > 1) * x,
    "exclusive or": lambda x: ((x > 1) ^ (x > 5)) * x,
    "sign and test": lambda x: np.sign(x) * (x >= 1) * x,
    "another width": lambda x: np.float32(x) * x,
    "an integer of it": lambda x: x * int(x),
    "an entry by it": lambda x: np.array([1.0, 2.0, 4.0])[int(x)] * x,
    "any": lambda x: np.any(x) * x,
    "stopped": lambda x: cats.stop_gradient(x) * x,
    "itself": lambda x: x,
}


@pytest.mark.parametrize("name", NUMBERS)
def test_text_takes_python_numbers(name: str) -> None:
    f = NUMBERS[name]
    for g in (f, cats.grad(f), cats.value_and_grad(f)):
        wanted = cats.compile(f)(2.25) if g is f else g(2.25)
        for x in (2.25, np.float64(2.25), np.array(2.25)):
            near(written(g, 2.25)(x), wanted)


def same(f: Function, /, *args: Any, **kwargs: Any) -> None:
    """The text, called as f is, gives what f gives: the same containers, and the same bits."""
    found = written(f, *args, **kwargs)(*args, **kwargs)
    alike(found, (f if hasattr(f, "answer") else cats.compile(f))(*args, **kwargs))


def alike(found: Any, wanted: Any) -> None:
    """The same structure, dataclasses as dicts, with the same bits in the same dtypes."""
    if dataclasses.is_dataclass(wanted) and not isinstance(wanted, type):
        wanted = {f.name: getattr(wanted, f.name) for f in dataclasses.fields(wanted)}
    if isinstance(wanted, dict):
        assert type(found) is dict and list(found) == list(wanted)
        found, wanted = list(found.values()), list(wanted.values())
    elif isinstance(wanted, tuple | list):
        assert type(found) is (tuple if isinstance(wanted, tuple) else list)
    if isinstance(wanted, tuple | list):
        assert len(found) == len(wanted)
        for pair in zip(found, wanted, strict=True):
            alike(*pair)
    elif isinstance(wanted, np.ndarray | np.generic):
        assert np.asarray(found).tobytes() == wanted.tobytes()
        assert np.shape(found) == wanted.shape and np.asarray(found).dtype == wanted.dtype
    else:
        assert type(found) is type(wanted) and found == wanted


def total(x: Any) -> Any:
    return x * x


total.__name__ = "sum"


class Model:
    def __call__(self, x: Any) -> Any:
        return x * x


def test_names_are_those_of_the_functions() -> None:
    assert written(total, 2.0).__name__ == "sum_"
    assert written(np.sum, X).__name__ == "sum_"
    assert written(cats.hessian(cube), 2.0).__name__ == "hessian_cube"
    assert written(cats.value_and_grad(cube), 2.0).__name__ == "value_and_grad_cube"
    assert written(functools.partial(cube), 2.0).__name__ == "cube"
    assert written(Model(), 2.0).__name__ == "Model"
    assert written(cats.vmap(cats.grad(cube)), X).__name__ == "vmap_grad_cube"
    assert written(cats.hessian(np.sin), X).__name__ == "hessian_sin"
    assert written(cats.compile(cube), 2.0).__name__ == "cube"
    assert written(functools.partial(cats.grad(cube)), 2.0).__name__ == "grad_cube"
    assert written(cats.grad(cats.grad(cube)), 2.0).__name__ == "grad_grad_cube"


class Gradient:
    """A user's class that is called as one of ours."""

    def __call__(self, x: Any) -> Any:
        return x * x


def test_a_users_class_may_be_called_as_one_of_ours() -> None:
    assert written(Gradient(), 2.0).__name__ == "Gradient"


def parameters(f: Function) -> list[str]:
    return list(inspect.signature(f).parameters)


def test_a_term_has_the_names_that_it_binds() -> None:
    term: Any = cats.parse(r"\x y. x * y * y")
    made = written(term, 2.0, 3.0)
    assert (made.__name__, parameters(made)) == ("f", ["x", "y"])
    slope = cats.grad(term, argnames="y")
    assert slope(2.0, 3.0) == 12.0 == written(slope, 2.0, 3.0)(2.0, 3.0)
    assert parameters(written(cats.vmap(cats.grad(term)), X, X)) == ["x", "y"]
    assert parameters(written(cats.parse(r"\np x x. np * x"), 2.0, 3.0, 4.0)) == ["np_", "x", "x_2"]
    many: Any = cats.lam.fn("x", lambda x: cats.lam.tuple_(x, x))
    assert parameters(written(many, 2.0)) == ["x"]


# Names that mean something to the text


SPOKEN = ("len", "getattr", "type", "ValueError", "np", "_loss", "loss", "results", "named", "c1")


@pytest.mark.parametrize("name", SPOKEN)
def test_parameters_may_be_called_as_what_the_text_speaks_of(name: str) -> None:
    names: dict[str, Any] = {}
    lines = (
        f"def loss({name}, p): return {{'a': {name} * p['w'] * p['n']}}",
        f"def by_name(x, *, {name}): return [x * {name}]",
        f"def default(x, *, {name}=2): return [x * {name}]",
    )
    for line in lines:
        exec(line, names)
    same(names["loss"], X, {"w": 2.0, "n": 3})
    same(names["by_name"], X, **{name: 3.0})
    same(names["by_name"], X, **{name: 3})
    same(names["default"], X)
    with pytest.raises(ValueError, match="this text is of"):
        written(names["default"], X, **{name: 3})(X, **{name: 4})


HELPERS = ("inverse", "places", "solved", "best", "f_part_1", "c1", "finished", "math", "itertools")


@pytest.mark.parametrize("name", HELPERS)
def test_functions_may_be_called_as_what_the_text_defines(name: str) -> None:
    names: dict[str, Any] = {"np": np, "cats": cats, "gamma": math.gamma}
    body = (
        "np.sort(x)[0] + np.linalg.inv(np.outer(x, x) + np.eye(3)) @ np.arange(3.0)"
        " + gamma(x[0]) + cats.linear_solve(lambda v: 2.0 * v, x)"
    )
    exec(f"def {name}(x): return {body}", names)
    same(names[name], X + 2.0)
    same(lambda p: names[name](p["x"]), {"x": X + 2.0})
    same(lambda x, n: {"r": names[name](x) ** n}, X + 2.0, 3)
    assert f"def jacobian_{name}" in cats.explain(names[name], X + 2.0).text


# Arguments by name


CALLS: dict[str, tuple[Function, tuple[Any, ...], dict[str, Any]]] = {
    "no names of parameters": (
        lambda **k: k["class"] * k["a b"] + k["np"],
        (),
        {"class": X, "a b": 2.0, "np": 3.0},
    ),
    "no name at all": (lambda **k: k[""] * k["1"], (), {"": X, "1": 2.0}),
    "quotes": (lambda **k: k['"""\n\\x'] / 3.0, (), {'"""\n\\x': X}),
    "what no file holds": (lambda **k: k["\ud800"] * 2.0, (), {"\ud800": X}),
    "one name for Python": (lambda **k: k["ﬁ"] / k["fi"], (), {"ﬁ": X, "fi": 2.0}),
    "letters": (lambda **k: k["é"] / k["λ"], (), {"é": X, "λ": 2.0}),
    "debug": (lambda **k: k["__debug__"] / 3.0, (), {"__debug__": X}),
    "static": (lambda x, **k: x ** k["class"], (X,), {"class": 3}),
    "another order": (lambda x, y: x - y, (), {"y": 2.0, "x": X}),
    "the same order": (lambda x, y: x - y, (X,), {"y": 2.0}),
    "by name only": (lambda x, *, y: x - y, (X,), {"y": 2.0}),
    "by place only": (lambda x, /, **k: x - k["x"] / k["x_2"], (X,), {"x": 2.0, "x_2": 3.0}),
    "so many": (lambda *a: a[0] - a[1], (X, 2.0), {}),
    "so many, one named so": (lambda *a, a0: a[0] - a0, (X,), {"a0": 2.0}),
    "numbered": (lambda x0, *x: x0 - x[0] / x[1], (X, 2.0, 3.0), {}),
    "itself": (lambda f: f / 3.0, (), {"f": X}),
    "left out": (lambda x, y=3.0, z=(): x - y * len(z), (X,), {}),
    "mutable": (lambda x, y=[], z={}: x * (1 + len(y) + len(z)), (X, [], {}), {}),
}


@pytest.mark.parametrize("case", CALLS)
def test_text_is_called_as_the_function(case: str) -> None:
    f, args, kwargs = CALLS[case]
    same(f, *args, **kwargs)


def test_names_that_are_not_those_of_the_text_are_refused() -> None:
    made = written(lambda x, **k: x * k["class"], X, **{"class": 2.0})
    for names in ({}, {"class": 2.0, "def": 3.0}, {"def": 3.0}):
        with pytest.raises(TypeError, match="this text takes class by name"):
            made(X, **names)


# Structures


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass
class Box:
    w: Any
    n: int = 3


class Colour(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    TWO = 2


STRUCTURES: dict[str, tuple[Function, tuple[Any, ...]]] = {
    "an empty dict": (lambda x: {}, (X,)),
    "empty ones": (lambda x: [(), [], {}, {"a": {}}, x / 3.0], (X,)),
    "keys": (
        lambda x: {1: x, "a": x, None: x, (1, ("b",)): x, 2.5: x, math.inf: x, np.int64(7): x},
        (X,),
    ),
    "sets as keys": (lambda x: {frozenset({"b", "a"}): x, frozenset(): x, b"c": x}, (X,)),
    "keys of arguments": (
        lambda d: d[(1, "a")] / d[None] + d[-math.inf],
        ({(1, "a"): X, None: 3.0, -math.inf: 2.0},),
    ),
    "what is no array": (lambda x: (x, 3, None, "s", True, b"b", ..., np.int8), (X,)),
    "named": (lambda p: Pair(p.b, (p.a,)), (Pair(X, 3.0),)),
    "dataclasses": (lambda p: Box({"v": p.w / p.n}, p.n), (Box([X, 2.0][0], 3),)),
    "a list of one": (lambda p: (p[0] / 3.0,), ([X],)),
    "one result twice": (lambda x: (x, [x]), (X,)),
    "numbers in a list": (lambda p: p[0] ** p[1], ([-2.0, 3.0],)),
}


@pytest.mark.parametrize("case", STRUCTURES)
def test_containers_are_the_users(case: str) -> None:
    f, args = STRUCTURES[case]
    same(f, *args)


STATICS: list[tuple[Any, Any]] = [
    (..., None), (slice(None, 2), slice(None, 1)), (range(2), range(3)), ({1, "a"}, {1}),
    (set(), {1}), (frozenset({"b", "a"}), frozenset()), (b"\0", b""), ('"\'\n\ud800', "a"),
    (10**5000, 10**5000 + 1), (np.int32(3), np.int32(4)), (np.sum, np.prod), (math.sin, math.cos),
    (np.linalg.norm, np.linalg.det), (np.float32, np.float64), (len, abs), (cube, total),
    (Box, Pair), (np.bool_(True), np.bool_(False)), (np.str_("a"), "b"),
]  # fmt: skip


@pytest.mark.parametrize("row", range(len(STATICS)))
def test_static_arguments_are_told_from_others(row: int) -> None:
    value, other = STATICS[row]
    made = written(lambda x, n: x / 3.0, X, value)
    alike(made(X, value), X / 3.0)
    with pytest.raises(ValueError, match="this text is of n"):
        made(X, other)


# Values


def test_numbers_of_python_are_those_of_numpy() -> None:
    f = {
        "div": lambda x: 1.0 / (x - 1.0),
        "power": lambda x: (x - 1.0) ** 2.5,
        "ipow": lambda x: (x * 1e200) ** 3,
        "floor": lambda x: x // 0.0,
        "rest": lambda x: x % 0.0,
        "loop": lambda x: cats.fori_loop(0, 2, lambda i, c: c / x, x),
        "choice": lambda x: cats.cond(x > 0.0, lambda v: v * 2.0, lambda v: v, x) ** -1,
    }
    with np.errstate(all="ignore"):
        for work in f.values():
            made, compiled = written(work, 2.0), cats.compile(work)
            for x in (1.0, 0.0, -3.5, np.float64(0.5)):
                alike(made(x), compiled(x))


def test_what_differs_not_is_not_wrapped() -> None:
    for f in (lambda x: x * x + 1.0, lambda x: np.sin(x) ** 2, lambda x: np.sum(X / 2.0) * x):
        assert cats.source(f, 2.0).count("\ndef ") == 1
    assert cats.source(lambda x: x / 2.0, X).count("\ndef ") == 1


REFUSED: dict[str, tuple[Function, tuple[Any, ...], str]] = {
    "enum": (lambda x, n: x, (X, Number.TWO), "n is of type Number"),
    "lambda": (lambda x, n: n(x), (X, lambda y: y), "n is of type function"),
    "method": (lambda x, n: x, (X, "a".upper), "n is of type builtin_function_or_method"),
    "object": (lambda m, x: m(x), (Model(), X), "m is of type Model"),
    "key": (lambda d: d[Colour.RED], ({Colour.RED: X},), "a key of type Colour"),
    "nan key": (lambda d: next(iter(d.values())), ({math.nan: X},), "a key of type float"),
    "key of a result": (lambda x: {Colour.RED: x}, (X,), "a key of type Colour"),
    "result": (lambda x: (x, Number.TWO), (X,), "returns a value of type Number"),
    "function": (lambda x: (x, cube), (X,), "returns a value of type function"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_text_can_say_is_refused(case: str) -> None:
    f, args, message = REFUSED[case]
    with pytest.raises(BackendError, match=message) as caught:
        cats.source(f, *args)
    assert caught.value.remedy and caught.value.where


def test_fractions_and_other_numbers_are_numbers() -> None:
    third = Fraction(1, 3)
    near(cats.value_and_grad(lambda x: x * third + third)(2.0), (1.0, 1.0 / 3.0))
    near(cats.grad(lambda x: np.sum(x**2 * third))(X), 2.0 * X / 3.0)
    near(cats.grad(lambda x: np.sum(x ** Fraction(1, 2)))(X**2), 0.5 / np.abs(X))
    weights = np.array([third, 2, Fraction(1, 4)], object)
    slope = cats.grad(lambda x: np.sum(weights * x))(X)
    assert slope.dtype == np.float64
    near(slope, np.array([1.0 / 3.0, 2.0, 0.25]))
