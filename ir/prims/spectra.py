"""Eigenvalues and singular values: eigh, eigvalsh, svd, svdvals, and the division by their gaps.

eigh and eigvalsh read one triangle of their argument, so their derivatives lie there.

Where eigenvalues or singular values agree to rounding, their vectors are any basis and have no
derivative: nan. Functions of the values that treat equal ones alike (sum, norms, log det) have
the right one. A singular value 0 is the corner of an absolute value: derivative 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.linear import Fork, Join, Linear, Zero
from cats.ir.primitive import Example, Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import add, itself, mul, slope, sub
from cats.ir.prims.choice import abs as absolute
from cats.ir.prims.choice import greater, less_equal, logical_or, sign
from cats.ir.prims.layout import broadcast, convert, reals, sum, with_shape
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
    together,
    wider,
)
from cats.ir.spaces import Ground, Shape, Space, Value, space_of

# Division by gaps


def _gaps_space(x: Ground, gaps: Ground, least: Ground, *, extra: int, hollow: bool) -> Ground:
    rank = len(x.shape) - extra
    if x.shape[:rank] != gaps.shape or gaps.shape[:-2] != least.shape or x.dtype != gaps.dtype:
        raise SpaceError(f"{x} does not fit gaps in {gaps}, of which those below {least} are none")
    return x


def _gaps_rule(
    x: Value, gaps: Value, least: Value, *, out: Value, extra: int, hollow: bool
) -> Linear:
    """Of y = x / g: (dx - y dg) / g, whatever is called rounding."""
    quotient = divided_by(gaps, least, hollow, extra)
    g, space = space_of(gaps), space_of(x)
    wide = leaf_of(
        broadcast, 0, (), g, space, shape=space.shape, axes=tuple(range(len(g.shape)))
    )  # fmt: skip
    change = chain(g, lambda _: wide, lambda _: slope(out, out), scaled(-1), quotient)
    return Join((quotient(space), change, Zero(space_of(least), space)))


def divided_by(gaps: Value, least: Value, hollow: bool, extra: int = 0) -> Link:
    """X |-> X / gaps."""
    fixed = (gaps, least)
    return lambda space: leaf_of(over_gaps, 0, fixed, space, space, extra=extra, hollow=hollow)


def _apart(x: Value, gaps: Value, least: Value) -> tuple[Value, Value, Value]:
    """Gaps that are none too small, in place of any."""
    return x, gaps + np.where(gaps < 0, -1, 1).astype(gaps.dtype), np.abs(least) / 8


over_gaps: Primitive = Primitive(
    "over_gaps",
    lambda x, gaps, least, *, extra, hollow: f"over_gaps({x}, {gaps}, {least}, {extra}, {hollow})",
    _gaps_space,
    linearise=_gaps_rule,
    linear=Linearity((0,), itself, wider),
    batch=lambda *args, batched, **params: together(over_gaps, args, batched, **params),
    examples=tuple(
        Example(reals(x, g, s), (("extra", extra), ("hollow", hollow)), _apart)
        for x, g, s, extra, hollow in (
            ((3, 3), (3, 3), (), 0, True),
            ((2, 3, 2), (2, 3, 2), (2,), 0, False),
            ((2, 2, 3), (2, 2), (), 1, True),
        )
    ),
    helpers='''
def over_gaps(x, gaps, least, extra, hollow):
    """x / gaps, and 0 on the diagonal if hollow.

    Where a gap is no more than the least there is no quotient: nan, but for 0 over what is not 0.
    """
    wide = (..., *(None,) * extra)
    zero = (gaps == 0)[wide]
    close = (np.abs(gaps) <= np.asarray(least)[..., None, None])[wide]
    quotient = x / np.where(zero, 1, gaps[wide])
    found = np.where(close & (zero | (x != 0)), np.nan, quotient)
    return np.where(np.eye(*gaps.shape[-2:], dtype=bool)[wide], 0, found) if hollow else found
''',
)


def _rows(x: Value, shape: Shape) -> Value:
    """The vector as the matrix whose row i is x[i], x[i], ..."""
    return broadcast(x, shape=shape, axes=tuple(range(len(shape) - 1)))


def _columns(x: Value, shape: Shape) -> Value:
    """The vector as the matrix whose column j is x[j], x[j], ..."""
    return broadcast(x, shape=shape, axes=(*range(len(shape) - 2), len(shape) - 1))


ROUNDING = 4.0
"""Values are equal to rounding if they differ by so many eps times the sum of their sizes."""


def _least(x: Value) -> Value:
    """The greatest difference that is rounding, among the values x."""
    space = space_of(x)
    size = sum(absolute(x), axes=(len(space.shape) - 1,))
    return mul(size, ROUNDING * float(np.finfo(space.dtype).eps))


def _beside(least: Value, x: Value) -> Value:
    """A number for each stack, once for each entry of x."""
    shape = space_of(x).shape
    return broadcast(least, shape=shape, axes=tuple(range(len(shape) - 1)))


def _touching(x: Value) -> Value:
    """Where another of the values is the same to rounding."""
    shape = (*space_of(x).shape, space_of(x).shape[-1])
    gaps = absolute(sub(_columns(x, shape), _rows(x, shape)))
    near = convert(less_equal(gaps, _rows(_beside(_least(x), x), shape)), dtype="int64")
    return greater(sum(near, axes=(len(shape) - 1,)), 1)


# Symmetric matrices


def _eigh_space(a: Ground, **params: str) -> tuple[Ground, Ground]:
    square("the eigenvalues", a)
    return with_shape(a, a.shape[:-1]), a


def _numpys(name: str) -> Callable[..., str]:
    return lambda a, *, uplo: f"np.linalg.{name}({a}{'' if uplo == 'L' else f', {uplo!r}'})"


def _values(v: Value, uplo: str) -> tuple[Link, ...]:
    """da |-> diag(v' da v)."""
    return mirrored(uplo), right(v), product("ji,ji->i", v, None)


def _eigh_rule(a: Value, *, out: tuple[Value, Value], uplo: str, **params: str) -> Linear:
    """dw = diag(f), dv = v (f / (w[j] - w[i])) with f = v' da v."""
    w, v = out
    space, shape = space_of(a), space_of(a).shape
    gaps = sub(_columns(w, shape), _rows(w, shape))
    across = product("ji,jk->ik", v, None)
    turn = (mirrored(uplo), right(v), across, divided_by(gaps, _least(w), True), left(v))
    return Fork((chain(space, *_values(v, uplo)), chain(space, *turn)))


def _eigvalsh_rule(a: Value, *, out: Value, uplo: str) -> Linear:
    return chain(space_of(a), *_values(eigh(a, uplo=uplo)[1], uplo))


def _symmetric(name: str, code: Callable[..., str], *shapes: Shape, **more: Any) -> Primitive:
    """The record of an operation on matrices of which one triangle is read."""
    drivers = (("driver", "evd"),) if more.get("modules") else ()
    op = Primitive(
        name,
        code,
        batch=None if drivers else lambda a, *, batched, **params: op(a, **params),
        kinks=lambda a, *, uplo, **params: _touching(eigvalsh(a, uplo=uplo)),
        work=lambda spaces, out, params: 9 * count(spaces[0].shape) * spaces[0].shape[-1],
        home=__name__,
        examples=(
            *(Example(reals(shape), (*drivers, ("uplo", "L"))) for shape in shapes),
            Example(reals((3, 3)), (*drivers, ("uplo", "U"))),
        ),
        **more,
    )
    return op


_SQUARES: tuple[Shape, ...] = ((3, 3), (2, 2, 2), (1, 1), (0, 0))

eigh = _symmetric("eigh", _numpys("eigh"), *_SQUARES, space=_eigh_space, linearise=_eigh_rule)
eigvalsh = _symmetric(
    "eigvalsh",
    _numpys("eigvalsh"),
    *_SQUARES,
    space=lambda a, **params: _eigh_space(a)[0],
    linearise=_eigvalsh_rule,
)
scipy_eigh = _symmetric(
    "scipy_eigh",
    lambda a, *, driver, uplo: f"scipy.linalg.eigh({a}, lower={uplo == 'L'}, driver={driver!r})",
    (3, 3),
    space=_eigh_space,
    linearise=_eigh_rule,
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
    k, least = space_of(s).shape[-1], _least(s)
    shape = (*space_of(s).shape, k)
    rows, columns = _rows(s, shape), _columns(s, shape)
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
        rest = divided_by(_columns(s, (*shape[:-2], m, k)), least, False)
        left_part = (plus(left_part, (behind, beyond, rest)),)
    if n > k:
        beyond = plus((), (behind, right(vh), scaled(-1)))
        rest = divided_by(_rows(s, (*shape[:-1], n)), least, False)
        right_part = (plus(right_part, (across, beyond, rest)),)
    parts = left_part, _spread(u, s, vh), right_part
    return Fork(tuple(chain(space, *links) for links in parts))


def _svd_kinks(a: Value) -> Value:
    s = svdvals(a)
    return logical_or(_touching(s), less_equal(s, _beside(_least(s), s)))


def _svd_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    return 20 * count(spaces[0].shape) * min(spaces[0].shape[-2:])


_SHAPES: tuple[Shape, ...] = ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1), (0, 0), (0, 2))

svd: Primitive = Primitive(
    "svd",
    "np.linalg.svd({0}, full_matrices=False)",
    _svd_space,
    linearise=_svd_rule,
    batch=lambda a, *, batched: svd(a),
    kinks=_svd_kinks,
    work=_svd_work,
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
    work=_svd_work,
    examples=tuple(Example(reals(shape)) for shape in _SHAPES),
)

FAMILY = (over_gaps, eigh, eigvalsh, scipy_eigh, svd, svdvals)
