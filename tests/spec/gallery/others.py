"""Code of others: objects of libraries, caches, and what chooses by the type of a value."""

import collections.abc
import functools
import math
import numbers
import types

import numpy as np
import scipy.interpolate
import scipy.sparse
import scipy.stats

import cats
from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

PAIR = np.array([0.4, -0.7])

# Objects of libraries, and caches, that change


@story("arrays in a sparse matrix change", "a review: stale library objects")
def f():
    matrix = scipy.sparse.csr_matrix(np.eye(2))
    functions = (
        lambda x: matrix.sum() * x,
        lambda x: matrix[0, 0] * x,
        lambda x: np.sum(matrix.toarray() @ (x * np.ones(2))),
        lambda x: np.sum(matrix.data * x),
    )
    gradients = [cats.grad(f) for f in functions]
    for number in (1.0, 5.0, -2.0):
        matrix.data[0] = number
        for g, f in zip(gradients, functions, strict=True):
            yield g(1.0), f(1.0)


@story("a sparse matrix lies within what is seen as it is", "a review: stale library objects")
def f():
    matrix = scipy.sparse.csr_matrix(np.eye(2))
    space, table = types.SimpleNamespace(m=matrix), collections.OrderedDict(m=matrix)
    functions = (lambda x: space.m.sum() * x, lambda x: table["m"].sum() * np.exp(0.0) * x)
    gradients = [cats.grad(f) for f in functions]
    for number in (1.0, 5.0, -2.0):
        matrix.data[0] = number
        for g, f in zip(gradients, functions, strict=True):
            yield g(1.0), f(1.0)


@story("the coefficients of a spline change", "a review: stale library objects")
def f():
    spline = scipy.interpolate.CubicSpline([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 0.0, 1.0])
    g = cats.grad(lambda x: x * spline(0.5))
    for number in (0.0, 5.0, -1.0):
        spline.c[3, 0] = number
        yield g(1.0), spline(0.5)


FACTOR = 2.0
NODES = np.array([1.0, 2.0, 3.0])


@functools.lru_cache
def multiple(n):
    return n * FACTOR


@functools.cache
def first(n):
    return NODES[:n] * 1.0


@functools.cache
def scaled(x):
    return FACTOR * x


@story("a cache is cleared", "a review: lru_cache")
def f():
    global FACTOR
    plain = lambda x: x * multiple(3)  # noqa: E731
    g = cats.grad(plain)
    for factor, clear in ((2.0, True), (3.0, False), (3.0, True), (2.0, False), (2.0, True)):
        FACTOR = factor
        if clear:
            multiple.cache_clear()
        yield g(1.0), plain(1.0)
    FACTOR = 2.0


@story("what a cache remembers of an array changes", "a review: lru_cache")
def f():
    first.cache_clear()
    g = cats.grad(lambda x: np.sum(x * first(2)))
    yield g(1.0), 3.0
    first(2)[1] = 7.0
    yield g(1.0), 8.0
    NODES[0] = 10.0
    first.cache_clear()
    yield g(1.0), 12.0
    NODES[0] = 1.0


@story("a cached function of a traced value reads a global", "a review: lru_cache")
def f():
    global FACTOR
    g = cats.grad(lambda x: scaled(x) * scaled(x))
    for FACTOR in (2.0, 3.0, 2.0):  # noqa: B007
        yield g(1.5), 3.0 * FACTOR**2
    FACTOR = 2.0


# Random numbers of SciPy

NORMAL = scipy.stats.norm(0.0, 2.0)
POINTS = scipy.stats.qmc.Sobol(1)
DRAWN = "a random number is drawn inside a traced function"


@refused("scipy.stats draws", "a review: rvs", 0.4, DRAWN, "Draw it before")
def f(x):
    return x * scipy.stats.norm.rvs()  # HERE


@refused("a captured distribution draws", "a review: rvs", 0.4, DRAWN, "Draw it before")
def f(x):
    return x * NORMAL.rvs()  # HERE


@refused("a distribution made within draws", "a review: rvs", 0.4, DRAWN, "Draw it before")
def f(x):
    return x * scipy.stats.uniform(0, 1).rvs()  # HERE


