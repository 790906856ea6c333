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
import scipy.special

import cats

X, M = np.array([1.5, -0.5, 2.0]), np.array([[1.0, 5.0, 2.0], [9.0, 3.0, 4.0]])
NP: Any = np  # whose types do not know all that the functions take
SL: Any = scipy.linalg

CASES: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "khatri_rao of vectors": (lambda x: SL.khatri_rao(x, x), X, "2-dimensional"),
    "khatri_rao of unlike": (lambda x: SL.khatri_rao(x, x[:, :2]), M, "number of columns"),
    "position of inv": (lambda x: SL.inv(x[:, :2], 1, 2, 3), M, "too many positional"),
    "symmetric, not square": (
        lambda x: SL.solve(x[:1], x[0, :1], assume_a="sym"), M, "is square",
    ),
    "a pseudoinverse, not square": (lambda x: np.linalg.pinv(x, hermitian=True), M, "is square"),
    "svd, not square": (lambda x: np.linalg.svd(x, hermitian=True)[1], M, "square"),
    "companion of one": (lambda x: SL.companion(x[:1]), X, "at least 2"),
    "convolution_matrix of 0": (lambda x: SL.convolution_matrix(x, 0), X, "positive"),
    "amax of nothing": (lambda x: np.amax(x[:0]), X, "there is none"),
    "amin axis": (lambda x: np.amin(x, axis=5), X, "axis 5"),
    "argmax axes": (lambda x: NP.argmax(x, axis=(0, 1)), M, "interpreted"),
    "argmin axes": (lambda x: NP.argmin(x, axis=(0,)), M, "interpreted"),
    "nanargmax axes": (lambda x: NP.nanargmax(x, axis=(0, 1)), M, "interpreted"),
    "an axis twice": (lambda x: np.sum(x, axis=(0, 0)), M, "named twice"),
    "an axis of nothing twice": (lambda x: np.sum(x[:0], axis=(0, -2)), M, "named twice"),
    "an axis of one twice": (lambda x: np.std(x[:1], axis=(0, 0)), M, "named twice"),
    "a median's axis twice": (lambda x: np.median(x, axis=(0, 0)), M, "named twice"),
    "a new axis twice": (lambda x: np.expand_dims(x, (0, 0)), M, "named twice"),
    "an axis of a number": (lambda x: np.mean(x[0], axis=0), X, "axis 0"),
    "flip twice": (lambda x: np.flip(x, (0, 0)), M, "named twice"),
    "squeeze twice": (lambda x: np.squeeze(x[:1], (0, 0)), M, "named twice"),
    "a sum of nothing": (lambda x: NP.sum(x[:0], initial=None), X, "to begin with"),
    "a product of some": (lambda x: NP.prod(x, where=x > 0, initial=None), X, "to begin with"),
    "multi_dot of one": (lambda x: np.linalg.multi_dot([x]), M, "at least two"),
    "least squares of stacks": (
        lambda x: np.linalg.lstsq(np.stack([x, x]), x[:, 0])[0], M, "one matrix",
    ),
    "dot into another dtype": (
        lambda x: np.dot(x, x.T, out=np.zeros((2, 2), "f4")), M, "array of float32",
    ),
    "dot into a wider dtype": (
        lambda x: np.dot(x.astype("f4"), x.T.astype("f4"), out=np.zeros((2, 2))), M, "of float64",
    ),
    "take into another dtype": (
        lambda x: np.take(x.astype("f4"), [0], out=np.zeros(1)), X, "array of float64",
    ),
    "compress into another dtype": (
        lambda x: np.compress([True], x.astype("f4"), out=np.zeros(1)), X, "array of float64",
    ),
    "a list for results": (lambda x: NP.sin(x, out=[1.0]), X, "no list"),
    "dots for a sum": (lambda x: NP.sum(x, out=...), X, "no ellipsis"),
    "a tuple for a sum": (lambda x: NP.sum(x, out=(np.zeros(()),)), X, "no tuple"),
    "one array for two results": (lambda x: NP.modf(x, out=np.zeros(3)), X, "2 results"),
    "round of an array": (lambda x: round(NP.asarray(x[0])), X, "rounds numbers"),
    "reshape with a copy": (
        lambda x: NP.reshape(x.copy().T, -1, copy=False), M, "lie so in memory",
    ),
    "reshape by columns with a copy": (
        lambda x: NP.reshape(x.copy(), -1, order="F", copy=False), M, "lie so in memory",
    ),
    "reshape in any order": (lambda x: NP.reshape(x, -1, order="K"), X, "for ravel"),
    "vander of a matrix": (np.vander, M, "one-dimensional"),
    "rot90 in one axis": (lambda x: np.rot90(x, axes=(0, 0)), M, "different"),
    "rollaxis": (lambda x: np.rollaxis(x, 9), M, "axis 9"),
    "digitize": (lambda x: np.digitize(x, [3, 1, 2]) * x, X, "monotonically"),
    "vander of unlike": (lambda x: NP.vander([x, 1]), X, "stacked"),
    "polyfit": (lambda x: np.polyfit(x, x[:2], 1), X, "same length"),
    "polygamma": (lambda x: scipy.special.polygamma([0, 1], x), X, "broadcast"),
    "block_diag of stacks": (
        lambda x: SL.block_diag(np.stack([x, x]), np.stack([x, x, x])), M, "block_diag",
    ),
}  # fmt: skip


if np.lib.NumpyVersion(np.__version__) >= "2.4.0":
    CASES |= {
        "float of an array": (lambda x: float(x[:1]) * x, X, "it has axes"),
        "int of an array": (lambda x: int(x[:1]) * x, X, "it has axes"),
    }


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


def test_dots_make_arrays_of_results_without_axes() -> None:
    """out=... gives arrays, where NumPy is of 2.3 or later."""
    try:
        expected = NP.modf(X[0], out=...)
    except TypeError:
        pytest.skip("this NumPy takes no out=...")
    assert [type(e) for e in expected] == [np.ndarray] * 2

    def f(x: Any) -> Any:
        part, whole = NP.modf(x[0], out=...)
        whole[...] += part * x[1]
        return part, whole

    assert cats.compile(f)(X) == (0.5, 0.75)
    assert cats.compile(lambda x: NP.modf(x[0], out=...))(X) == expected
    np.testing.assert_array_equal(cats.compile(lambda x: NP.sin(x, out=...))(X), np.sin(X))
    assert cats.compile(lambda x: NP.add.reduce(x, out=...))(X) == np.sum(X)
    slope = cats.grad(lambda x: NP.sin(x[0], out=...) * 1.0)(X)
    np.testing.assert_allclose(slope, [np.cos(1.5), 0.0, 0.0])
    with pytest.raises(cats.TraceError, match="where= and without out="):
        cats.compile(lambda x: NP.sin(x, out=..., where=x > 0))(X)


def test_the_first_of_two_results_is_written() -> None:
    def f(x: Any) -> Any:
        part = np.zeros(3)
        _, whole = NP.modf(x, part)
        return part, whole

    for found, expected in zip(cats.compile(f)(X), f(X), strict=True):
        np.testing.assert_array_equal(found, expected)
