"""What a function does besides computing: it writes text, files and containers, and draws."""

from __future__ import annotations

import array
import copy
import io
import logging
import random
import statistics
import sys
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64, Generator, default_rng

import cats
from cats.mistakes import refused
from cats.world import rounds_to

Function = Callable[..., Any]
X = np.array([1.5, 2.0, -0.5])


def slopes(f: Function, x: Any = X, h: float = 1e-6) -> Any:
    """Central differences."""
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


def agrees(f: Function, x: Any = X) -> None:
    np.testing.assert_allclose(cats.grad(f)(x), slopes(f, x), rtol=1e-6, atol=1e-7)


# Text


TEXTS: dict[str, Function] = {
    "%.3f": lambda x: len("%.3f" % x),  # noqa: UP031
    "%8.1e %s": lambda x: len("%8.1e %s" % (x, x)),  # noqa: UP031
    "%(name)g": lambda x: len("%(name)g" % {"name": x}),  # noqa: UP031
    "%=": lambda x: len(SimpleNamespace(t="%r %.0f").t % (x, x)),
    "bytes": lambda x: len(b"%.2f" % x),
    "print": lambda x: print(x, file=io.StringIO()) or 1,
}


@pytest.mark.parametrize("name", TEXTS)
def test_numbers_are_written_as_text(name: str) -> None:
    f = TEXTS[name]
    g = cats.grad(lambda x: x * f(x))
    for x in (1.5, 11.25, 123456.0, -0.001):
        assert g(x) == f(x)


@given(st.floats(-1e9, 1e9), st.integers(0, 12), st.sampled_from("feg"))
def test_what_was_written_is_known_by_its_digits(x: float, digits: int, kind: str) -> None:
    text = f"%.{digits}{kind}" % x
    assert rounds_to(x, text) and rounds_to(x, f" {text} ")
    assert not rounds_to(x, f"%.{digits}e" % (x * 3 + 1))


def test_text_of_no_number_is_none() -> None:
    assert not rounds_to(1.5, "text") and not rounds_to(1.5, "nan")
    assert rounds_to(float("nan"), "nan") and rounds_to(float("-inf"), "-inf")


def test_other_numbers_are_read_from_text() -> None:
    assert cats.grad(lambda x: float("2.5") * x * len("%.1f" % x))(1.25) == 7.5  # noqa: UP031


def test_a_log_is_written(caplog: pytest.LogCaptureFixture) -> None:
    def f(x: Any) -> Any:
        logging.getLogger("law").warning("x = %.3f, %s", x, x)
        return x * x

    assert cats.grad(f)(1.5) == 3.0
    assert "x = 1.500, 1.5" in caplog.text


def test_an_error_of_the_user_says_a_value() -> None:
    def f(x: Any) -> Any:
        raise ValueError("x = %g" % x)  # noqa: UP031

    with pytest.raises(ValueError, match=r"x = 1\.5"):
        cats.grad(f)(1.5)


# Files


def test_print_writes_into_files_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    held = io.StringIO()

    def f(x: Any) -> Any:
        print(x, file=held, flush=True)
        print(x[0], file=sys.stderr)
        return np.sum(x * x)

    g = cats.grad(f)
    np.testing.assert_allclose(g(X), 2 * X)
    assert held.getvalue() == f"{X}\n" and capsys.readouterr().err == "1.5\n"
    g(X)
    assert held.getvalue() == f"{X}\n", "the text is not new"


SAVING: dict[str, Function] = {
    "save": np.save,
    "savetxt": np.savetxt,
    "savez": np.savez,
    "savez_compressed": np.savez_compressed,
    "savemat": lambda file, x: scipy.io.savemat(file, {"x": x}),
    "mmwrite": lambda file, x: scipy.io.mmwrite(file, x),
    "tofile": lambda file, x: x.tofile(file),
    "ndarray.tofile": lambda file, x: np.ndarray.tofile(x, file),
    "dump": lambda file, x: x.dump(file),
}


@pytest.mark.parametrize("name", SAVING)
def test_a_file_is_not_opened_by_what_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "kept.npy"
    np.save(file, X)
    path = str(file)
    with pytest.raises(cats.TraceError, match="it writes a file, and would do so once"):
        cats.grad(lambda x: (SAVING[name](path, x), np.sum(x))[1])(X)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.npy"]
    np.testing.assert_array_equal(np.load(file), X)


# Containers from outside


class Line(list[Any]):
    """A list of a user's."""


class Table(dict[str, Any]):
    """A dict of a user's."""


class Group(set[Any]):
    """A set of a user's."""


class Settings(SimpleNamespace):
    """A namespace of a user's."""