@refused("points drawn in low discrepancy", "a review: qmc", 0.4, DRAWN, "Draw it before")
def f(x):
    return x * POINTS.random(1)[0, 0]  # HERE


@refused("points of an engine made within", "a review: qmc", 0.4, DRAWN, "Draw it before")
def f(x):
    return x * scipy.stats.qmc.Halton(1).random(1)[0, 0]  # HERE


@refused("a random sparse matrix", "a review: random_state", 0.4, DRAWN, "Draw it before")
def f(x):
    return x * scipy.sparse.random(3, 3, 0.5).sum()  # HERE


@right("what is drawn from a given seed", "a review: random_state", 0.4)
def f(x):
    density = NORMAL.pdf(0.0) + scipy.stats.uniform(0, 1).pdf(0.5)
    return x**2 * scipy.stats.norm.rvs(random_state=3) * density


# Choices by type


@functools.singledispatch
def shaped(x):
    return x * 3.0


@shaped.register(np.ndarray)
def _(x):
    out = np.zeros(len(x))
    out[:] = x**2
    return np.sum(out)


@shaped.register(float)
def _(x):
    return math.sin(x) * x


class Measure:
    @functools.singledispatchmethod
    def of(self, x):
        return x * 3.0

    @of.register(np.ndarray)
    def _(self, x):
        out = np.zeros(len(x))
        out[:] = x**3
        return np.sum(out)

    @of.register(float)
    def _(self, x):
        return math.exp(x)


MEASURE = Measure()


@right("a function dispatched on a number", "a review: singledispatch", 0.4, np.float64(-0.7))
def f(x):
    return shaped(x) + MEASURE.of(x) * Measure().of(2.0 * x)


@right("a function dispatched on an array", "a review: singledispatch", PAIR)
def f(x):
    return shaped(x) + MEASURE.of(x) * Measure().of(2.0 * x) + shaped(x[0])


@right("dispatch within the function", "a review: singledispatch", 0.4, np.array(0.3), PAIR)
def f(x):
    @functools.singledispatch
    def local(v):
        return v * 2.0

    @local.register(np.ndarray)
    def _(v):
        return np.sum(v**2)

    @local.register(numbers.Real)
    def _(v):
        return v**3

    return local(x)


@right("a pattern of a class", "a review: match", 0.4, np.float64(0.5), np.array(0.3), PAIR)
def f(x):
    match x:
        case np.ndarray(shape=(2,)):
            return np.sum(x**2)
        case np.ndarray():
            return x**3
        case np.floating():
            return x * 5.0
        case collections.abc.Sequence():
            return x * 0.0
        case numbers.Real():
            return x**4


@right("the attribute __class__", "a review: types", 0.4, np.float64(0.5), np.array(0.3), PAIR)
def f(x):
    kinds = {float: 2.0, np.ndarray: 3.0, np.float64: 5.0}
    same = 7.0 if x.__class__ is float else 11.0
    return np.sum(x**2) * kinds[x.__class__] * same * len(x.__class__.__name__)


# Objects with a meaning as arrays


class Boxed:
    def __init__(self, inside):
        self.inside = inside

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.inside)


BOXED = Boxed(np.array([1.0, 3.0]))


@right("an object that is an array when it is asked", "a review: __array__", PAIR)
def f(x):
    out = np.asarray(BOXED) * x + np.array(Boxed(x**2)) + BOXED * x
    return out + np.multiply(x, Boxed(np.sin(x))) + np.sum(BOXED)


@story("an object that is an array changes", "a review: __array__")
def f():
    g = cats.grad(lambda x: np.sum(np.asarray(BOXED) * x))
    for number in (1.0, 5.0):
        BOXED.inside[0] = number
        yield g(PAIR), [number, 3.0]
    BOXED.inside[0] = 1.0


# Polynomials, and others that compute by themselves

LINE = np.poly1d([1.0, 2.0])
CURVE = np.polynomial.Polynomial([1.0, 2.0])
SPARSE = scipy.sparse.csr_array(np.eye(2))


@story("the coefficients of polynomials change", "a review: unhashable")
def f():
    plain = lambda x: x * LINE(2.0) * CURVE(3.0) * LINE[1] * CURVE.coef[0]  # noqa: E731
    g = cats.grad(plain)
    for number in (3.0, 5.0):
        LINE.coeffs[0] = CURVE.coef[0] = number
        yield g(1.0), plain(1.0)


