"""Functions of whole matrices that SciPy computes: expm, logm, sqrtm, and Sylvester's equation.

The derivative of an analytic f along e is the corner of f of a larger matrix (Mathias 1996),

    f([[a, e], [0, a]]) = [[f(a), f'(a)[e]], [0, f(a)]]

and further derivatives are corners of larger ones. That of a square root solves an equation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.linear import Id, Join, Linear, Then
from cats.ir.primitive import Domain, Example, Linearity, Primitive, leaf_of
from cats.ir.prims.families import SYMMETRIC, gradient_rule, gradient_space, gradient_text
from cats.ir.prims.layout import reals
from cats.ir.prims.solving import columns_of
from cats.ir.prims.stacks import (
    chain,
    count,
    dominant,
    flip,
    matrices,
    product,
    scaled,
    square,
    together,
    turned,
    wider,
)
from cats.ir.spaces import Ground, Shape, Space, Value, space_of

_SCIPY = ("functools", "scipy.linalg")
_SHAPES: tuple[Shape, ...] = ((3, 3), (2, 2, 2), (1, 1), (0, 0))

_HELPERS = '''
def principal(f, a):
    """f of each matrix, in double precision. Raises LinAlgError where that is not real."""
    found = np.zeros_like(a)
    for i in np.ndindex(a.shape[:-2] if a.size else (0,)):
        value = f(a[i].astype(np.float64))
        if np.iscomplexobj(value):
            raise np.linalg.LinAlgError(f"{f.__name__} of the matrix is not real")
        np.copyto(found[i], value, casting="same_kind")
    return found


def corner(f, a, *directions):
    """The derivative of f at a along the directions, transposed: a corner of f of a larger matrix.

    The directions are first brought to the size of a, by powers of 2, and the result back.
    """
    n = a.shape[-1]
    factors = [ratio(a, e) for e in directions]
    scaled = map(np.multiply, factors, directions)
    found = principal(f, functools.reduce(larger, scaled, a))
    return (found[..., :n, found.shape[-1] - n :] / functools.reduce(np.multiply, factors)).mT


def ratio(a, e):
    """The power of 2 that brings e to the size of a, or to 1 where a is 0."""
    size, own = (np.max(np.abs(x), (-2, -1), keepdims=True, initial=0) for x in (a, e))
    return np.exp2(np.rint(np.log2(np.where(size > 0, size, 1) / np.where(own > 0, own, 1))))


def larger(whole, e):
    """[[whole, e], [0, whole]], e being repeated along the diagonal of its block."""
    block = np.kron(np.eye(whole.shape[-1] // max(e.shape[-1], 1), dtype=e.dtype), e)
    top, side = np.broadcast_arrays(whole, block)
    below = np.concatenate([np.zeros_like(top), top], -1)
    return np.concatenate([np.concatenate([top, side], -1), below], -2)
'''


def _function_space(what: str) -> Callable[[Ground], Ground]:
    def space(a: Ground) -> Ground:
        square(what, a)
        return a

    return space


def _function_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    n = spaces[0].shape[-1] * 2 ** (len(spaces) - 1)
    return int(25 * matrices(out) * n**3)


def _along(name: str, code: str, what: str, arrange: Any, domain: Domain) -> Primitive:
    """The derivatives of a function of matrices, each the gradient of a number."""
    op = Primitive(
        name,
        gradient_text(code),
        gradient_space(what),
        linearise=lambda *args, **params: gradient_rule(op)(*args, **params),
        linear=SYMMETRIC,
        batch=lambda *args, batched, wide: together(op, args, batched, wide=wide),
        work=_function_work,
        domain=(domain,),
        modules=_SCIPY,
        helpers=_HELPERS,
        home=__name__,
        examples=(
            *(Example(reals(s, s), (("wide", ()),), arrange) for s in _SHAPES),
            Example(reals((2, 2), (2, 2, 3)), (("wide", (1, 1)),), arrange),
            Example(reals((2, 2), (2, 2), (2, 2)), (("wide", ()),), arrange),
        ),
    )
    return op


def _analytic(
    name: str, code: str, what: str, along: Primitive, arrange: Any, domain: Domain
) -> Primitive:
    """The function itself."""

    def rule(a: Value, *, out: Value) -> Linear:
        space = space_of(a)
        return Then(leaf_of(along, 1, (a,), space, space, wide=()), flip(space))

    op = Primitive(
        name,
        code,
        _function_space(what),
        linearise=rule,
        batch=lambda a, *, batched: op(a),
        work=_function_work,
        domain=(domain,),
        modules=_SCIPY,
        helpers=_HELPERS if "principal" in code else "",
        home=__name__,
        examples=tuple(Example(reals(s), (), arrange) for s in _SHAPES),
    )
    return op


_UNIT = Domain(-1.0, 1.0)
_EXP, _LOG = "the matrix exponential", "the matrix logarithm"

expm_along = _along("expm_along", "corner(scipy.linalg.expm, {})", _EXP, None, _UNIT)
expm = _analytic("expm", "scipy.linalg.expm({0})", _EXP, expm_along, None, _UNIT)
logm_along = _along(
    "logm_along",
    "corner(scipy.linalg.logm, {})",
    _LOG, dominant, _UNIT,
)  # fmt: skip
logm = _analytic("logm", "principal(scipy.linalg.logm, {0})", _LOG, logm_along, dominant, _UNIT)

# Sylvester's equation


def _sylvester_space(a: Ground, b: Ground, q: Ground, *, extra: int, transposed: bool) -> Ground:
    stack = square("Sylvester's equation", a)
    rank = len(q.shape) - extra
    fits = q.shape[:rank] == (*stack, a.shape[-1], b.shape[-1]) and square("", b) == stack
    if not fits or not a.dtype == b.dtype == q.dtype:
        raise SpaceError(f"Sylvester's equation with {a}, {b} and the right side in {q}")
    return q


def _sylvester_text(a: str, b: str, q: str, *, extra: int, transposed: bool) -> str:
    turn = ".mT" if transposed else ""
    return f"sylvester({a}{turn}, {b}{turn}, {q})"


def _sylvester_rule(
    a: Value, b: Value, q: Value, *, out: Value, extra: int, transposed: bool
) -> Linear:
    """a dx + dx b = dq - da x - x db."""
    more, space = columns_of(extra), space_of(q)
    first, second = ("ji", "kj") if transposed else ("ij", "jk")
    da = chain(space_of(a), product(f"{first},jk{more}->ik{more}", None, out), scaled(-1))
    db = chain(space_of(b), product(f"ij{more},{second}->ik{more}", out, None), scaled(-1))
    params = {"extra": extra, "transposed": transposed}
    solution = leaf_of(solve_sylvester, 2, (a, b), space, space, **params)
    return Then(Join((da, db, Id(space))), solution)


def _dominant_both(a: Value, b: Value, q: Value) -> tuple[Value, ...]:
    return (*dominant(a), *dominant(b), q)


solve_sylvester: Primitive = Primitive(
    "solve_sylvester",
    _sylvester_text,
    _sylvester_space,
    linearise=_sylvester_rule,
    linear=Linearity((2,), turned, wider),
    batch=lambda *args, batched, **params: together(solve_sylvester, args, batched, **params),
    work=lambda spaces, out, params: 60 * count(out.shape) * sum(x.shape[-1] for x in spaces[:2]),
    domain=(_UNIT,),
    modules=("scipy.linalg",),
    examples=tuple(
        Example(reals(a, b, q), (("extra", extra), ("transposed", turn)), _dominant_both)
        for a, b, q, extra, turn in (
            ((3, 3), (2, 2), (3, 2), 0, False),
            ((2, 2), (2, 2), (2, 2), 0, True),
            ((2, 2, 2), (2, 1, 1), (2, 2, 1), 0, False),
            ((2, 2), (1, 1), (2, 1, 3), 1, True),
        )
    ),
    helpers='''
def sylvester(a, b, q):
    """x with a x + x b = q, for each matrix of the stacks and each entry of more axes behind q."""
    x, rank = np.zeros_like(q), a.ndim
    for i in np.ndindex(a.shape[:-2] if q.size else (0,)):
        for j in np.ndindex(q.shape[rank:]):
            at = (*i, slice(None), slice(None), *j)
            np.copyto(x[at], scipy.linalg.solve_sylvester(a[i], b[i], q[at]))
    return x
''',
)


def _sqrtm_rule(a: Value, *, out: Value) -> Linear:
    """x dx + dx x = da."""
    space = space_of(a)
    return leaf_of(solve_sylvester, 2, (out, out), space, space, extra=0, transposed=False)


sqrtm: Primitive = Primitive(
    "sqrtm",
    "principal(scipy.linalg.sqrtm, {0})",
    _function_space("the matrix square root"),
    linearise=_sqrtm_rule,
    batch=lambda a, *, batched: sqrtm(a),
    work=_function_work,
    modules=_SCIPY,
    helpers=_HELPERS,
    domain=(_UNIT,),
    examples=tuple(Example(reals(s), (), dominant) for s in _SHAPES),
)

FAMILY = (expm_along, expm, logm_along, logm, solve_sylvester, sqrtm)