class Point:
    """An object of a user's."""

    def __init__(self) -> None:
        self.x = 1.0


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])
CHANGES: dict[str, tuple[Any, Function]] = {
    "namespace": (SimpleNamespace(a=1.0), lambda c, x: setattr(c, "a", x)),
    "namespace del": (SimpleNamespace(a=1.0), lambda c, x: delattr(c, "a")),
    "namespace vars": (SimpleNamespace(a=1.0), lambda c, x: c.__dict__.update(a=2.0)),
    "namespace of a user": (Settings(a=1.0), lambda c, x: setattr(c, "b", 2.0)),
    "deque": (deque([1.0]), lambda c, x: c.append(x)),
    "deque rotate": (deque([1.0, 2.0]), lambda c, x: c.rotate(1)),
    "defaultdict": (defaultdict(list), lambda c, x: c["a"].append(x)),
    "OrderedDict": (OrderedDict(a=1.0, b=2.0), lambda c, x: c.move_to_end("a")),
    "Counter": (Counter("ab"), lambda c, x: c.update("a")),
    "bytearray": (bytearray(b"ab"), lambda c, x: c.append(1)),
    "array": (array.array("d", [1.0]), lambda c, x: c.__setitem__(0, 2.0)),
    "memoryview": (memoryview(bytearray(b"ab")), lambda c, x: c.__setitem__(0, 1)),
    "Line": (Line([1.0]), lambda c, x: c.append(x)),
    "Line of lists": (Line([[1.0]]), lambda c, x: c[0].append(2.0)),
    "Line of objects": (Line([Point()]), lambda c, x: setattr(c[0], "x", 2.0)),
    "Line of arrays": (Line([np.ones(2)]), lambda c, x: c[0].fill(2.0)),
    "Table": (Table(a=1.0), lambda c, x: c.update(b=2.0)),
    "Group": (Group([1.0]), lambda c, x: c.add(2.0)),
    "UserList": (UserList([1.0]), lambda c, x: c.append(x)),
    "UserDict": (UserDict(a=1.0), lambda c, x: c.update(b=2.0)),
    "ChainMap": (ChainMap({"a": 1.0}), lambda c, x: c.__setitem__("a", x)),
    "Queue": (Queue(), lambda c, x: c.put(x)),
    "objects": (np.array([1.0, None], object), lambda c, x: c.__setitem__(0, x)),
    "lists in an array": (np.array([[1.0], None], object), lambda c, x: c[0].append(2.0)),
    "records": (np.zeros(2, [("p", "f8")]), lambda c, x: c["p"].fill(1.0)),
    "float16": (np.ones(2, "f2"), lambda c, x: c.__setitem__(0, 2.0)),
    "complex": (np.ones(2, complex), lambda c, x: c.__imul__(2j)),
    "text": (np.array(["a", "b"]), lambda c, x: c.__setitem__(0, "c")),
    "masked": (MASKED, lambda c, x: c.__setitem__(0, 3.0)),
    "mask": (MASKED, lambda c, x: c.__setitem__(0, np.ma.masked)),
    "nditer": (np.zeros(2), lambda c, x: np.nditer(c, op_flags=["readwrite"])),
}


def state(value: Any) -> Any:
    """What a container holds, to be compared."""
    if isinstance(value, np.ndarray):
        return value.tolist(), np.ma.getmaskarray(value).tolist()
    if isinstance(value, memoryview):
        return value.tobytes()
    held = {n: v for n, v in getattr(value, "__dict__", {}).items() if n in "adxqueue"}
    if not hasattr(value, "__iter__"):
        return repr(held)
    parts = [*(value.items() if hasattr(value, "items") else value)]
    return repr(parts), repr(held), [vars(p) for p in parts if isinstance(p, Point)]


@pytest.mark.parametrize("name", CHANGES)
def test_containers_from_outside_are_not_changed(name: str) -> None:
    held, change = CHANGES[name]
    before = state(held)
    g = cats.grad(lambda x: (change(held, x), x * x)[1])
    for _ in range(2):
        with pytest.raises(cats.TraceError, match="outside") as caught:
            g(1.5)
        assert caught.value.where is not None and caught.value.where.file == __file__
        assert state(held) == before


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_before_an_error_is_put_back(name: str) -> None:
    held, change = CHANGES[name]
    before = state(held)

    def f(x: Any) -> Any:
        change(held, x)
        raise KeyError("mine")

    with pytest.raises((KeyError, cats.TraceError)):
        cats.grad(f)(1.5)
    assert state(held) == before


