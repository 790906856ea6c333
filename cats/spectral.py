"""Eigenspaces of a symmetric matrix, and how eigenvalues that agree move apart.

Where k eigenvalues agree their vectors are any basis of a space, and none of them has a
derivative: `np.linalg.eigh` gives nan. What has one is the block as a whole, the k x k matrix
q' da q; its eigenvalues are the slopes with which the eigenvalues of a + t da leave their common
value. (Lax, "Linear Algebra", chapter 9; Edelman and Johnson, "Matrix Calculus", chapter 13.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.prims.spectra import ROUNDING

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Eigenspace:
    """An eigenvalue, and an orthonormal basis of its space: n rows, a column for each time."""

    value: float
    basis: Array

    def derivative(self, da: Array) -> Array:
        """q' da q, the generalised derivative along the symmetric matrix da.

        >>> space = eigenspaces(np.diag([1.0, 1.0, 2.0]))[0]
        >>> np.abs(space.derivative(np.ones((3, 3))))
        array([[1., 1.],
               [1., 1.]])
        """
        return np.asarray(self.basis.T @ np.asarray(da) @ self.basis)

    def slopes(self, da: Array) -> Array:
        """The derivatives of the eigenvalues of a + t da at t = 0, from the right, ascending.

        >>> eigenspaces(np.diag([1.0, 1.0, 2.0]))[0].slopes(np.ones((3, 3))).round(12) + 0.0
        array([0., 2.])
        """
        return np.linalg.eigvalsh(self.derivative(da))


def eigenspaces(a: Array, tolerance: float | None = None) -> tuple[Eigenspace, ...]:
    """The eigenspaces of a symmetric matrix, of which the lower triangle is read.

    tolerance  neighbours that differ by no more are one eigenvalue; usually rounding errors, 4 eps
               times the sum of the absolute eigenvalues
    Raises SpaceError unless `a` is one square matrix.

    >>> [(space.value, space.basis.shape) for space in eigenspaces(np.diag([2.0, 1.0, 2.0]))]
    [(1.0, (3, 1)), (2.0, (3, 2))]
    """
    array = np.asarray(a, float)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise SpaceError(
            f"eigenspaces of an array of shape {array.shape}",
            remedy="Give one square matrix.",
        )
    w, v = np.linalg.eigh(array)
    least = ROUNDING * np.finfo(float).eps * np.sum(np.abs(w)) if tolerance is None else tolerance
    cuts = np.flatnonzero(np.diff(w) > least) + 1
    parts = zip(np.split(w, cuts), np.split(v, cuts, axis=1), strict=True)
    return tuple(Eigenspace(float(np.mean(value)), basis) for value, basis in parts if value.size)
