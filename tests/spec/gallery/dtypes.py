"""Dtypes: never narrowed, never widened, and what is no real number is said so."""

import datetime
import decimal

import numpy as np

import cats
from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

X = np.array([0.4, -0.7, 1.2])
NARROW = X.astype(np.float32)


@right("double precision stays", "jax#22688", 1.0 + 1e-12, slope=lambda x: 1e12 * (x - 1.0))
def f(x):
    return (x - 1.0) ** 2 * 0.5e12


@right("single precision stays", "TensorNetwork#251", NARROW, slope=lambda x: np.float32(2.0) * x)
def f(x):
    return np.sum(x * x * 1.0 + 0)


@right("single times a Python number", "NEP 50", NARROW, slope=lambda x: 2.0 * np.cos(2.0 * x))
def f(x):
    return np.sum(np.sin(2 * x) + True)


@right("single meets double", "NEP 50", (NARROW, X), slope=lambda x, y: (y, x.astype(float)))
def f(x, y):
    return np.sum(x * y)


@right("arrays of objects", "numpy: dtype=object", X, 2.0 * X)
def f(x):
    a = np.array([[x[0], x[1] ** 2], [x[2], 1.0]], dtype=object)
    v = np.array([x[1], 2.0], dtype=object)
    w = x.astype(object) * x[0]
    return np.sum(a @ v) * x + np.dot(w, x)


@right("single in a double array", "numpy: casting", NARROW, slope=lambda x: 2.0 * x)
def f(x):
    a = np.zeros(3)
    a[:] = x
    return np.sum(a * a)


@right("double cut to single", "jax#652", X, slope=lambda x: 2.0 * x.astype(np.float32))
def f(x):
    a = np.zeros(3, np.float32)
    a[:] = x
    return np.sum(a * a)


@right("a cast to whole numbers and back", "jax#2663", X * 3, slope=lambda x: np.trunc(x))
def f(x):
    return np.sum(x * x.astype(int)) + 0.0 * np.sum(x.astype(bool))


@right("a NumPy scalar", "NEP 50", np.float64(0.5), np.float64(2.0))
def f(x):
    return x**3


@right("a scalar in single precision", "NEP 50", np.float32(0.5), slope=lambda x: 3 * x * x)
def f(x):
    return x**3


@right("counts are divided as Python divides", "language", X)
def f(x):
    n = np.arange(1, 4)
    return np.sum(x / n + x // n * 0.0 + n**2 * x + x * (n % 2) + x ** (n - 1)) + np.mean(n) * x[0]


@right(
    "whole numbers beside real ones",
    "users: N",
    ({"x": 3.0, "n": 2, "flag": True, "name": "a", "none": None},),
)
def f(p):
    return p["x"] ** p["n"] * (1.0 if p["flag"] else 2.0) * len(p["name"])


@right("an integer array as an argument beside", "users: N", (X, np.array([2, 0, 1])))
def f(x, i):
    return np.sum(x[i] * i * x)


@right("an accumulator of integers", "language: sum", X)
def f(x):
    total = 0
    count = 0
    for v in x:
        total += v * v
        count += 1
    return total / count


@right("zeros_like of whole numbers", "numpy.zeros_like", 2.5, slope=lambda x: 1.0)
def f(x):
    a = np.zeros_like([1, 2, 3])
    a[1] = x
    return a[1] + x


@right(
    "the dtype is asked", "users: J", NARROW, slope=lambda x: np.full(3, np.finfo(np.float32).eps)
)
def f(x):
    return np.sum(x * np.finfo(x.dtype).eps)


# What is refused


@story("an integer is no real number", "jax#2663; tangent#66")
def f():
    for bad in (3, True, np.int64(2), np.arange(3), [1, 2], np.array([True])):
        try:
            cats.grad(lambda x: np.sum(np.asarray(x) ** 2))(bad)
        except cats.DerivativeError as error:
            yield error.where is not None and bool(error.remedy), True
        else:
            yield "no error", repr(bad)


def _refusal(name, source, value, says):
    def f(x):
        y = x * value  # HERE
        return np.sum(y.real)

    refused(name, source, X, says, "")(f)


_refusal("a complex number", "users: O", 1j, "complex numbers are not supported")
_refusal("a complex array", "users: O", np.ones(3) * 1j, "complex numbers are not supported")
_refusal("half precision", "design", np.float16(2.0), "float16")
_refusal(
    "long double",
    "design",
    np.longdouble(2.0),
    "float128" if np.dtype(np.longdouble).itemsize == 16 else "dtype",
)
_refusal(
    "a masked array",
    "numpy.ma",
    np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
    "MaskedArray does not compute",
)
_refusal("a matrix", "numpy.matrix", np.eye(3).view(np.matrix), "matrix does not compute")
_refusal("None", "language", None, "None")
_refusal("an object", "language", object(), "object")
_refusal("a decimal", "language", decimal.Decimal("0.1"), "Decimal")
_refusal("a duration", "numpy.timedelta64", np.timedelta64(3, "D"), "timedelta64")
_refusal("dates", "datetime", datetime.timedelta(3), "timedelta")
_refusal("text", "language", "a", "")


@refused("an array of objects that are no numbers", "numpy: object", X, "is not a number", "arrays")
def f(x):
    return np.sum(x * np.array([{}, 1, 2]))  # HERE


@refused("the logarithm's complex branch", "np.emath", -X, "its results may be complex", "np.sqrt")
def f(x):
    return np.sum(np.emath.sqrt(x).real)  # HERE


@refused("a cast to complex numbers", "users: O", X, "complex numbers are not supported", "real")
def f(x):
    return np.sum(np.abs(x.astype(complex)) ** 2)  # HERE


@refused("a cast to half precision", "users: J", X, "dtype float16", "float64")
def f(x):
    return np.sum(np.asarray(x, dtype=np.float16) ** 2)  # HERE


@refused("a structured array", "numpy: records", X, "", "")
def f(x):
    r = np.zeros(3, dtype=[("a", float), ("b", int)])
    r["a"] = x  # HERE
    return np.sum(r["a"])


@story("arguments in no space", "design")
def f():
    for bad in (
        1j,
        np.ones(2) * 1j,
        np.float16(1),
        np.longdouble(1),
        "a",
        None,
        np.array(["a"]),
        np.ma.array([1.0]),
        np.array("2020", "M8[D]"),
        object(),
        {1.0},
    ):
        try:
            cats.grad(lambda x: np.sum(x))(bad)
        except cats.CatsError as error:
            yield error.where is not None and bool(error.remedy), True
        else:
            yield "no error", repr(bad)
