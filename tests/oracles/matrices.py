"""Meanings of matrices: by elimination, by permutations, and by what mpmath knows of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.oracles.numbers import CONTEXT, NOT_A_NUMBER, Array, mpf

Entry = Callable[..., Any]

SINGULAR = "1e-50"
"""A determinant is zero if it is so small beside the one of rows at right angles."""


def _each_matrix(f: Callable[..., Any]) -> Entry:
    """f of the matrices at each place of the axes before the last two of the first argument."""

    def entry(*xs: Array, **params: Any) -> Array:
        stack = xs[0].shape[:-2]
        places = list(np.ndindex(*stack))
        given = [[x[place] for x in xs] for place in places]
        rows = [np.asarray(f(*args, **params), object) for args in given]
        shape = rows[0].shape if rows else np.shape(f(*[_any(x, len(stack)) for x in xs], **params))
        found = np.empty((*stack, *shape), object)
        for place, row in zip(places, rows, strict=True):
            found[place] = row[()]
        return found

    return entry


def _any(x: Array, lead: int) -> Array:
    """A matrix, or a vector, like those in an empty stack."""
    found = _zeros(*x.shape[lead:])
    for i in range(min(found.shape, default=0)):
        found[(i,) * found.ndim] = mpf(1)
    return found


def _zeros(*shape: int) -> Array:
    return np.full(shape, mpf(0), object)


def _unit(n: int) -> Array:
    found = _zeros(n, n)
    for i in range(n):
        found[i, i] = mpf(1)
    return found


# Elimination


def _eliminated(a: Array, b: Array) -> tuple[Any, Array]:
    """det(a) and a^-1 b, the largest entry of a column its pivot; b is a matrix."""
    n, wide = len(a), np.concatenate([a, b], 1)
    det = mpf(1)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(wide[i, k]))
        if wide[pivot, k] == 0:
            return mpf(0), b
        if pivot != k:
            wide[[k, pivot]] = wide[[pivot, k]]
            det = -det
        det = det * wide[k, k]
        wide[k] = wide[k] / wide[k, k]
        for i in range(n):
            if i != k:
                wide[i] = wide[i] - wide[k] * wide[i, k]
    return det, wide[:, n:]


def _solved(a: Array, b: Array) -> Array:
    """a^-1 b; not a number where a is singular, as far as one can tell from its digits."""
    det, found = _eliminated(a, b.reshape(len(a), b.size // max(len(a), 1)))
    singular = abs(det) <= mpf(SINGULAR) * _box(a)
    return (found * NOT_A_NUMBER if singular else found).reshape(b.shape)


def _box(a: Array) -> Any:
    """The product of the lengths of the rows: what the determinant would be at right angles."""
    return CONTEXT.fprod([CONTEXT.norm(list(row)) for row in a])


def _solve(a: Array, b: Array, *, columns: int, transposed: bool) -> Array:
    return _solved(a.T if transposed else a, b)


def _solve_triangular(
    a: Array, b: Array, *, columns: int, lower: bool, transposed: bool, unit: bool
) -> Array:
    part = _triangle(a, k=0, extra=0, below=lower)
    if unit:
        for i in range(len(a)):
            part[i, i] = mpf(1)
    return _solved(part.T if transposed else part, b)


def _slogdet(a: Array) -> tuple[Array, Array]:
    det = _each_matrix(_det)(a)
    sign = np.frompyfunc(lambda d: mpf(1 if d > 0 else -1 if d < 0 else 0), 1, 1)
    return np.asarray(sign(det), object), np.asarray(
        np.frompyfunc(lambda d: CONTEXT.log(abs(d)), 1, 1)(det), object
    )


def _det(a: Array) -> Any:
    return _eliminated(a, _zeros(len(a), 0))[0]


def _pinv(a: Array, *, rcond: float) -> Array:
    """Of a matrix of full rank."""
    rows, columns = a.shape
    if rows >= columns:
        return _solved(a.T @ a, a.T) if columns else _zeros(columns, rows)
    return _solved(a @ a.T, a).T if rows else _zeros(columns, rows)


def _lstsq(a: Array, b: Array, *, rcond: float) -> Array:
    return _pinv(a, rcond=rcond) @ b


# Determinants by permutations


def _along(a: Array, directions: Sequence[Array]) -> Any:
    """The derivative of det at a along each direction once: some rows are theirs, the rest a's."""
    n, found = len(a), mpf(0)
    for rows in itertools.permutations(range(n), len(directions)):
        mixed = a.copy()
        for i, e in zip(rows, directions, strict=True):
            mixed[i] = e[i]
        for order in itertools.permutations(range(n)):
            odd = sum(i > k for i, k in itertools.combinations(order, 2)) % 2
            term = mpf(-1 if odd else 1)
            for i, k in enumerate(order):
                term = term * mixed[i, k]
            found = found + term
    return found


def _cofactors(a: Array, *directions: Array) -> Array:
    def minor(x: Array, i: int, k: int) -> Array:
        return np.delete(np.delete(x, i, 0), k, 1)

    found = _zeros(*a.shape)
    for i, k in np.ndindex(*a.shape):
        found[i, k] = (-1) ** (i + k) * _along(minor(a, i, k), [minor(e, i, k) for e in directions])
    return found


