"""Determinants: det, slogdet, and the cofactors, which are the gradient of det at every matrix.

Singular matrices are like any others: no derivative of det divides by it, or by anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cats.ir.linear import Fork, Linear, Zero
from cats.ir.primitive import Example, Primitive
from cats.ir.prims.families import SYMMETRIC, gradient_rule, gradient_space, gradient_text
from cats.ir.prims.layout import reals, with_shape
from cats.ir.prims.solving import elimination, inv
from cats.ir.prims.stacks import dominant, matrices, product, square, together
from cats.ir.spaces import Ground, Shape, Space, Value, space_of

_MATRICES: tuple[Shape, ...] = ((3, 3), (2, 2, 2), (1, 1), (0, 0))


def _cofactors_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    n = spaces[0].shape[-1]
    return int(matrices(out) * (20 * n**3 + n ** (len(spaces) + 1)))


cofactors: Primitive = Primitive(
    "cofactors",
    gradient_text("cofactors({})"),
    gradient_space("the determinant"),
    linearise=lambda *args, **params: gradient_rule(cofactors)(*args, **params),
    linear=SYMMETRIC,
    batch=lambda *args, batched, wide: together(cofactors, args, batched, wide=wide),
    work=_cofactors_work,
    examples=(
        *(Example(reals(shape), (("wide", ()),)) for shape in _MATRICES),
        Example(reals((3, 3), (3, 3)), (("wide", ()),)),
        Example(reals((2, 2, 2), (2, 2, 2)), (("wide", ()),)),
        Example(reals((2, 2), (2, 2, 3)), (("wide", (1, 1)),)),
        Example(reals((3, 3), (3, 3), (3, 3)), (("wide", ()),)),
    ),
    modules=("itertools",),
    helpers='''
def cofactors(a, *directions):
    """The gradient of det at any matrix, or the derivative of that along the directions.

    With a = u s v it is u c v, and the entries of c are sums over different rows i, j, ... of
    the product of all s but s[i], s[j], ..., times an entry of each direction.
    """
    u, s, v = np.linalg.svd(a)
    n, count = a.shape[-1], len(directions) + 1
    rows = np.indices((n,) * count)
    rest = np.ones((*s.shape[:-1], *rows.shape[1:]), s.dtype)
    for i in range(n):
        np.multiply(rest, np.where((rows == i).any(0), 1, s[(..., i, *(None,) * count)]), out=rest)
    for j, k in itertools.combinations(range(count), 2):
        np.multiply(rest, rows[j] != rows[k], out=rest)
    turned = [u.mT @ e @ v.mT for e in directions]
    terms = [signed(order, rest, turned) for order in itertools.permutations(range(count))]
    sign = np.sign(np.linalg.det(u) * np.linalg.det(v))
    return sign[..., None, None] * (u @ sum(terms) @ v)


def signed(order, rest, turned):
    """What one permutation of the rows adds to the cofactors of a diagonal matrix."""
    sign = (-1) ** sum(i > k for i, k in itertools.combinations(order, 2))
    names, last = "abcdefgh"[: len(order)], len(order) - 1
    pairs = [f"...{row}{names[column]}" for row, column in zip(names, order)]
    inputs = ",".join(["..." + names, *pairs[:last]])
    if order[last] != last:
        return sign * np.einsum(f"{inputs}->{pairs[last]}", rest, *turned, optimize=True)
    diagonal = np.einsum(f"{inputs}->...{names[last]}", rest, *turned, optimize=True)
    return sign * diagonal[..., None] * np.eye(rest.shape[-1], dtype=rest.dtype)
''',
)


def _number(what: str) -> Callable[[Ground], Ground]:
    return lambda a: with_shape(a, square(what, a))


det: Primitive = Primitive(
    "det",
    "np.linalg.det({0})",
    _number("the determinant"),
    linearise=lambda a, *, out: product("ij,ij->", cofactors(a, wide=()), None)(space_of(a)),
    batch=lambda a, *, batched: det(a),
    work=elimination,
    examples=tuple(Example(reals(shape)) for shape in _MATRICES),
)


def _slogdet_space(a: Ground) -> tuple[Ground, Ground]:
    number = with_shape(a, square("the determinant", a))
    return number, number


def _slogdet_rule(a: Value, *, out: tuple[Value, Value]) -> Linear:
    space = space_of(a)
    return Fork((Zero(space, space_of(out[0])), product("ij,ji->", inv(a), None)(space)))


slogdet: Primitive = Primitive(
    "slogdet",
    "np.linalg.slogdet({0})",
    _slogdet_space,
    linearise=_slogdet_rule,
    batch=lambda a, *, batched: slogdet(a),
    work=elimination,
    examples=tuple(Example(reals(shape), (), dominant) for shape in _MATRICES),
)

FAMILY = (cofactors, det, slogdet)
