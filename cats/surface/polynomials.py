"""Polynomials by their coefficients, from the highest power down: polyval, polymul, poly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.spaces import Value
from cats.places import users_place
from cats.surface.convolution import convolve
from cats.surface.joining import stack
from cats.surface.shapes import leading
from cats.surface.taking import trim_zeros
from cats.surface.values import lifted, real, recorder_of
from cats.traced import Traced


def polyval(p: Value, x: Value) -> Value:
    """np.polyval: Horner's rule."""
    recorder = recorder_of(p, x)
    coefficients, at = lifted(recorder, p), lifted(recorder, x)
    found: Any = recorder.local(np.zeros(at.shape, at.dtype))
    for i in range(len(coefficients)):
        found = found * at + coefficients[i]
    return found


def polymul(a1: Value, a2: Value) -> Value:
    """np.polymul; how many leading zeros the factors have is observed."""
    recorder = recorder_of(a1, a2)
    p, q = (_trimmed(leading(lifted(recorder, a), 1)) for a in (a1, a2))
    return convolve(p, q)


def _trimmed(p: Traced) -> Traced:
    """The coefficients from the first that is not 0; a single 0 where there is none."""
    found = trim_zeros(p, "f")
    return found if found.size else p.recorder.local(np.zeros(1, p.dtype))  # type: ignore[no-any-return]


def poly(seq_of_zeros: Value) -> Value:
    """np.poly of real roots: their linear factors, multiplied."""
    roots = real(leading(lifted(recorder_of(seq_of_zeros), seq_of_zeros), 1))
    if roots.ndim != 1:
        raise TraceError(
            "np.poly of a matrix asks for its eigenvalues, which may be complex",
            where=users_place(),
            remedy="Use np.linalg.eigvalsh of a symmetric matrix, and np.poly of what it gives.",
        )
    found: Any = roots.recorder.local(np.ones(1, roots.dtype))
    for i in range(roots.size):
        one = np.ones((), roots.dtype)
        found = convolve(found, stack([one, -roots[i]]))
    return found if roots.size else 1.0


NAMES: dict[Any, Callable[..., Value]] = {
    np.polyval: polyval,
    np.polymul: polymul,
    np.poly: poly,
}
