"""Arguments that do not fit: what NumPy refuses too is refused with a remedy, at the line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats

X, M = np.ones(3), np.ones((2, 2))
FIT = "Give the arguments shapes that fit each other: x.shape says what each has."
WITHIN = "Index within x.shape, from 0 or back from -1, with no more indices than axes."

CASES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "index": (lambda x: x[7], WITHIN),
    "indices": (lambda x: x[0, 0], WITHIN),
    "index array": (lambda x: x[[7]], WITHIN),
    "index written": (lambda x: np.copyto(np.zeros(3)[7:8], x[5]), WITHIN),
    "take": (lambda x: np.take(x, [7]), WITHIN),
    "take_along_axis": (lambda x: np.take_along_axis(x, np.array([5]), 0), WITHIN),
    "reshape": (lambda x: x.reshape(2, 2), FIT),
    "matmul": (lambda x: M @ x, FIT),
    "dot": (lambda x: np.dot(M, x), FIT),
    "inner": (lambda x: np.inner(x, np.ones(2)), FIT),
    "tensordot": (lambda x: np.tensordot(x, np.ones(2), 1), FIT),
    "einsum": (lambda x: np.einsum("ij,j", M, x), FIT),
    "concatenate": (lambda x: np.concatenate([x, M]), FIT),
    "vstack": (lambda x: np.vstack([x, np.ones(2)]), FIT),
    "solve": (lambda x: np.linalg.solve(np.outer(x, x)[:2], x[:2]), FIT),
    "inv": (lambda x: np.linalg.inv(np.outer(x, x)[:2]), FIT),
    "det": (lambda x: np.linalg.det(np.outer(x, x)[:2]), FIT),
    "squeeze": (
        lambda x: np.squeeze(x, 0),
        "Leave axis= out to drop every axis of length 1, or use reshape.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_there_is_a_remedy(name: str) -> None:
    f, remedy = CASES[name]
    with pytest.raises(cats.CatsError) as caught:
        cats.compile(f)(X)
    message, place, last = str(caught.value).splitlines()
    assert message and f"{__name__.rpartition('.')[2]}.py" in place
    assert last == f"  {remedy}"
    with pytest.raises((ValueError, IndexError, np.linalg.LinAlgError)):
        f(X)
