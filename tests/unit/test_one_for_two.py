"""One array given as two arguments: code that asks whether they are one is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError


def same(a: Any, b: Any) -> Any:
    return np.sum(a * b) * (5.0 if a is b else 1.0)


def within(a: Any, b: Any) -> Any:
    return same(a, b) + 1.0


def parts(p: Any) -> Any:
    return np.sum(p[0]) * (5.0 if p[0] is p[1] else 1.0)


def of_none(a: Any, b: Any = None, flag: Any = True) -> Any:
    return np.sum(a * a) if b is None or flag is False else np.sum(a * b)


array = np.ones(2)


@pytest.mark.parametrize("f", [same, within])
def test_it_is_refused(f: Any) -> None:
    compiled = cats.compile(f)
    assert compiled(array, array.copy()) == f(array, array.copy())
    for call in (compiled, cats.grad(f)):
        with pytest.raises(TraceError, match="an array that is given as another one too") as caught:
            call(array, array)
        assert caught.value.where is not None
        assert "a is b" in caught.value.where.code
    assert compiled(array, array.copy()) == f(array, array.copy())


def test_it_is_refused_in_containers() -> None:
    with pytest.raises(TraceError, match="given as another one too"):
        cats.compile(parts)((array, array))
    assert cats.compile(parts)((array, array.copy())) == 2.0


def test_what_asks_for_constants_is_not() -> None:
    assert cats.compile(of_none)(array, array) == 2.0
    assert cats.grad(of_none)(array, array).tolist() == [1.0, 1.0]
    assert cats.compile(lambda a, b: np.sum(a) + np.sum(b))(array, array) == 4.0
    assert cats.compile(lambda a: same(a, a))(array) == 10.0
    assert cats.compile(of_its_type)(array, array) == 2.0


def of_its_type(a: Any, b: Any, kind: Any = float) -> Any:
    return np.sum(a * b) if type(a) is not kind else 0.0
