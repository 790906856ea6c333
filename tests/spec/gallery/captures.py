"""Captures: closures, globals, state, caches, randomness, and whatever else may go stale."""

import array
import collections
import contextvars
import functools
import importlib
import itertools
import os
import pathlib
import pickle
import queue
import random
import shutil
import sys
import tempfile
import threading
import time
import types
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import cats
from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

X = np.array([0.4, -0.7, 1.2])

# Stale captures

RATE = 2.0
TABLE = {"a": [1.0, 2.0], "deep": {"w": np.array([1.0, 2.0, 3.0])}}


@story("a global number changes", "sharp bits: globals")
def f():
    global RATE
    g = cats.grad(lambda x: RATE * x * x)
    for rate in (2.0, 5.0, -1.0, 2.0):
        RATE = rate
        yield g(3.0), 6.0 * rate
    RATE = 2.0


@story("what is inside a global changes", "sharp bits: globals")
def f():
    g = cats.grad(lambda x: TABLE["a"][1] * np.sum(TABLE["deep"]["w"] * x) + len(TABLE["a"]) * x[0])
    for change in (
        lambda: None,
        lambda: TABLE["a"].append(1.0),
        lambda: TABLE["a"].__setitem__(1, 7.0),
        lambda: TABLE["deep"]["w"].__setitem__(0, -4.0),
        lambda: TABLE["deep"].__setitem__("w", np.array([0.0, 0.0, 1.0])),
    ):
        change()
        w, a = TABLE["deep"]["w"], TABLE["a"]
        yield g(X), a[1] * w + len(a) * np.array([1.0, 0.0, 0.0])
    TABLE.update(a=[1.0, 2.0], deep={"w": np.array([1.0, 2.0, 3.0])})


@story("a closure changes", "numpyro#1981")
def f():
    def make():
        rate, offsets = 1.0, [1.0, 2.0, 3.0]

        def inner(x):
            return rate * np.sum(np.array(offsets) * x)

        def change(new):
            nonlocal rate
            rate = new
            offsets[0] = new

        return inner, change

    inner, change = make()
    g = cats.grad(inner)
    yield g(X), np.array([1.0, 2.0, 3.0])
    change(4.0)
    yield g(X), np.array([16.0, 8.0, 12.0])


@story("a large array changes in place", "jax: constants are baked in")
def f():
    data = np.linspace(0.0, 1.0, 1000)
    g = cats.grad(lambda x: np.sum(data) * x * x)
    yield g(1.0), 2 * np.sum(data)
    data *= 3.0
    yield g(1.0), 2 * np.sum(data)
    data[10] = 500.0
    yield g(2.0), 4 * np.sum(data)


class Model:
    """A model with state of every kind."""

    scale = 2.0

    def __init__(self):
        self.w = np.array([1.0, 2.0, 3.0])
        self.on = True
        self.big = np.ones(500)

    def loss(self, x):
        if not self.on:
            return np.sum(x)
        return self.scale * np.sum(self.w * x**2) * self.big[0]


@story("an object changes", "sharp bits: self")
def f():
    model = Model()
    g = cats.grad(model.loss)
    yield g(X), 4 * model.w * X
    model.w[1] = 5.0
    yield g(X), 4 * model.w * X
    model.w = np.ones(3)
    yield g(X), 4 * X
    model.big[0] = 3.0
    yield g(X), 12 * X
    model.scale = 1.0
    yield g(X), 6 * X
    Model.loss, kept = (lambda self, x: np.sum(x) * self.scale), Model.loss
    yield cats.grad(model.loss)(X), np.ones(3)
    Model.loss = kept
    model.on = False
    yield g(X), np.ones(3)


def helper(x):
    return x * x


@story("a helper is replaced", "jax#5492")
def f():
    global helper
    g = cats.grad(lambda x: helper(x) * 3.0)
    yield g(2.0), 12.0
    helper, kept = (lambda x: x), helper
    yield g(2.0), 3.0
    helper = kept
    yield g(2.0), 12.0


@story("defaults change", "language")
def f():
    def inner(x, k=2.0, *, m=3.0):
        return k * m * x

    g = cats.grad(inner)
    yield g(1.0), 6.0
    inner.__defaults__ = (5.0,)
    yield g(1.0), 15.0
    inner.__kwdefaults__["m"] = 1.0
    yield g(1.0), 5.0


