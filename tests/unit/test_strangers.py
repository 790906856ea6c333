"""Compiled code that is given a traced value: the error says where, and what to do."""

from __future__ import annotations

import datetime
import pathlib
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from tests.agreement import all_refused

V = np.array([1.0, 2.0])


def summed(x: Any) -> Any:
    return x * zlib.crc32(x)


BLIND = "compiled code was given a traced value, and cannot see into it: "
REMEDY = (
    "Compute with NumPy or math; or make of the function that calls it one operation with cats."
)
MODULUS = "pow with a modulus of a traced value in R: only Python's whole numbers have it"


@pytest.mark.parametrize(
    "over", [cats.grad, cats.compile, cats.hessian, lambda f: cats.grad(lambda x: cats.grad(f)(x))]
)
def test_what_cannot_see_into_a_value_says_so_at_the_users_line(over: Any) -> None:
    refused: list[tuple[Callable[[Any], Any], str, str]] = [
        (summed, "a bytes-like object is required, not 'Traced'", "return x * zlib.crc32(x)"),
        (lambda x: x * datetime.timedelta(seconds=x).seconds, "unsupported type for timedelta",
         "timedelta(seconds=x)"),
        (lambda x: x * len("".join([x])), "sequence item 0: expected str", '"".join([x])'),
        (lambda x: x * len(pathlib.PurePath(x).name), "", "PurePath(x)"),
        (lambda x: 2 * x(x), "'Traced' object is not callable", "2 * x(x)"),
    ]  # fmt: skip
    all_refused(
        [
            (lambda f=f: over(f)(1.0), cats.TraceError, BLIND + said, REMEDY, line)
            for f, said, line in refused
        ]
    )


def test_what_the_users_code_raises_is_its_own() -> None:
    def raising(x: Any) -> Any:
        raise ValueError("Traced? Not here.")

    def trying(x: Any) -> Any:
        try:
            return x * zlib.crc32(x)
        except TypeError:
            return 3.0 * x

    with pytest.raises(ValueError, match="Traced\\? Not here") as caught:
        cats.grad(raising)(1.0)
    assert not isinstance(caught.value, cats.CatsError)
    assert cats.grad(trying)(1.0) == 3.0


def test_a_modulus_is_refused() -> None:
    """As floats and arrays refuse it; where Python would not, code that tries does not get by."""

    def trying(x: Any) -> Any:
        try:
            return pow(x, 2, 3)
        except TypeError:
            return 4.0 * x

    for given in (1.5, np.float64(1.5), np.int64(2), V):
        assert np.array_equal(cats.compile(trying)(given), trying(given))
    all_refused(
        [
            (lambda: cats.grad(lambda x: pow(x, 2, 3))(1.0), cats.TraceError, MODULUS, "x**y % m"),
            (lambda: cats.grad(lambda x: pow(x[0], 2, 3))(V), cats.TraceError, MODULUS, "x**y % m",
             "pow(x[0], 2, 3)"),
            (lambda: cats.grad(lambda x: x * trying((x > 0) + 1))(2.0), cats.TraceError,
             "pow with a modulus of a traced value in ", "x**y % m", "return pow(x, 2, 3)"),
        ]
    )  # fmt: skip
    assert cats.grad(lambda x: pow(x, 2, None))(3.0) == 6.0
