"""Operations on matrices: what defines the result is differentiated, in exact arithmetic.

A factorisation says equations: l l' = a, nothing above the diagonal. At rational matrices that
satisfy them exactly the rule gives a rational change of the result; the equations must hold for a
+ e da and the changed result, with e * e = 0. That they determine the change is checked too, so the
rule is the derivative. A polynomial identity that holds at random rational points of this size
fails to be one with a chance below 1e-6.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from cats.backends.exact import ExactNumpy
from cats.forward import Forward, materialise
from cats.functor import interpret
from cats.ir.constant import Constant
from cats.ir.linear import Params
from cats.ir.objects import ExactLinalg
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME
from cats.ir.spaces import Real
from cats.ir.wire import Builder
from proofs.arrays import Jet, jet
from proofs.derivatives import Wrong

Array = np.ndarray[Any, Any]
Arrays = tuple[Array, ...]
EXACT = ExactLinalg(Fraction)


@dataclass(frozen=True)
class Case:
    """A point: arguments, the result, parameters; and what vanishes there and nearby.

    vanish  (arguments, results) -> arrays that are 0 on the graph of the function
    known   operations the rule asks about the point, which are not rational: their results
    """

    args: Arrays
    outs: Arrays
    vanish: Callable[[Arrays, Arrays], Sequence[Any]]
    params: Params = ()
    known: tuple[tuple[str, Callable[..., Any]], ...] = ()


# Exact matrices


def matrix(rng: Random, *shape: int) -> Array:
    """Random rationals."""
    count = int(np.prod(shape, dtype=int))
    numbers = [Fraction(rng.randint(-999, 999), rng.randint(1, 9)) for _ in range(count)]
    return _array(numbers, shape)


def _array(values: Sequence[Any], shape: tuple[int, ...]) -> Array:
    found = np.empty(len(values), object)
    found[:] = values
    return found.reshape(shape)


def eye(n: int) -> Array:
    """1."""
    return _array([Fraction(int(i == j)) for i in range(n) for j in range(n)], (n, n))


def rotation(rng: Random, n: int, k: int) -> Array:
    """k orthonormal columns: of (1 - s) (1 + s)^-1 for a skew s."""
    raw = matrix(rng, n, n) / 999
    skew = raw - raw.T
    return EXACT.solve(eye(n) + skew, eye(n) - skew)[:, :k]


def diagonal(entries: Any) -> Array:
    """The matrix with these on its diagonal."""
    n = len(entries)
    zero = entries[0] - entries[0]
    return _array([entries[i] if i == j else zero for i in range(n) for j in range(n)], (n, n))


def lower(a: Array, k: int = 0) -> Array:
    """The entries on and below a diagonal."""
    return np.where(np.tri(a.shape[0], a.shape[1], k, dtype=bool), a, a - a)


def mirrored(a: Array) -> Array:
    """The symmetric matrix with the lower triangle of a."""
    return lower(a) + lower(a, -1).T


def det(a: Array) -> Any:
    """By permutations."""
    n, total = len(a), jet(0)
    for order in itertools.permutations(range(n)):
        odd = sum(i > j for i, j in itertools.combinations(order, 2)) % 2
        term = jet(1 - 2 * odd)
        for i, j in enumerate(order):
            term = term * a[i, j]
        total = total + term
    return total


def cofactors(a: Array) -> Array:
    """By minors."""
    n = len(a)
    found = [
        det(np.delete(np.delete(a, i, 0), j, 1)).a * (-1) ** (i + j)
        for i in range(n)
        for j in range(n)
    ]
    return _array(found, (n, n))


def pseudoinverse(a: Array) -> Array:
    """Of full rank."""
    if a.shape[0] >= a.shape[1]:
        return EXACT.solve(a.T @ a, a.T)
    return EXACT.solve(a @ a.T, a).T


def sylvester(a: Array, b: Array, q: Array) -> Array:
    """x with a x + x b = q, by Kronecker products."""
    whole = np.kron(a, eye(len(b))) + np.kron(eye(len(a)), b.T)
    return EXACT.solve(whole, q.reshape(-1)).reshape(q.shape)


# The points

Make = Callable[[Random], Case]


def _params(**params: Any) -> Params:
    return tuple(sorted(params.items()))


def _solve(turned: bool) -> Make:
    def make(rng: Random) -> Case:
        a, b = matrix(rng, 3, 3), matrix(rng, 3, 2)
        x = EXACT.solve(a.T if turned else a, b)
        return Case(
            (a, b), (x,),
            lambda args, outs: [(args[0].T if turned else args[0]) @ outs[0] - args[1]],
            _params(columns=1, transposed=turned),
        )  # fmt: skip

    return make


def _triangular(is_lower: bool, unit: bool) -> Make:
    def read(a: Array) -> Array:
        whole = a if is_lower else a.T
        part = lower(whole, -1) + diagonal([jet(1)] * len(a)) if unit else lower(whole)
        return part if is_lower else part.T

    def make(rng: Random) -> Case:
        a, b = matrix(rng, 3, 3), matrix(rng, 3, 2)
        x = EXACT.solve(plain(read(a)), b)
        params = _params(columns=1, lower=is_lower, transposed=False, unit=unit)
        return Case((a, b), (x,), lambda args, outs: [read(args[0]) @ outs[0] - args[1]], params)

    return make


def _inv(rng: Random) -> Case:
    a = matrix(rng, 3, 3)
    return Case((a,), (EXACT.inv(a),), lambda args, outs: [args[0] @ outs[0] - eye(3)])


def _pinv(m: int, n: int) -> Make:
    """p a a' = a' for a wide matrix, a' a p = a' for a tall one."""

    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (a,), (p,) = args, outs
        return [a.T @ a @ p - a.T if m >= n else p @ a @ a.T - a.T]

    def make(rng: Random) -> Case:
        a = matrix(rng, m, n)
        return Case((a,), (pseudoinverse(a),), vanish, _params(rcond=1e-15))

    return make


def _lstsq(m: int, n: int) -> Make:
    """a' (a x - b) = 0 for a tall matrix; x = a' (a a')^-1 b for a wide one."""

    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (a, b), (x,) = args, outs
        return [a.T @ (a @ x - b) if m >= n else x - a.T @ EXACT.solve(a @ a.T, b)]

    def make(rng: Random) -> Case:
        a, b = matrix(rng, m, n), matrix(rng, m, 2)
        p = pseudoinverse(a)
        known = (("pinv", lambda a, **params: p),)
        return Case((a, b), (p @ b,), vanish, _params(rcond=1e-15), known)

    return make


def _det(rng: Random) -> Case:
    a = matrix(rng, 3, 3)
    known = (("cofactors", lambda a, **params: cofactors(a)),)
    value = _array([det(a).a], ())
    return Case((a,), (value,), lambda args, outs: [outs[0] - det(args[0])], (), known)


def _slogdet(rng: Random) -> Case:
    """The logarithm may be any number l, as d det = det dl; the sign does not vary."""

    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        whole, (sign, log) = det(args[0]), (jet(x[()]) for x in outs)
        return [Jet(Fraction(0), whole.a * log.b - whole.b), Jet(Fraction(0), sign.b)]

    numbers = (_array([Fraction(1)], ()), _array([Fraction(7, 3)], ()))
    return Case((matrix(rng, 3, 3),), numbers, vanish)


def _cholesky(rng: Random) -> Case:
    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (a,), (low,) = args, outs
        return [low @ low.T - mirrored(a), low - lower(low)]

    low = lower(matrix(rng, 3, 3))
    return Case((lower(low @ low.T) + lower(matrix(rng, 3, 3), -1).T,), (low,), vanish)


def _qr(m: int, n: int) -> Make:
    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (a,), (q, r) = args, outs
        return [q @ r - a, q.T @ q - eye(q.shape[1]), lower(r, -1)]

    def make(rng: Random) -> Case:
        q, r = rotation(rng, m, min(m, n)), lower(matrix(rng, n, min(m, n))).T
        return Case((q @ r,), (q, r), vanish)

    return make


def _lu(m: int, n: int) -> Make:
    k = min(m, n)
    swap = np.roll(eye(m), 1, 0)

    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (a,), (p, low, up) = args, outs
        ones = low - lower(low, -1) - np.eye(m, k, dtype=int)
        return [swap @ low @ up - a, p - swap, ones, lower(up, -1)]

    def make(rng: Random) -> Case:
        low = lower(matrix(rng, m, k), -1) + np.eye(m, k, dtype=int)
        up = lower(matrix(rng, n, k)).T
        return Case((swap @ low @ up,), (swap, low, up), vanish)

    return make


def _symmetric(rng: Random) -> tuple[Array, Array, Array]:
    """A matrix of which the lower triangle has these eigenvalues and vectors."""
    v, w = rotation(rng, 3, 3), np.sort(matrix(rng, 3))
    whole = v @ diagonal(w) @ v.T
    return lower(whole) + lower(matrix(rng, 3, 3), -1).T, w, v


def _eigh(*more: tuple[str, Any]) -> Make:
    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (a,), (w, v) = args, outs
        return [mirrored(a) @ v - v * w, v.T @ v - eye(3)]

    def make(rng: Random) -> Case:
        a, w, v = _symmetric(rng)
        return Case((a,), (w, v), vanish, _params(uplo="L", **dict(more)))

    return make


def _eigvalsh(rng: Random) -> Case:
    a, w, v = _symmetric(rng)
    return Case(
        (a,), (w,),
        lambda args, outs: [det(mirrored(args[0]) - diagonal([x] * 3)) for x in outs[0]],
        _params(uplo="L"),
        (("eigh", lambda a, **params: (w, v)),),
    )  # fmt: skip


def _singular(rng: Random, m: int, n: int) -> tuple[Array, Array, Array]:
    k = min(m, n)
    s = np.sort(np.abs(matrix(rng, k)))[::-1]
    return rotation(rng, m, k), s, rotation(rng, n, k).T


def _svd(m: int, n: int) -> Make:
    one = eye(min(m, n))

    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (a,), (u, s, vh) = args, outs
        return [a @ vh.T - u * s, a.T @ u - vh.T * s, u.T @ u - one, vh @ vh.T - one]

    def make(rng: Random) -> Case:
        u, s, vh = _singular(rng, m, n)
        return Case((u @ diagonal(s) @ vh,), (u, s, vh), vanish)

    return make


def _svdvals(rng: Random) -> Case:
    u, s, vh = _singular(rng, 3, 2)
    return Case(
        (u @ diagonal(s) @ vh,), (s,),
        lambda args, outs: [
            det(args[0].T @ args[0] - diagonal([x * x] * 2)) for x in outs[0]
        ],
        (),
        (("svd", lambda a, **params: (u, s, vh)),),
    )  # fmt: skip


def _over_gaps(hollow: bool) -> Make:
    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        (x, gaps, _), (y,) = args, outs
        if not hollow:
            return [y * gaps - x]
        rest = y * gaps - x
        return [np.where(np.eye(3, dtype=bool), y, rest)]

    def make(rng: Random) -> Case:
        x, gaps = matrix(rng, 3, 3), matrix(rng, 3, 3)
        y = np.where(np.eye(3, dtype=bool) & hollow, x - x, x / gaps)
        args = (x, gaps, _array([Fraction(1, 10**9)], ()))
        return Case(args, (y,), vanish, _params(extra=0, hollow=hollow))

    return make


def _sylvester(turned: bool) -> Make:
    def sides(a: Array, b: Array) -> tuple[Array, Array]:
        return (a.T, b.T) if turned else (a, b)

    def vanish(args: Arrays, outs: Arrays) -> Sequence[Any]:
        a, b = sides(*args[:2])
        return [a @ outs[0] + outs[0] @ b - args[2]]

    def make(rng: Random) -> Case:
        a, b, q = matrix(rng, 3, 3), matrix(rng, 2, 2), matrix(rng, 3, 2)
        x = sylvester(*sides(a, b), q)
        known = (("solve_sylvester", _sylvesters),)
        return Case((a, b, q), (x,), vanish, _params(extra=0, transposed=turned), known)

    return make


def _sylvesters(a: Array, b: Array, q: Array, *, extra: int, transposed: bool) -> Array:
    return sylvester(a.T, b.T, q) if transposed else sylvester(a, b, q)


def _sqrtm(rng: Random) -> Case:
    x = matrix(rng, 3, 3)
    known = (("solve_sylvester", _sylvesters),)
    return Case((x @ x,), (x,), lambda args, outs: [outs[0] @ outs[0] - args[0]], (), known)


POINTS: dict[str, tuple[Make, ...]] = {
    "solve": (_solve(False), _solve(True)),
    "solve_triangular": tuple(_triangular(low, u) for low in (True, False) for u in (False, True)),
    "inv": (_inv,),
    "pinv": (_pinv(3, 2), _pinv(2, 3), _pinv(3, 3)),
    "lstsq": (_lstsq(3, 2), _lstsq(2, 3)),
    "det": (_det,),
    "slogdet": (_slogdet,),
    "cholesky": (_cholesky,),
    "qr": (_qr(3, 3), _qr(4, 2), _qr(2, 3)),
    "lu": (_lu(3, 3), _lu(4, 2), _lu(2, 4)),
    "eigh": (_eigh(),),
    "scipy_eigh": (_eigh(("driver", "evd")),),
    "eigvalsh": (_eigvalsh,),
    "svd": (_svd(2, 2), _svd(3, 2), _svd(2, 3)),
    "svdvals": (_svdvals,),
    "over_gaps": (_over_gaps(True), _over_gaps(False)),
    "solve_sylvester": (_sylvester(False), _sylvester(True)),
    "sqrtm": (_sqrtm,),
}


# The proof


def prove(op: Primitive) -> str:
    """That the rule is the derivative of what the equations define. Raises Wrong."""
    for make in POINTS[op.name]:
        rng = Random(op.name)
        case = make(rng)
        changes = [matrix(rng, *x.shape) for x in case.args]
        check(op, case, changes, rule_at(op, case, changes))
        determined(op, case)
    return f"exactly, at {len(POINTS[op.name])} points"


def check(op: Primitive, case: Case, changes: Sequence[Array], given: Sequence[Array]) -> None:
    """That the equations hold at the point, and at the changed point. Raises Wrong."""
    args = tuple(moved(x, dx) for x, dx in zip(case.args, changes, strict=True))
    outs = tuple(moved(y, dy) for y, dy in zip(case.outs, given, strict=True))
    for number, equation in enumerate(case.vanish(args, outs)):
        for entry in map(jet, np.ravel(np.asarray(equation, object))):
            if (entry.a, entry.b) != (0, 0):
                what = "does not hold" if entry.a else f"changes by {entry.b}"
                raise Wrong(f"{op.name}{case.params}: equation {number} {what}")


def determined(op: Primitive, case: Case) -> None:
    """That only one change of the result keeps the equations. Raises Wrong."""
    still = tuple(moved(x, nothing(x)) for x in case.args)
    columns = []
    for which, out in enumerate(case.outs):
        for place in np.ndindex(out.shape):
            unit = nothing(out)
            unit[place] = Fraction(1)
            outs = [moved(y, unit if i == which else nothing(y)) for i, y in enumerate(case.outs)]
            rows = case.vanish(still, tuple(outs))
            columns.append([jet(e).b for r in rows for e in np.ravel(np.asarray(r, object))])
    if rank(columns) < len(columns):
        raise Wrong(f"{op.name}{case.params}: the equations do not determine the result")


def nothing(x: Array) -> Array:
    """No change."""
    return _array([Fraction(0)] * x.size, x.shape)


def moved(x: Array, dx: Array) -> Array:
    """x + e dx."""
    pairs = zip(np.ravel(x), np.ravel(dx), strict=True)
    return _array([Jet(a, b) for a, b in pairs], np.shape(x))


def plain(x: Array) -> Array:
    """The rational parts."""
    return _array([jet(v).a for v in np.ravel(x)], x.shape)


def rank(rows: list[list[Fraction]]) -> int:
    """How many rows are independent."""
    rest, found = [list(r) for r in rows], 0
    for column in range(len(rest[0]) if rest else 0):
        pivot = next((i for i in range(found, len(rest)) if rest[i][column]), None)
        if pivot is None:
            continue
        rest[found], rest[pivot] = rest[pivot], rest[found]
        for i in range(found + 1, len(rest)):
            by = rest[i][column] / rest[found][column]
            if by:
                rest[i] = [x - by * y for x, y in zip(rest[i], rest[found], strict=True)]
        found += 1
    return found


def rule_at(op: Primitive, case: Case, changes: Sequence[Array]) -> list[Array]:
    """The rule at the point, applied to changes of the arguments, in exact arithmetic."""
    if op.linearise is None:
        raise Wrong(f"{op.name} has no rule")
    values = [*case.args, *case.outs, *changes]
    builder = Builder([Real(v.shape) for v in values])
    n, m = len(case.args), len(case.outs)
    args, outs, tangents = builder.wires[:n], builder.wires[n : n + m], builder.wires[n + m :]
    out: Any = outs[0] if m == 1 else tuple(outs)
    rule = op.linearise(*args, out=out, **dict(case.params))
    made = interpret(rule, Forward())(tangents[0] if n == 1 else tuple(tangents))
    parts = materialise(made, builder)
    program = builder.finish([builder.lift(p) for p in (parts if m > 1 else (parts,))])
    known, at = dict(case.known), list(values)
    for step in program.steps:
        given = [at[a] for a in step.args]
        f = known.get(step.op.name) or (lambda *xs, s=step, **params: exactly(s.op, xs, params))
        found = f(*given, **dict(step.params))
        at.extend(found if len(step.spaces) > 1 else (found,))
    return [at[o] for o in program.outputs]


def exactly(op: Any, args: Sequence[Array], params: dict[str, Any]) -> Array:
    """The code text of an operation, run on rational numbers."""
    if op is BY_NAME["const"]:
        value: Constant = params["value"]
        return _array([Fraction(float(x)) for x in value.array.ravel()], value.array.shape)
    names = [f"x{i}" for i in range(len(args))]
    namespace: dict[str, Any] = {"np": ExactNumpy(Fraction)}
    exec(op.helpers, namespace)
    found = eval(f"lambda {', '.join(names)}: {op.text(names, params)}", namespace)(*args)
    return np.asarray(found)


def corners() -> str:
    """f([[a, e], [0, a]]) has the derivative of f in its corner, for the powers of a matrix.

    So for every f that is a limit of polynomials; twice over, for second derivatives.
    """
    rng, n = Random("corners"), 2
    namespace: dict[str, Any] = {"np": np}
    exec(BY_NAME["expm_along"].helpers, namespace)
    larger = namespace["larger"]
    a, e, d = (matrix(rng, n, n) for _ in range(3))
    once = larger(a, e)
    for power in range(1, 6):
        first, second = (
            sum((_word(a, dict(zip(at, (e, d), strict=False)), power) for at in places), 0 * a)
            for places in (
                itertools.permutations(range(power), 1),
                itertools.permutations(range(power), 2),
            )
        )
        if not np.array_equal(_word(once, {}, power)[:n, n:], first):
            raise Wrong(f"the corner of power {power} is not its derivative")
        if not np.array_equal(_word(larger(once, d), {}, power)[:n, -n:], second):
            raise Wrong(f"the corner of power {power} is not its second derivative")
    return "exactly, for powers up to 5"


def _word(a: Array, at: dict[int, Array], length: int) -> Array:
    """a a ... a, with other factors at some places."""
    whole = eye(len(a))
    for i in range(length):
        whole = whole @ at.get(i, a)
    return whole
