"""Triangular factors: cholesky, qr, lu. Each rule differentiates the equation, for any change of a.

cholesky reads the lower triangle of its argument and nothing else, so its derivative lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.linear import Fork, Id, Linear, Zero
from cats.ir.primitive import Example, Primitive, leaf_of
from cats.ir.prims.indexing import index
from cats.ir.prims.layout import reals, with_shape
from cats.ir.prims.solving import elimination, solve_triangular
from cats.ir.prims.stacks import (
    Link,
    chain,
    count,
    definite,
    dominant,
    flip,
    left,
    lower,
    mirrored,
    plus,
    product,
    right,
    scaled,
    square,
    stack_of,
    upper,
)
from cats.ir.spaces import Discrete, Ground, Space, Value, space_of


def divided(a: Value, *, lower: bool, transposed: bool = False, unit: bool = False) -> Link:
    """X |-> a^-1 X, or a'^-1 X, for a triangular matrix a."""
    params = {"columns": 1, "lower": lower, "transposed": transposed, "unit": unit}
    return lambda space: leaf_of(solve_triangular, 1, (a,), space, space, **params)


def over(r: Value) -> tuple[Link, ...]:
    """X |-> X r^-1 for an upper triangular matrix r."""
    return flip, divided(r, lower=False, transposed=True), flip


# Cholesky


def _cholesky_space(a: Ground) -> Ground:
    square("the Cholesky factor", a)
    return a


def _cholesky_rule(a: Value, *, out: Value) -> Linear:
    """l phi(l^-1 da l'^-1), phi being the lower triangle with half the diagonal (Murray 2016)."""
    inside = divided(out, lower=True)
    half = plus((lower(),), (lower(-1),))
    return chain(space_of(a), mirrored("L"), inside, flip, inside, half, scaled(0.5), left(out))


cholesky: Primitive = Primitive(
    "cholesky",
    "np.linalg.cholesky({0})",
    _cholesky_space,
    linearise=_cholesky_rule,
    batch=lambda a, *, batched: cholesky(a),
    work=elimination,
    examples=tuple(
        Example(reals(shape), (), definite) for shape in ((3, 3), (2, 2, 2), (1, 1), (0, 0))
    ),
)

# QR and LU: a factor with columns, times an upper triangular one


def _factors(a: Ground) -> tuple[Ground, Ground]:
    *stack, m, n = a.shape
    k = min(m, n)
    return with_shape(a, (*stack, m, k)), with_shape(a, (*stack, k, n))


def _first(n: int, rank: int, axis: int) -> tuple[tuple[int | None, int | None, int | None], ...]:
    """The key of the first n rows (axis -2) or columns (axis -1)."""
    return (*((None, None, None),) * (rank + axis), (None, n, None))


def _begin(x: Value, n: int, axis: int) -> Value:
    """The first n rows or columns."""
    shape = space_of(x).shape
    return x if shape[axis] == n else index(x, key=_first(n, len(shape), axis))


def _beginning(n: int, axis: int) -> Link:
    """X |-> its first n rows or columns."""

    def link(space: Ground) -> Linear:
        if space.shape[axis] == n:
            return Id(space)
        key = _first(n, len(space.shape), axis)
        return leaf_of(index, 0, (), space, index.space(space, key=key), key=key)

    return link


def _factor_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    return 4 * count(spaces[0].shape) * min(spaces[0].shape[-2:])


def _qr_space(a: Ground) -> tuple[Ground, Ground]:
    stack_of("the QR factors", a)
    return _factors(a)


def _qr_rule(a: Value, *, out: tuple[Value, Value]) -> Linear:
    """With c = q' da r^-1 and q' dq = lower(c, -1) - lower(c, -1)' (Walter and Lehmann 2012)."""
    q, r = out
    k, n = space_of(r).shape[-2:]
    across = product("ji,jk->ik", q, None)
    change = (_beginning(k, -1), *over(_begin(r, k, -1)))
    turn = plus((lower(-1),), (lower(-1), flip, scaled(-1)))
    rise = plus((upper(),), (lower(-1), flip))
    if k == n:
        dq = plus(change, (*change, across, rise, left(q), scaled(-1)))
        dr: tuple[Link, ...] = (*change, across, rise, right(r))
    else:
        dq = plus((*change, across, turn, left(q)))
        turned = (*change, across, turn, right(r), scaled(-1))
        dr = (plus((across,), turned), upper())
    return Fork((dq(space_of(a)), chain(space_of(a), *dr)))


qr: Primitive = Primitive(
    "qr",
    "np.linalg.qr({0})",
    _qr_space,
    linearise=_qr_rule,
    batch=lambda a, *, batched: qr(a),
    work=_factor_work,
    examples=tuple(Example(reals(s)) for s in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1), (0, 0))),
)


def _lu_space(a: Ground) -> tuple[Ground, Ground, Ground]:
    stack_of("the LU factors", a)
    m = a.shape[-2]
    return (with_shape(a, (*a.shape[:-1], m)), *_factors(a))


def _lu_rule(a: Value, *, out: tuple[Value, Value, Value]) -> Linear:
    """With c = l^-1 p' da u^-1: the part below the diagonal moves l, the rest u."""
    swap, low, u = out
    k, n = space_of(u).shape[-2:]
    inside = divided(_begin(low, k, -2), lower=True, unit=True)
    swapped = product("ji,jk->ik", swap, None)
    change = (_beginning(k, -1), swapped, *over(_begin(u, k, -1)))
    c = (*change, _beginning(k, -2), inside)
    dl = (plus(change, (*c, upper(), left(low), scaled(-1))), lower(-1))
    if k == n:
        du: tuple[Link, ...] = (*c, upper(), right(u))
    else:
        du = (plus((swapped, inside), (*c, lower(-1), right(u), scaled(-1))), upper())
    space = space_of(a)
    return Fork((Zero(space, space_of(swap)), chain(space, *dl), chain(space, *du)))


lu: Primitive = Primitive(
    "lu",
    "scipy.linalg.lu({0})",
    _lu_space,
    linearise=_lu_rule,
    batch=lambda a, *, batched: lu(a),
    work=_factor_work,
    examples=tuple(Example(reals(s), (), dominant) for s in ((3, 3), (2, 2, 2), (1, 1)))
    + tuple(Example(reals(s)) for s in ((4, 2), (2, 4))),
    modules=("scipy.linalg",),
)


def _pivots_space(a: Ground) -> Discrete:
    if stack_of("the pivots", a):
        raise SpaceError(f"the pivots of {a}: it is a stack of matrices, not one")
    return Discrete((a.shape[-1],), "int32")


pivots: Primitive = Primitive(
    "pivots",
    "scipy.linalg.qr({0}, mode='r', pivoting=True)[1]",
    _pivots_space,
    work=_factor_work,
    examples=tuple(Example(reals(s)) for s in ((3, 3), (4, 2), (2, 4))),
    modules=("scipy.linalg",),
)
"""In which order QR takes the columns: at each step the one with the most that is left."""

FAMILY = (cholesky, qr, lu, pivots)