@story("closures made in a loop", "language: late binding")
def f():
    late = [lambda x: x * k for k in range(3)]
    early = [lambda x, k=k: x * k for k in range(3)]
    made = [functools.partial(lambda k, x: x * k, k) for k in range(3)]
    for i in range(3):
        yield cats.grad(late[i])(1.0), 2.0
        yield cats.grad(early[i])(1.0), float(i)
        yield cats.grad(made[i])(1.0), float(i)


@right("closures made in a loop, inside", "language: late binding", 0.5, 2.0)
def f(x):
    late = [lambda: x * k for k in range(1, 4)]
    early = [lambda k=k: x**k for k in range(1, 4)]
    y, x = x, x * x
    return sum(g() for g in late) + sum(g() for g in early) * y


@story("functions that look alike", "jax#38473")
def f():
    def make(n):
        return lambda x: x**n

    for n in (1, 2, 3, 2, 1):
        yield cats.grad(make(n))(2.0), n * 2.0 ** (n - 1)
    for n in (2, 2.0, True):
        yield cats.grad(make(n))(3.0), 6.0 if n == 2 else 1.0
    yield cats.grad(lambda x: x * 0.0)(1.0), 0.0
    yield np.copysign(1.0, cats.grad(lambda x: x * -0.0)(1.0)), -1.0


@story("kinds of arguments are told apart", "jax: weak types")
def f():
    def inner(x):
        return np.sum(x * np.float32(2.0)) if isinstance(x, np.ndarray) else x * 3.0

    g = cats.grad(inner)
    yield g(1.0), 3.0
    yield g(np.array(1.0)), 2.0
    yield g(np.ones(2)), 2 * np.ones(2)
    yield g(np.ones(3)), 2 * np.ones(3)
    yield g(np.float32(1.0)), 3.0
    yield g(np.ones((2, 1))), 2 * np.ones((2, 1))


def attributed(x):
    return attributed.k * x


def of_module(module):
    return module.RATE


class Scaled(type):
    """A metaclass with state."""

    scale = 2.0

    @property
    def twice(cls):
        return 2.0 * cls.scale


class Plain(metaclass=Scaled):
    """A class whose properties are its metaclass's."""


class Odd:
    """An object that answers to everything."""

    def __init__(self):
        self.held = {"k": 2.0}

    def __getattr__(self, name):
        return self.held[name]


@story("what cannot be foreseen is read in every call", "sharp bits: globals")
def f():
    here = sys.modules[__name__]
    held = {
        "numbers": array.array("d", [2.0]),
        "bytes": bytearray(b"\x02"),
        "view": memoryview(np.array([2.0])),
        "objects": np.array([2.0, None], dtype=object),
        "chained": collections.ChainMap({"k": 2.0}),
        "queue": collections.deque([2.0]),
        "counted": collections.Counter(k=2),
        "records": np.array([(2.0,)], dtype=[("k", float)]),
        "masked": np.ma.array([2.0]),
        "space": types.SimpleNamespace(k=2.0),
        "local": threading.local(),
        "variable": contextvars.ContextVar("variable", default=2.0),
        "odd": Odd(),
    }
    held["local"].k = 2.0
    weak = weakref.ref(held["odd"])
    attributed.k = 2.0
    numbers, view, objects, chained = (held[k] for k in ("numbers", "view", "objects", "chained"))
    queue, counted, records, masked = (held[k] for k in ("queue", "counted", "records", "masked"))
    space, local, variable, odd = (held[k] for k in ("space", "local", "variable", "odd"))
    octets, name = held["bytes"], "RA" + "TE"
    cases = [
        (lambda x: numbers[0] * x, lambda v: numbers.__setitem__(0, v)),
        (lambda x: octets[0] * x, lambda v: octets.__setitem__(0, int(v))),
        (lambda x: view[0] * x, lambda v: view.__setitem__(0, v)),
        (lambda x: objects[0] * x, lambda v: objects.__setitem__(0, v)),
        (lambda x: chained["k"] * x, lambda v: chained.__setitem__("k", v)),
        (lambda x: queue[0] * x, lambda v: queue.__setitem__(0, v)),
        (lambda x: counted["k"] * x, lambda v: counted.__setitem__("k", int(v))),
        (lambda x: records["k"][0] * x, lambda v: records.__setitem__("k", v)),
        (lambda x: float(masked[0]) * x, lambda v: masked.__setitem__(0, v)),
        (lambda x: space.k * x, lambda v: setattr(space, "k", v)),
        (lambda x: local.k * x, lambda v: setattr(local, "k", v)),
        (lambda x: variable.get() * x, variable.set),
        (lambda x: odd.k * x, lambda v: odd.held.__setitem__("k", v)),
        (lambda x: weak().held["k"] * x, lambda v: odd.held.__setitem__("k", v)),
        (attributed, lambda v: setattr(attributed, "k", v)),
        (lambda x: Plain.twice / 2 * x, lambda v: setattr(Scaled, "scale", v)),
        (lambda x: getattr(here, name) * x, lambda v: setattr(here, "RATE", v)),
        (lambda x: of_module(here) * x, lambda v: setattr(here, "RATE", v)),
        (lambda x: [here][0].RATE * x, lambda v: setattr(here, "RATE", v)),
        (lambda x: globals()["RATE"] * x, lambda v: setattr(here, "RATE", v)),
        (lambda x: eval("RATE * x"), lambda v: setattr(here, "RATE", v)),
        (lambda x: importlib.import_module(__name__).RATE * x, lambda v: setattr(here, "RATE", v)),
        (lambda x: sys.modules[__name__].RATE * x, lambda v: setattr(here, "RATE", v)),
    ]
    for function, change in cases:
        g = cats.grad(function)
        for value in (2.0, 5.0, 3.0, 2.0):
            change(value)
            yield g(1.0), value


