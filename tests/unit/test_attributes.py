"""The attributes of traced values: those of the kind of value that each stands for."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats

Function = Callable[..., Any]
VALUES = (2.0, np.float64(2.0), np.float32(2.0), np.array(2.0), np.array([1.0, 2.0]))
NAMES = (
    "shape", "ndim", "dtype", "size", "itemsize", "sum", "astype", "item", "tolist", "T", "flat",
    "copy", "real", "imag", "conjugate", "round", "is_integer", "hex", "as_integer_ratio",
    "fromhex", "strides", "data", "bit_length", "nothing", "space", "term", "weak", "recorder",
    "__len__", "__iter__", "__getitem__", "__setitem__", "__contains__", "__array__",
    "__array_ufunc__", "__array_interface__", "__index__", "__float__", "__add__", "__matmul__",
    "__iadd__", "__lshift__", "__trunc__", "__complex__", "__bool__", "__eq__",
)  # fmt: skip
REFUSED = ("as_integer_ratio", "fromhex", "strides", "data", "__array_interface__")
"""What is there, and cannot be given."""


@pytest.mark.parametrize("x", VALUES, ids=lambda x: f"{type(x).__name__}{np.shape(x)}")
def test_hasattr_and_getattr(x: Any) -> None:
    for name in NAMES:

        def has(x: Any, name: str = name) -> Any:
            return x * (2.0 if hasattr(x, name) else 3.0)

        def gets(x: Any, name: str = name) -> Any:
            return x * (3.0 if getattr(x, name, None) is None else 2.0)

        for f in (has, gets) if name not in REFUSED else (has,):
            np.testing.assert_array_equal(cats.compile(f)(x), f(x), err_msg=name)


def shaped(x: Any) -> Any:
    try:
        return x * (len(x.shape) + 2.0)
    except AttributeError:
        return 7.0 * x


def summed(x: Any) -> Any:
    return sum(x) if hasattr(x, "__len__") else 3.0 * x


def measured(x: Any) -> Any:
    try:
        return x.sum() * len(x)
    except (AttributeError, TypeError):
        return 7.0 * x


def iterated(x: Any) -> Any:
    try:
        entries = iter(x)
    except TypeError:
        return 3.0 * x
    return sum(entries)


def read(x: Any) -> Any:
    try:
        return sum(x.__iter__())
    except (AttributeError, TypeError):
        return 3.0 * x


def indexed(x: Any) -> Any:
    try:
        return x[()] * 2.0
    except TypeError:
        return 3.0 * x


def searched(x: Any) -> Any:
    try:
        return x * (2.0 if 2.0 in x else 5.0)
    except TypeError:
        return 3.0 * x


def whole(x: Any) -> Any:
    try:
        return x * (2.0 if x.is_integer() else 5.0)
    except AttributeError:
        return 3.0 * x


def by_getter(x: Any) -> Any:
    try:
        return x * operator.attrgetter("size")(x)
    except AttributeError:
        return 3.0 * x


def written(x: Any) -> Any:
    return x * (len(x.hex()) if hasattr(x, "hex") else 2.0)


def bits(x: Any) -> Any:
    n = (x > 0.0) + (x > 1.0)
    return x * (n.bit_length() + n.numerator if hasattr(n, "numerator") else 9.0)


WAYS = (
    shaped, summed, measured, iterated, read, indexed, searched, whole, by_getter, written, bits,
)  # fmt: skip


@pytest.mark.parametrize("f", WAYS)
def test_code_that_asks_goes_the_same_way(f: Function) -> None:
    for x in (2.0, np.float64(2.0), np.array([1.0, 2.0])):
        np.testing.assert_array_equal(cats.compile(f)(x), f(x), err_msg=type(x).__name__)


@pytest.mark.parametrize(
    ("f", "x", "says", "remedy"),
    [
        (lambda x: x.sum(), 2.0, "of type float, has no attribute 'sum'", "np.asarray(x).sum"),
        (lambda x: x.is_integer(), np.ones(2), "of type numpy.ndarray, has no attribute", "NumPy"),
        (lambda x: getattr(x, "shape"), 2.0, "no attribute 'shape'", "np.asarray(x).shape"),  # noqa: B009
        (lambda x: x.strides, np.ones(2), "x.strides of a traced value", "outside"),
        (lambda x: x.as_integer_ratio(), 2.0, "it takes the number out", "Use x itself"),
        (lambda x: x[0], 2.0, "subscripting a traced value in R: it is a number", "atleast_1d"),
        (lambda x: x in x, 2.0, "looking for a value in a traced value", "Use x itself"),
    ],
)
def test_what_is_not_there_is_said(f: Function, x: Any, says: str, remedy: str) -> None:
    with pytest.raises(cats.TraceError) as caught:
        cats.compile(f)(x)
    assert says in caught.value.message and remedy in str(caught.value.remedy)
    assert caught.value.where is not None and caught.value.where.file == __file__