READS: dict[str, tuple[Any, Function]] = {
    "namespace": (SimpleNamespace(a=2.0, w=np.ones(3)), lambda c, x: x * c.a * np.sum(c.w)),
    "a copy of a namespace": (SimpleNamespace(a=2.0), lambda c, x: copy.copy(c).a * x),
    "the text of a namespace": (SimpleNamespace(a=2.0), lambda c, x: x * len(repr(c))),
    "deque": (deque([1.0, 2.0], 3), lambda c, x: x * sum(c) * c.maxlen * (type(c) is deque)),
    "deque.copy": (deque([1.0]), lambda c, x: (d := c.copy(), d.append(x), sum(d) * x)[2]),
    "Counter": (Counter("aab"), lambda c, x: x * (c + c)["a"] + x * c["none"]),
    "defaultdict": (defaultdict(float, a=3.0), lambda c, x: x * c["a"] + x * c.get("b", 1.0)),
    "OrderedDict": (OrderedDict(a=1.0, b=2.0), lambda c, x: x * [*c.values()][1]),
    "array": (array.array("d", [1.0, 2.0]), lambda c, x: x * np.sum(np.asarray(c)) + c[1] * x),
    "bytearray": (bytearray(b"ab"), lambda c, x: x * c[0]),
    "ChainMap": (ChainMap({"a": 2.0}, {}), lambda c, x: x * c["a"]),
    "pickled": (Counter("aab"), lambda c, x: x * copy.deepcopy(c)["a"]),
}


@pytest.mark.parametrize("name", READS)
def test_containers_from_outside_are_read(name: str) -> None:
    held, read = READS[name]
    agrees(lambda x: read(held, x[0]))


def test_containers_from_outside_are_read_in_every_call() -> None:
    lists: defaultdict[str, list[int]] = defaultdict(list)
    line, space, numbers = deque([1.0]), SimpleNamespace(a=1.0), array.array("d", [1.0])
    g = cats.grad(lambda x: x * (line[0] + space.a + numbers[0] + len(lists.get("a", ()))))
    assert g(1.0) == 3.0
    lists["a"] += [1, 2]
    line[0] = space.a = numbers[0] = 5.0
    assert g(1.0) == 17.0


# Entries in turn


def in_turn(x: Any) -> Any:
    entries: Any = np.nditer(x)
    return sum(10.0**i * t * t for i, t in enumerate(entries))


def test_a_vector_is_gone_through_as_it_lies_in_memory() -> None:
    agrees(in_turn)
    agrees(lambda x: in_turn(x * 2.0))
    g = cats.grad(in_turn)
    for x in (X, X[::2]):
        np.testing.assert_allclose(g(x), slopes(in_turn, x), rtol=1e-6)
    np.testing.assert_allclose(g(X[::-1]), slopes(in_turn, X)[::-1], rtol=1e-6)
    with pytest.raises(cats.TraceError, match="in the order 'K' asks how arrays lie in memory"):
        cats.grad(lambda x: in_turn(np.outer(x, x) * 2.0))(X)


def test_an_array_that_the_function_made_is_written_in_turn() -> None:
    def f(x: Any) -> Any:
        made = np.zeros(3)
        each: Any = np.nditer(made, op_flags=["readwrite"])
        for entry in each:
            entry[...] = 2.0
        return np.sum(made * x)

    agrees(f)


# Random numbers


def _filled(made: Any, x: Any) -> Any:
    made[0] = x[0]
    return made @ made


