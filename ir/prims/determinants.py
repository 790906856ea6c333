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
from cats.ir.prims.stacks import count, dominant, product, square, together
from cats.ir.spaces import Ground, Shape, Space, Value, space_of

_MATRICES: tuple[Shape, ...] = ((3, 3), (2, 2, 2), (1, 1), (0, 0))


def _cofactors_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    n = spaces[0].shape[-1]
    return count(out.shape[:-2]) * (20 * n**3 + n ** (len(spaces) + 1))  # type: ignore[union-attr]


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
        rest *= np.where((rows == i).any(0), 1, s[(..., i, *(None,) * count)])
    for i, j in itertools.combinations(range(count), 2):
        rest *= rows[i] != rows[j]
    turned = [u.mT @ e @ v.mT for e in directions]
    names, middle = "abcdefgh"[:count], 0
    for order in itertools.permutations(range(count)):
        pairs = [f"...{names[i]}{names[k]}" for i, k in enumerate(order)]
        alone = order[-1] == count - 1
        spec = f"{','.join(['...' + names, *pairs[:-1]])}->{pairs[-1][: -1 if alone else None]}"
        term = np.einsum(spec, rest, *turned, optimize=True)
        if alone:
            term = term[..., None] * np.eye(n, dtype=s.dtype)
        middle = middle + (-1) ** sum(i > k for i, k in itertools.combinations(order, 2)) * term
    sign = np.sign(np.linalg.det(u) * np.linalg.det(v))
    return sign[..., None, None] * (u @ middle @ v)
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
