"""NumPy's own names for its first arguments are taken, as its signatures have them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import cats

X = np.array([1.0, 2.0, 3.0])
M = np.array([[1.0, 2.0], [3.0, 4.0]])

CALLS: dict[str, dict[str, Any]] = {
    "array": {"object": X}, "asarray": {"a": X}, "asanyarray": {"a": X}, "copy": {"a": X},
    "ascontiguousarray": {"a": X}, "asfortranarray": {"a": X}, "real": {"val": X},
    "full_like": {"a": X, "fill_value": 2.0}, "require": {"a": X}, "squeeze": {"a": X},
    "array_split": {"ary": X, "indices_or_sections": 2}, "column_stack": {"tup": [X, X]},
    "split": {"ary": X, "indices_or_sections": 3}, "dstack": {"tup": [X, X]},
    "hsplit": {"ary": X, "indices_or_sections": 3}, "hstack": {"tup": [X, X]},
    "vsplit": {"ary": M, "indices_or_sections": 2}, "vstack": {"tup": [X, X]},
    "stack": {"arrays": [X, X]}, "expand_dims": {"a": X, "axis": 0}, "flip": {"m": X},
    "moveaxis": {"a": M, "source": 0, "destination": 1}, "pad": {"array": X, "pad_width": 1},
    "permute_dims": {"a": M}, "ravel": {"a": M}, "repeat": {"a": X, "repeats": 2},
    "resize": {"a": X, "new_shape": 5}, "roll": {"a": X, "shift": 1}, "transpose": {"a": M},
    "swapaxes": {"a": M, "axis1": 0, "axis2": 1}, "tile": {"A": X, "reps": 2},
    "compress": {"condition": [True, False, True], "a": X}, "delete": {"arr": X, "obj": 1},
    "insert": {"arr": X, "obj": 1, "values": 2.0}, "diagonal": {"a": M}, "trace": {"a": M},
    "take": {"a": X, "indices": [1]}, "dot": {"a": X, "b": X}, "outer": {"a": X, "b": X},
    "tensordot": {"a": X, "b": X, "axes": 1}, "sum": {"a": X}, "median": {"a": X},
    "clip": {"a": X, "a_min": 1.5, "a_max": 2.5}, "interp": {"x": X, "xp": X, "fp": X},
    "linspace": {"start": X, "stop": 2 * X}, "diff": {"a": X, "n": 1}, "sort": {"a": X},
    "polyval": {"p": X, "x": X}, "cross": {"a": X, "b": X}, "kron": {"a": X, "b": X},
    "convolve": {"a": X, "v": X}, "quantile": {"a": X, "q": 0.3}, "cumsum": {"a": X},
    "rot90": {"m": M}, "fliplr": {"m": M}, "broadcast_to": {"array": X, "shape": (2, 3)},
    "nan_to_num": {"x": X}, "unwrap": {"p": X}, "vander": {"x": X}, "tril": {"m": M},
    "diag": {"v": X}, "trapezoid": {"y": X, "x": X}, "gradient": {"f": X}, "cov": {"m": X},
    "average": {"a": X, "weights": X}, "searchsorted": {"a": X, "v": X}, "ptp": {"a": X},
    "select": {"condlist": [X > 1], "choicelist": [X]}, "append": {"arr": X, "values": X},
    "apply_along_axis": {"func1d": np.sum, "axis": 0, "arr": M}, "argsort": {"a": X},
}  # fmt: skip


def scaled(value: Any, one: Any) -> Any:
    """The arrays of real numbers times 1."""
    if isinstance(value, list):
        return [scaled(v, one) for v in value]
    real = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value * one if real else value


@pytest.mark.parametrize("name", CALLS)
def test_names_of_numpy(name: str) -> None:
    f, named = getattr(np, name), CALLS[name]
    try:
        expected = f(**named)
    except TypeError:
        pytest.skip("this NumPy takes these arguments by position only")
    found = cats.compile(lambda one: f(**{k: scaled(v, one) for k, v in named.items()}))(1.0)
    pairs = (
        zip(found, expected, strict=True)
        if isinstance(found, list | tuple)
        else [(found, expected)]
    )
    for a, b in pairs:
        np.testing.assert_allclose(a, b)


def test_names_of_linear_algebra() -> None:
    for name in ("det", "inv", "svd", "qr", "cholesky", "norm", "pinv", "eigvalsh", "slogdet"):
        f = getattr(np.linalg, name)
        first = next(iter(inspect.signature(f).parameters))
        slope = cats.jvp(lambda one, f=f, first=first: f(**{first: M @ M.T * one}), (1.0,), (1.0,))
        assert slope is not None