# What would be done once

SEEN = []
COUNTS = {}
NUMBERS = itertools.count()
RNG = np.random.default_rng(0)


@refused(
    "a list outside grows",
    "pure functions",
    1.0,
    "list.append: it is outside of the traced function",
    "Return the value",
)
def f(x):
    SEEN.append(x)  # HERE
    return x


@refused(
    "a default that is a list",
    "language: mutable defaults",
    1.0,
    "list.append: it is outside",
    "Return the value",
)
def f(x, seen=[]):
    seen.append(x)  # HERE
    return sum(seen)


@refused(
    "a dict outside remembers",
    "language: memo",
    1.0,
    "it is outside of the traced function",
    "Return the value",
)
def f(x):
    COUNTS["calls"] = COUNTS.get("calls", 0) + 1  # HERE
    return x * COUNTS["calls"]


@refused("a global is assigned", "language", 1.0, "assigning the global RATE", "Return the value")
def f(x):
    global RATE
    RATE = 3.0  # HERE
    return x * RATE


def _counted():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1  # HERE
        return x * calls

    return f


refused(
    "a nonlocal is counted up", "language", 1.0, "assigning the nonlocal calls", "Return the value"
)(_counted())


@refused(
    "an object outside is written to",
    "jax#5492",
    1.0,
    "writing to the attribute w of a Model",
    "Return the value",
)
def f(x, model=Model()):
    model.w = x * model.w  # HERE
    return np.sum(model.w)


@refused(
    "a counter outside counts",
    "language",
    1.0,
    "an iterator from outside the traced function",
    "Pass a list",
)
def f(x):
    return x * next(NUMBERS)  # HERE


@refused(
    "NumPy's random numbers",
    "users: T",
    1.0,
    "a random number is drawn inside",
    "pass it as an argument",
)
def f(x):
    return x * np.random.normal()  # HERE


@refused(
    "a generator of random numbers",
    "users: T",
    1.0,
    "a random number is drawn inside",
    "pass it as an argument",
)
def f(x):
    return x * RNG.uniform()  # HERE


@refused(
    "a generator made inside",
    "users: T",
    1.0,
    "a random number is drawn inside",
    "pass it as an argument",
)
def f(x):
    rng = np.random.default_rng()  # HERE
    return x * rng.uniform()


@refused(
    "Python's random numbers",
    "users: T",
    1.0,
    "a random number is drawn inside",
    "pass it as an argument",
)
def f(x):
    return x * random.random()  # HERE


