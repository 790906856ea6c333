"""Eigenvalues of symmetric matrices, and singular values: eigh, eigvalsh, svd, svdvals.

eigh and eigvalsh read one triangle of their argument, so their derivatives lie there.

Where eigenvalues or singular values agree to rounding, their vectors are any basis and have no
derivative: nan. Functions of the values that treat equal ones alike (sum, norms, log det) have
the right one. A singular value 0 is the corner of an absolute value: derivative 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from cats.ir.linear import Fork, Linear
from cats.ir.primitive import Example, Primitive
from cats.ir.prims.algebra import add, slope, sub
from cats.ir.prims.choice import less_equal, logical_or, sign
from cats.ir.prims.gaps import across_columns, across_rows, beside, divided_by, least_of, touching
from cats.ir.prims.layout import reals, with_shape
from cats.ir.prims.stacks import (
    Link,
    chain,
    count,
    flip,
    left,
    mirrored,
    plus,
    product,
    right,
    scaled,
    square,
    stack_of,
)
from cats.ir.spaces import Ground, Shape, Space, Value, space_of

# Symmetric matrices


Triangle = Literal["L", "U"]
"""Which triangle of a symmetric matrix is read."""

Driver = Literal["ev", "evd", "evr", "evx"]
"""Routines of LAPACK."""


def _eigh_space(a: Ground, *, uplo: Triangle) -> tuple[Ground, Ground]:
    square("the eigenvalues", a)
    return with_shape(a, a.shape[:-1]), a


def _eigvalsh_space(a: Ground, *, uplo: Triangle) -> Ground:
    return _eigh_space(a, uplo=uplo)[0]


def _scipy_eigh_space(a: Ground, *, driver: Driver | None, uplo: Triangle) -> tuple[Ground, Ground]:
    return _eigh_space(a, uplo=uplo)


def _numpys(name: str) -> Callable[..., str]:
    return lambda a, *, uplo: f"np.linalg.{name}({a}{'' if uplo == 'L' else f', {uplo!r}'})"


def _values(v: Value, uplo: str) -> tuple[Link, ...]:
    """da |-> diag(v' da v)."""
    return mirrored(uplo), right(v), product("ji,ji->i", v, None)


def _eigh_rule(a: Value, *, out: tuple[Value, Value], uplo: str, **params: str) -> Linear:
    """dw = diag(f), dv = v (f / (w[j] - w[i])) with f = v' da v."""
    w, v = out
    space, shape = space_of(a), space_of(a).shape
    gaps = sub(across_columns(w, shape), across_rows(w, shape))
    across = product("ji,jk->ik", v, None)
    turn = (mirrored(uplo), right(v), across, divided_by(gaps, least_of(w), True), left(v))
    return Fork((chain(space, *_values(v, uplo)), chain(space, *turn)))


def _eigvalsh_rule(a: Value, *, out: Value, uplo: str) -> Linear:
    return chain(space_of(a), *_values(eigh(a, uplo=uplo)[1], uplo))


def _triangles(*shapes: Shape, **params: str) -> tuple[Example, ...]:
    """Examples with either triangle."""
    given = [(shape, "L") for shape in shapes] + [((3, 3), "U")]
    return tuple(
        Example(reals(shape), tuple(sorted({"uplo": uplo, **params}.items())))
        for shape, uplo in given
    )


def _eigen_kinks(a: Value, *, uplo: str, **params: str) -> Value:
    return touching(eigvalsh(a, uplo=uplo))


def _eigen_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    return 9 * count(spaces[0].shape) * spaces[0].shape[-1]


_SQUARES: tuple[Shape, ...] = ((3, 3), (2, 2, 2), (1, 1), (0, 0))

eigh: Primitive = Primitive(
    "eigh",
    _numpys("eigh"),
    _eigh_space,
    linearise=_eigh_rule,
    batch=lambda a, *, batched, uplo: eigh(a, uplo=uplo),
    kinks=_eigen_kinks,
    work=_eigen_work,
    examples=_triangles(*_SQUARES),
)
eigvalsh: Primitive = Primitive(
    "eigvalsh",
    _numpys("eigvalsh"),
    _eigvalsh_space,
    linearise=_eigvalsh_rule,
    batch=lambda a, *, batched, uplo: eigvalsh(a, uplo=uplo),
    kinks=_eigen_kinks,
    work=_eigen_work,
    examples=_triangles(*_SQUARES),
)
scipy_eigh = Primitive(
    "scipy_eigh",
    lambda a, *, driver, uplo: f"scipy.linalg.eigh({a}, lower={uplo == 'L'}, driver={driver!r})",
    _scipy_eigh_space,
    linearise=_eigh_rule,
    kinks=_eigen_kinks,
    work=_eigen_work,
    examples=_triangles((3, 3), driver="evd"),
    modules=("scipy.linalg",),
)
"""eigh with the signs of vectors that SciPy's drivers give them."""

# All matrices


def _svd_space(a: Ground) -> tuple[Ground, Ground, Ground]:
    *stack, m, n = (*stack_of("the singular values", a), *a.shape[-2:])
    k = min(m, n)
    return tuple(with_shape(a, (*stack, *end)) for end in ((m, k), (k,), (k, n)))  # type: ignore[return-value]


def _spread(u: Value, s: Value, vh: Value) -> tuple[Link, ...]:
    """da |-> diag(u' da v), 0 where the singular value is 0."""
    into = product("ij,kj->ik", None, vh), product("ji,ji->i", u, None)
    return *into, lambda _: slope(sign(s), s)


def _svd_rule(a: Value, *, out: tuple[Value, Value, Value]) -> Linear:
    """With p = u' da v, its symmetric part y and its skew part z (Townsend 2016).

    du = u (y / (s[j] - s[i]) + z / (s[j] + s[i])) + (1 - u u') da v / s, and v likewise.
    """
    u, s, vh = out
    space, (m, n) = space_of(a), space_of(a).shape[-2:]
    k, least = space_of(s).shape[-1], least_of(s)
    shape = (*space_of(s).shape, k)
    rows, columns = across_rows(s, shape), across_columns(s, shape)
    across, behind = product("ji,jk->ik", u, None), product("ij,kj->ik", None, vh)
    near = divided_by(sub(columns, rows), least, True)
    far = divided_by(add(columns, rows), least, True)
    half = scaled(0.5)
    y = plus((half,), (flip, half)), near
    z = plus((half,), (flip, half, scaled(-1))), far
    du, dv = plus(y, z), plus(y, (*z, scaled(-1)))
    left_part: tuple[Link, ...] = (behind, across, du, left(u))
    right_part: tuple[Link, ...] = (behind, across, dv, right(vh), scaled(-1))
    if m > k:
        beyond = plus((), (across, left(u), scaled(-1)))
        rest = divided_by(across_columns(s, (*shape[:-2], m, k)), least, False)
        left_part = (plus(left_part, (behind, beyond, rest)),)
    if n > k:
        beyond = plus((), (behind, right(vh), scaled(-1)))
        rest = divided_by(across_rows(s, (*shape[:-1], n)), least, False)
        right_part = (plus(right_part, (across, beyond, rest)),)
    parts = left_part, _spread(u, s, vh), right_part
    return Fork(tuple(chain(space, *links) for links in parts))


def _svd_kinks(a: Value) -> Value:
    s = svdvals(a)
    return logical_or(touching(s), less_equal(s, beside(least_of(s), s)))


def svd_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    """Scalar operations of the singular values and vectors, about."""
    return 20 * count(spaces[0].shape) * min(spaces[0].shape[-2:])


_SHAPES: tuple[Shape, ...] = ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1), (0, 0), (0, 2))

svd: Primitive = Primitive(
    "svd",
    "np.linalg.svd({0}, full_matrices=False)",
    _svd_space,
    linearise=_svd_rule,
    batch=lambda a, *, batched: svd(a),
    kinks=_svd_kinks,
    work=svd_work,
    examples=tuple(Example(reals(shape)) for shape in _SHAPES),
)


def _svdvals_rule(a: Value, *, out: Value) -> Linear:
    u, _, vh = svd(a)
    return chain(space_of(a), *_spread(u, out, vh))


svdvals: Primitive = Primitive(
    "svdvals",
    "np.linalg.svd({0}, compute_uv=False)",
    lambda a: _svd_space(a)[1],
    linearise=_svdvals_rule,
    batch=lambda a, *, batched: svdvals(a),
    kinks=_svd_kinks,
    work=svd_work,
    examples=tuple(Example(reals(shape)) for shape in _SHAPES),
)

FAMILY = (eigh, eigvalsh, scipy_eigh, svd, svdvals)