def _wide(f: Entry) -> Entry:
    """One direction may have more axes behind: f at each place of them."""

    def entry(*xs: Array, wide: Sequence[int]) -> Array:
        if not wide:
            return _each_matrix(f)(*xs)  # type: ignore[no-any-return]
        slot, n = wide
        behind = xs[slot].shape[xs[slot].ndim - n :]
        found = np.empty(xs[slot].shape, object)
        for place in np.ndindex(*behind):
            given = [x[(..., *place)] if i == slot else x for i, x in enumerate(xs)]
            found[(..., *place)] = _each_matrix(f)(*given)
        return found

    return entry


# Parts and factors


def _triangle(x: Array, *, k: int, extra: int, below: bool) -> Array:
    """The entries on one side of a diagonal, which stays; zero elsewhere."""
    found = _zeros(*x.shape)
    for place in np.ndindex(*x.shape):
        row, column = place[x.ndim - extra - 2 : x.ndim - extra]
        if column - row <= k if below else column - row >= k:
            found[place] = x[place]
    return found


def _cholesky(a: Array) -> Array:
    """The factor of the symmetric matrix with this lower triangle."""
    found = _zeros(*a.shape)
    for i in range(len(a)):
        for k in range(i + 1):
            rest = a[i, k] - sum((found[i, j] * found[k, j] for j in range(k)), mpf(0))
            found[i, k] = CONTEXT.sqrt(rest) if i == k else rest / found[k, k]
    return found


def _over_gaps(x: Array, gaps: Array, least: Array, *, extra: int, hollow: bool) -> Array:
    """Quotients; not a number over a gap that is none."""
    found, at = np.empty(x.shape, object), x.ndim - extra
    for place in np.ndindex(*x.shape):
        gap = gaps[place[:at]]
        if hollow and place[at - 2] == place[at - 1]:
            found[place] = mpf(0)
        elif abs(gap) > least[place[: at - 2]]:
            found[place] = x[place] / gap
        else:
            found[place] = mpf(0) if x[place] == 0 and gap != 0 else NOT_A_NUMBER
    return found


# What mpmath knows


def _mirrored(a: Array, uplo: str) -> Array:
    half = _triangle(a, k=0, extra=0, below=uplo == "L")
    return half + _triangle(half.T, k=1 if uplo == "L" else -1, extra=0, below=uplo == "U")


def _eigvalsh(a: Array, *, uplo: str) -> list[Any]:
    if not len(a):
        return []
    return sorted(CONTEXT.eigsy(CONTEXT.matrix(_mirrored(a, uplo).tolist()), eigvals_only=True))


def _svdvals(a: Array) -> list[Any]:
    if not a.size:
        return []
    tall = a if a.shape[0] >= a.shape[1] else a.T
    values = CONTEXT.svd_r(CONTEXT.matrix(tall.tolist()), compute_uv=False)
    return sorted(values, reverse=True)


def _of_matrix(name: str) -> Callable[[Array], Array]:
    def f(a: Array) -> Array:
        if not a.size:
            return a
        made = getattr(CONTEXT, name)(CONTEXT.matrix(a.tolist()))
        return np.array(made.tolist(), object)

    return f


def _sylvester(a: Array, b: Array, c: Array, *, extra: int, transposed: bool) -> Array:
    """a x + x b = c, an equation for each entry of x."""
    if transposed:
        a, b = a.T, b.T
    m, n = len(a), len(b)
    places = list(np.ndindex(m, n))
    system = _zeros(m * n, m * n)
    for row, (i, j) in enumerate(places):
        for k in range(m):
            column = places.index((k, j))
            system[row, column] = system[row, column] + a[i, k]
        for k in range(n):
            column = places.index((i, k))
            system[row, column] = system[row, column] + b[k, j]
    return _solved(system, c.reshape(m * n, c.size // max(m * n, 1))).reshape(c.shape)


ENTRIES: dict[str, Entry] = {
    "tril": lambda x, *, k, extra: _triangle(x, k=k, extra=extra, below=True),
    "triu": lambda x, *, k, extra: _triangle(x, k=k, extra=extra, below=False),
    "solve": _each_matrix(_solve),
    "solve_triangular": _each_matrix(_solve_triangular),
    "inv": _each_matrix(lambda a: _solved(a, _unit(len(a)))),
    "pinv": _each_matrix(_pinv),
    "lstsq": _each_matrix(_lstsq),
    "det": _each_matrix(_det),
    "slogdet": _slogdet,
    "cofactors": _wide(_cofactors),
    "cholesky": _each_matrix(_cholesky),
    "over_gaps": _over_gaps,
    "eigvalsh": _each_matrix(_eigvalsh),
    "svdvals": _each_matrix(_svdvals),
    "expm": _each_matrix(_of_matrix("expm")),
    "sqrtm": _each_matrix(_of_matrix("sqrtm")),
    "solve_sylvester": _each_matrix(_sylvester),
}
