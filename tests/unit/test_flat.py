"""`x.flat` is an iterator, as NumPy's: it is advanced, and a key takes it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import TraceError


def walked(x: Any) -> Any:
    a = x * np.arange(6.0).reshape(2, 3)
    it = a.flat
    first = next(it), next(it), it.index, it.coords
    again = it[4], it.index, next(it)
    rest = list(it), list(it), next(it, 7.0 * x)
    more = a.flat
    next(more)
    more[2] = 5.0 * x
    single = np.array(3.0 * x).flat
    seen = it.copy(), it.base is a, iter(it) is it, len(it), next(more), next(single), list(single)
    return first, again, rest, seen, a


def test_an_iterator_over_entries() -> None:
    np.testing.assert_equal(cats.compile(walked)(1.5), walked(1.5))
    assert cats.grad(lambda x: x * next(np.arange(1.0, 3.0).flat))(2.0) == 1.0
    assert cats.grad(lambda x: sum((x * np.arange(4.0).reshape(2, 2)).flat))(2.0) == 6.0


def test_one_from_around_is_not_advanced() -> None:
    def f(x: Any) -> Any:
        it = (x * np.arange(3.0)).flat
        return cats.fori_loop(0, 2, lambda i, v: v + next(it), x)

    with pytest.raises(TraceError, match="advancing a flat iterator from around"):
        cats.compile(f)(1.0)