@refused("a polynomial of a traced value", "a review: unhashable", 0.4, "polynomial", "np.polyval")
def f(x):
    return CURVE(x)  # HERE


@refused("a sparse product", "a review: messages", PAIR, "scipy.sparse", "Use its toarray()")
def f(x):
    return np.sum(SPARSE @ x)  # HERE


@refused("a spline at a traced value", "a review: messages", 0.4, "its own code asks", "primitive")
def f(x):
    return scipy.interpolate.CubicSpline([0.0, 1.0, 2.0], [0.0, 1.0, 0.0])(x)  # HERE


# What is asked of arrays


@refused("assigning a shape", "a review: attributes", PAIR, "assigning the shape", "x.reshape")
def f(x):
    y = x * 2.0
    y.shape = (2, 1)  # HERE
    return np.sum(y)


@refused("assigning a dtype", "a review: attributes", PAIR, "assigning the dtype", "x.astype")
def f(x):
    y = x * 2.0
    y.dtype = np.int64  # HERE
    return np.sum(y)


@refused("flags of memory", "a review: attributes", PAIR, "x.flags.c_contiguous", "Ask it of an")
def f(x):
    return x[0] if x.flags["C_CONTIGUOUS"] else x[1]  # HERE


@refused("a view of memory", "a review: attributes", PAIR, "memoryview(x)", "Use x itself")
def f(x):
    return np.sum(np.array(memoryview(x)))  # HERE


@refused("the array interface", "a review: attributes", PAIR, "lies nowhere in memory", "Ask it of")
def f(x):
    return x.__array_interface__["data"]  # HERE


@refused("too many arguments", "a review: messages", PAIR, "no more than 2", "as one array")
def f(x):
    return np.sin(x, x, x, x)  # HERE


@right("methods of the class, and what may be written", "a review: attributes", PAIR)
def f(x):
    free = 2.0 if x.flags.writeable and not np.broadcast_to(x, (2, 2)).flags.writeable else 3.0
    return np.ndarray.sum(x) * np.ndarray.dot(x, x) * free


@right("a generator is named and not called", "a review: messages", 0.4)
def f(x, make=np.random.default_rng):
    return x**2 if make is not None and np.random.default_rng is not None else x


# Callables, objects and sets that are given


class Same:
    def __init__(self, power):
        self.power = power

    def __call__(self, x):
        return x**self.power

    def __eq__(self, other):
        return self.power == other.power


@story("a callable with an equality of its own", "a review: signature")
def f():
    model = Same(2)
    g = cats.grad(model)
    for power in (2, 3):
        model.power = power
        yield g(2.0), power * 2.0 ** (power - 1)


class Model:
    scale = 3.0

    def __init__(self):
        self.weights = np.array([1.0, 2.0])

    def __call__(self, x):
        out = np.zeros(2)
        out[:] = self.weights * x
        return np.sum(out) * self.scale


def given(x):
    out = np.zeros(2)
    out[0] = FACTOR * x
    return np.sum(out)


@story("objects, sets and functions as arguments are read anew", "a review: arguments")
def f():
    global FACTOR
    model, members = Model(), {1, 2}
    g = cats.grad(lambda x, m, s: m(x) * len(s))
    for change in (
        lambda: None,
        lambda: model.weights.__setitem__(0, 5.0),
        lambda: setattr(model, "scale", 7.0),
        lambda: members.add(3),
        lambda: setattr(model, "weights", np.array([1.0, 1.0])),
    ):
        change()
        yield g(1.0, model, members), np.sum(model.weights) * model.scale * len(members)
    h = cats.grad(lambda x, f: f(x))
    for FACTOR in (2.0, 5.0):  # noqa: B007
        yield h(1.0, given), FACTOR
    FACTOR = 2.0
    back = cats.compile(lambda x, f: (x, f, given, np.sin, float))(1.0, given)
    yield back[1:] == (given, given, np.sin, float), True


@refused(
    "an attribute of an object that is given", "a review: arguments", (0.4, Model()),
    "writing to the attribute scale of a Model", "Return the value",
)  # fmt: skip
def f(x, model):
    model.scale = x  # HERE
    return x