@story("the clock, the environment and files are read in every call", "users: T")
def f():
    path = pathlib.Path(tempfile.mkdtemp()) / "factor.txt"

    def inner(x):
        with open(path) as file:
            factor = float(file.read())
        started = time.perf_counter()
        y = x * x * factor * float(os.environ["CATS_GALLERY"])
        return y * 1.0 if time.perf_counter() >= started else x

    g = cats.grad(inner)
    for factor, size in ((2.0, 1.0), (3.0, 1.0), (3.0, 5.0)):
        path.write_text(str(factor))
        os.environ["CATS_GALLERY"] = str(size)
        yield g(1.0), 2 * factor * size
    np.save(path.with_suffix(".npy"), np.ones(2))
    h = cats.grad(lambda x: x * np.sum(np.load(path.with_suffix(".npy"))))
    yield h(1.0), 2.0
    np.save(path.with_suffix(".npy"), np.full(3, 2.0))
    yield h(1.0), 6.0
    shutil.rmtree(path.parent)
    del os.environ["CATS_GALLERY"]


@story("what is kept of a trace is refused outside of it", "jax#38473")
def f():
    class Keeper:
        last = None

    def inner(x):
        keeper = Keeper()
        keeper.last = x * 2.0
        kept.put(keeper)
        return keeper.last * x

    kept = queue.SimpleQueue()
    yield cats.grad(inner)(3.0), 12.0
    keeper = kept.get()
    for use in (
        lambda: keeper.last + 1.0,
        lambda: np.sin(keeper.last),
        lambda: cats.grad(np.sin)(keeper.last),
    ):
        try:
            use()
        except cats.TraceError as error:
            yield "after its trace had ended" in error.message, True
        else:
            yield "no error", ""


# Remembering


@functools.lru_cache
def grid(n):
    return np.linspace(0.0, 1.0, n)


@functools.cache
def fibonacci(n, x):
    return x if n < 2 else fibonacci(n - 1, x) * 0.5 + fibonacci(n - 2, x) * x


@right("lru_cache", "users: A", 0.4, 1.2)
def f(x):
    return fibonacci(9, x) + fibonacci(8, x * x) + np.sum(grid(3)) * x


@story("a cache is not poisoned", "jax#1710")
def f():
    grid.cache_clear()
    fibonacci.cache_clear()
    cats.grad(f_cached)(0.5)
    yield type(grid(3)) is np.ndarray, True
    yield fibonacci(3, 2.0), 6.5
    yield cats.grad(f_cached)(0.7), 2 * 0.7 * 1.5


def f_cached(x):
    return np.sum(grid(3)) * x * fibonacci(1, x)


@right("a dict remembers by position", "language: memo", 0.4, 1.2)
def f(x):
    known = {}

    def value(n):
        if n not in known:
            known[n] = x if n < 2 else value(n - 1) * value(n - 2) + n
        return known[n]

    return value(6)


@refused(
    "a dict keyed by values", "language", 1.0, "a key of a dict, or a member of a set,", "position"
)
def f(x):
    known = {}
    known[x] = x * x  # HERE
    return known[x]


@refused("a set of values", "language", X, "a key of a dict, or a member of a set,", "position")
def f(x):
    return sum({v for v in x})  # HERE


# Copies of the derivative, threads, processes


def quartic(x):
    y = np.zeros(2)
    y[0] = x**2 if x > 0 else -x
    y[1] = y[0] ** 2
    return np.sum(y)


@story("a gradient travels by pickle", "jax#679")
def f():
    g = cats.grad(quartic)
    again = pickle.loads(pickle.dumps(g))
    for x in (1.5, -2.0):
        yield again(x), g(x)
    used = pickle.loads(pickle.dumps(again))
    yield used(2.0), 4.0 + 32.0


@story("threads share one gradient", "autograd#659")
def f():
    g = cats.grad(quartic)
    points = np.linspace(-3.0, 3.0, 40) + 0.01
    barrier = threading.Barrier(4)

    def work(part):
        barrier.wait()
        return [g(x) for x in part]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, [points] * 4))
    right_ = [2 * x + 4 * x**3 if x > 0 else -1.0 + 2 * x for x in points]
    for row in found:
        yield row, right_


@story("a child process after a fork", "jax#1805")
def f():
    if not hasattr(os, "fork"):
        return
    g = cats.grad(quartic)
    g(1.5)
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(theirs, pickle.dumps((float(g(1.5)), float(g(-2.0)))))
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as answer:
        found = pickle.loads(answer.read())
    os.waitpid(child, 0)
    yield found, (3.0 + 4 * 1.5**3, -1.0 - 4.0)
