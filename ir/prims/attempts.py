"""Whether a routine of linear algebra goes through, where code catches that it does not."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any

import numpy as np

from cats.ir.primitive import Primitive
from cats.ir.prims import factors, least_squares, solving, spectra
from cats.ir.spaces import Discrete, Ground, Value


def goes_through(op: Primitive, *args: Value, **params: Any) -> Value:
    """Whether the operation raises no LinAlgError.

    >>> bool(goes_through(solving.inv, np.eye(2))), bool(goes_through(solving.inv, np.ones((2, 2))))
    (True, False)
    """
    try:
        op.evaluate(*args, **params)
    except np.linalg.LinAlgError:
        return np.False_
    return np.True_


def _attempt(op: Primitive) -> Primitive:
    @wraps(op.space)
    def answer(*spaces: Ground, **params: Any) -> Ground:
        op.space(*spaces, **params)
        return Discrete((), "bool")

    return Primitive(f"attempt_{op.name}", None, answer, function=partial(goes_through, op))


attempt_cholesky = _attempt(factors.cholesky)
attempt_eigh = _attempt(spectra.eigh)
attempt_eigvalsh = _attempt(spectra.eigvalsh)
attempt_inv = _attempt(solving.inv)
attempt_lstsq = _attempt(least_squares.lstsq)
attempt_pinv = _attempt(least_squares.pinv)
attempt_solve = _attempt(solving.solve)
attempt_solve_triangular = _attempt(solving.solve_triangular)
attempt_svd = _attempt(spectra.svd)
attempt_svdvals = _attempt(spectra.svdvals)

ATTEMPTS = {
    factors.cholesky: attempt_cholesky,
    spectra.eigh: attempt_eigh,
    spectra.eigvalsh: attempt_eigvalsh,
    solving.inv: attempt_inv,
    least_squares.lstsq: attempt_lstsq,
    least_squares.pinv: attempt_pinv,
    solving.solve: attempt_solve,
    solving.solve_triangular: attempt_solve_triangular,
    spectra.svd: attempt_svd,
    spectra.svdvals: attempt_svdvals,
}
"""The question for each operation that may raise LinAlgError."""