DRAWN: dict[str, Function] = {
    "default_rng": lambda x: np.sum(np.random.default_rng(0).normal(size=3) * x),
    "default_rng by name": lambda x: np.sum(default_rng([1, 2]).normal(size=3) * x),
    "RandomState": lambda x: np.sum(np.random.RandomState(seed=3).rand(3) * x),
    "PCG64": lambda x: np.sum(Generator(PCG64(3)).normal(size=3) * x),
    "Random": lambda x: random.Random(3).gauss(x[0], 2.0) * x[1],
    "Random by name": lambda x: Random("a").choice(list(x)) ** 2,
    "written into": lambda x: _filled(default_rng(0).normal(size=3), x),
    "shuffled": lambda x: (a := np.arange(3.0), default_rng(0).shuffle(a), np.sum(a * x))[2],
    "told apart": lambda x: x[0] * isinstance(default_rng(0), Generator),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_generator_of_a_fixed_seed_draws_the_same_in_every_call(name: str) -> None:
    agrees(DRAWN[name])


UNTOLD: dict[str, Function] = {
    "no seed": lambda x: default_rng().normal() * x[0],
    "None": lambda x: np.random.RandomState(None).normal() * x[0],
    "Random": lambda x: Random().random() * x[0],
    "PCG64": lambda x: Generator(PCG64()).normal() * x[0],
    "a module": lambda x: np.random.rand() * x[0],
    "a loop": lambda x: (
        r := default_rng(0), cats.fori_loop(0, 3, lambda i, h: h + x[0] * r.normal(), 0.0)
    )[1],
}  # fmt: skip


@pytest.mark.parametrize("name", UNTOLD)
def test_other_random_numbers_are_refused(name: str) -> None:
    with pytest.raises(cats.TraceError, match="a random number is drawn inside"):
        cats.grad(UNTOLD[name])(X)


# Statistics


AVERAGES: dict[str, Function] = {
    "variance of a mean": lambda x: statistics.variance(list(x), xbar=x[0]),
    "pstdev of a mean": lambda x: statistics.pstdev(list(x), 0.25),
    "pvariance of a mean": lambda x: statistics.pvariance(list(x), mu=x[1]),
    "weights": lambda x: statistics.fmean(list(x), weights=[1, 2, 3]),
    "weights of a generator": lambda x: statistics.fmean(data=x, weights=(v * v for v in x)),
    "traced weights": lambda x: statistics.fmean([1.0, 2.0, 3.0], x * x),
}
NAMES = ("mean", "fmean", "median", "variance", "pvariance", "stdev", "pstdev")


@pytest.mark.parametrize("name", [*NAMES, *AVERAGES])
def test_statistics_of_traced_numbers(name: str) -> None:
    of = getattr(statistics, name, None)
    forms: list[Function] = [AVERAGES[name]] if of is None else [
        lambda x: of(list(x)),
        lambda x: of(x),
        lambda x: of(v * v for v in x),
        lambda x: of([x[0], 2.5, 7, x[0] * x[1]]),
    ]  # fmt: skip
    for f in forms:
        np.testing.assert_allclose(cats.compile(f)(X), f(X), rtol=5e-16)
        agrees(f)


def test_statistics_raise_as_they_do() -> None:
    for f in (
        lambda x: statistics.variance([x[0]]),
        lambda x: statistics.mean(x[:0]),
        lambda x: statistics.fmean(list(x), weights=[1]),
        lambda x: statistics.fmean([1.0, 2.0], weights=(v for v in x)),
    ):
        with pytest.raises(statistics.StatisticsError) as plain:
            f(X)
        with pytest.raises(statistics.StatisticsError, match=str(plain.value)):
            cats.grad(f)(X)


# Mistakes


MISTAKES: dict[str, tuple[type[Exception], Function]] = {
    "shapes": (ValueError, lambda x: x + np.ones(2)),
    "reshape": (ValueError, lambda x: x.reshape(2, 2)),
    "matmul": (ValueError, lambda x: x @ np.ones((2, 2))),
    "concatenate": (ValueError, lambda x: np.concatenate([x, np.ones((2, 2))])),
    "axis": (np.exceptions.AxisError, lambda x: np.sum(x, axis=2)),
    "axis as an index": (IndexError, lambda x: np.sum(x, axis=2)),
    "out": (ValueError, lambda x: np.add(x, 1.0, out=np.zeros(2))),
    "item": (ValueError, lambda x: x.item()),
    "read-only": (ValueError, lambda x: np.broadcast_to(x * 1, (2, 3)).fill(0.0)),
    "in place": (TypeError, lambda x: np.ones(3, int).__imul__(x)),
    "weights": (ZeroDivisionError, lambda x: np.average(x, weights=x - x)),
    "own code": (TypeError, lambda x: np.polyfit(x, np.ones(2), 1)),
}


def caught(kind: type[Exception], mistake: Function) -> Function:
    def f(x: Any) -> Any:
        try:
            return np.sum(mistake(x))
        except kind:
            return 3.0 * np.sum(x)

    return f


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_as_in_numpy(name: str) -> None:
    f = caught(*MISTAKES[name])
    assert f(X) == 3.0 * np.sum(X)
    np.testing.assert_array_equal(cats.grad(f)(X), [3.0, 3.0, 3.0])
    with pytest.raises(MISTAKES[name][0]):
        cats.grad(lambda x: np.sum(MISTAKES[name][1](x)))(X)


def test_a_mistake_is_not_caught_as_what_it_is_not() -> None:
    for kind in (TypeError, IndexError):
        with pytest.raises(ValueError, match="do not broadcast") as error:
            cats.grad(caught(kind, MISTAKES["shapes"][1]))(X)
        assert isinstance(error.value, cats.CatsError)


def test_what_numpy_allows_is_brought_back() -> None:
    for mistake in (lambda x: x.astype(complex), lambda x: np.fft.fft(x)):
        with pytest.raises(cats.CatsError, match="complex"):
            cats.grad(caught(Exception, mistake))(X)


def test_numpy_is_not_asked_of_functions_of_the_users() -> None:
    assert refused(lambda f: f(), (lambda: 1 / 0,), {}) is None
