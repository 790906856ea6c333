"""What NumPy and SciPy refuse is refused as they do: as an error of their kind, at the user's line.

Each case is a function and its argument. Plain NumPy raises; in a traced function the error is of
ours and of that kind, says why, and may be caught as NumPy's would be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import cats

X, M = np.array([1.5, -0.5, 2.0]), np.array([[1.0, 5.0, 2.0], [9.0, 3.0, 4.0]])
NP: Any = np  # whose types do not know all that the functions take
SL: Any = scipy.linalg

CASES: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "khatri_rao of vectors": (lambda x: SL.khatri_rao(x, x), X, "2-dimensional"),
    "khatri_rao of unlike": (lambda x: SL.khatri_rao(x, x[:, :2]), M, "number of columns"),
    "block_diag of stacks": (
        lambda x: SL.block_diag(np.stack([x, x]), np.stack([x, x, x])), M, "block_diag",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_error_is_of_numpys_kind(name: str) -> None:
    f, x, says = CASES[name]
    with pytest.raises(Exception) as plain:
        f(x)
    with pytest.raises(plain.type, match=says) as caught:
        cats.compile(f)(x)
    error = caught.value
    assert isinstance(error, cats.CatsError)
    assert error.where is not None and error.where.file == __file__
    assert error.remedy


@pytest.mark.parametrize("name", CASES)
def test_code_may_catch_it(name: str) -> None:
    f, x, _ = CASES[name]
    with pytest.raises(Exception) as plain:
        f(x)
    kind = plain.type

    def tried(x: Any) -> Any:
        try:
            f(x)
        except kind:
            return 2.0 * np.sum(x)
        return np.sum(x)

    np.testing.assert_array_equal(cats.grad(tried)(x), np.full(x.shape, 2.0))
