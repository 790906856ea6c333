"""Elliptic integrals and functions."""

from __future__ import annotations

from typing import Annotated

from cats.ir.primitive import Domain, Primitive
from cats.ir.prims.algebra import div, mul, neg, same, sub
from cats.ir.prims.smooth import sin, sqrt
from cats.ir.prims.special.record import ANY, special
from cats.ir.spaces import Ground, Value

PARAMETER = Domain(-1.5, 0.9)
SHARE = Domain(0.05, 0.9)
IN_PARAMETER = "cats knows its derivative in the amplitude or argument, not in the parameter"

_SERIES = '''
def elliptic_derivative_of(of, m, z, n):
    """K(m) or E(m) derived n times, where z is 1 - m.

    Near m = 0 it is a hypergeometric function; from there on one follows from those before, by the
    differential equation. The first derivatives are Carlson's R_D. (DLMF 19.4, 19.5, 19.25.)
    """
    wide, rest = np.asarray(m, np.float64), np.asarray(z, np.float64)
    a, inside = 0.5 if of == "k" else -0.5, np.abs(wide) < 0.5
    factor = np.pi / 2 * math.prod([(a + i) * (0.5 + i) / (1 + i) for i in range(n)])
    near = factor * scipy.special.hyp2f1(a + n, 0.5 + n, 1 + n, np.where(inside, wide, 0))
    p, q = np.where(inside, 0.5, wide), np.where(inside, 0.5, rest)
    def step(pair, k):
        last = (a + k) * (0.5 + k) * pair[0] - (1 + k - (a + 1.5 + 2 * k) * p) * pair[1]
        return pair[1], last / (p * q)
    begin = elliptic_first(of, q)
    far = functools.reduce(step, range(n - 1), begin)[1]
    return np.asarray(np.where(inside, near, far), np.result_type(m))[()]
def elliptic_first(of, z):
    """The integral and its derivative."""
    if of == "k":
        return scipy.special.elliprf(0, z, 1), scipy.special.elliprd(0, 1, z) / 6
    return 2 * scipy.special.elliprg(0, z, 1), -scipy.special.elliprd(0, z, 1) / 6
'''

ellipk_derivative: Primitive = special(
    "ellipk_derivative",
    lambda m, *, out, n: ellipk_derivative(m, n=n + 1),
    "diff(elliptic_k(x), x, n)",
    PARAMETER,
    code="elliptic_derivative_of('k', {0}, 1 - {0}, {n})",
    helpers=_SERIES,
    params=({"n": 1}, {"n": 2}),
    modules=("functools", "math", "scipy.special"),
)
ellipe_derivative: Primitive = special(
    "ellipe_derivative",
    lambda m, *, out, n: ellipe_derivative(m, n=n + 1),
    "diff(elliptic_e(x), x, n)",
    PARAMETER,
    code="elliptic_derivative_of('e', {0}, 1 - {0}, {n})",
    helpers=_SERIES,
    params=({"n": 1}, {"n": 2}),
    modules=("functools", "math", "scipy.special"),
)
ellipkm1_derivative: Primitive = special(
    "ellipkm1_derivative",
    lambda p, *, out, n: ellipkm1_derivative(p, n=n + 1),
    "diff(elliptic_k(1 - x), x, n)",
    Domain(0.1, 2.0),
    code="(-1) ** {n} * elliptic_derivative_of('k', 1 - {0}, {0}, {n})",
    helpers=_SERIES,
    params=({"n": 1}, {"n": 2}),
    modules=("functools", "math", "scipy.special"),
)
ellipk = special("ellipk", lambda m, *, out: ellipk_derivative(m, n=1), "elliptic_k(x)", PARAMETER)
ellipe = special("ellipe", lambda m, *, out: ellipe_derivative(m, n=1), "elliptic_e(x)", PARAMETER)
ellipkm1 = special(
    "ellipkm1",
    lambda p, *, out: ellipkm1_derivative(p, n=1),
    "elliptic_k(1 - x)",
    Domain(0.1, 2.0),
)


def _width(phi: Value, m: Value) -> Value:
    """sqrt(1 - m sin(phi)**2)."""
    height = sin(phi)
    return sqrt(sub(1.0, mul(m, mul(height, height))))


ellipkinc = special(
    "ellipkinc",
    lambda phi, m, *, out: (div(1.0, _width(phi, m)), None),
    "elliptic_f(x, y)",
    ANY,
    SHARE,
    refused=((1, IN_PARAMETER),),
)
ellipeinc = special(
    "ellipeinc",
    lambda phi, m, *, out: (_width(phi, m), None),
    "elliptic_e(x, y)",
    ANY,
    SHARE,
    refused=((1, IN_PARAMETER),),
)

SN, CN, DN, PHASE = range(4)


def _jacobi_space(u: Ground, m: Ground, *, which: Annotated[int, range(4)]) -> Ground:
    return same(u, m)


def _jacobi_slopes(u: Value, m: Value, *, out: Value, which: int) -> tuple[Value, None]:
    sn, cn, dn = (ellipj(u, m, which=k) for k in (SN, CN, DN))
    if which == SN:
        return mul(cn, dn), None
    if which == CN:
        return neg(mul(sn, dn)), None
    return (neg(mul(m, mul(sn, cn))) if which == DN else dn), None


ellipj: Primitive = special(
    "ellipj",
    _jacobi_slopes,
    "",
    ANY,
    SHARE,
    code="scipy.special.ellipj({0}, {1})[{which}]",
    space=_jacobi_space,
    params=tuple({"which": which} for which in (SN, CN, DN, PHASE)),
    refused=((1, IN_PARAMETER),),
)

FAMILY = (
    ellipk_derivative, ellipe_derivative, ellipkm1_derivative, ellipk, ellipe, ellipkm1, ellipkinc,
    ellipeinc, ellipj,
)  # fmt: skip
