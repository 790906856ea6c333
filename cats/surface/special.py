"""SciPy's special functions by title, so that SciPy is not loaded for them.

Where a function needs no record of its own it is said in terms of those that have one.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable, Sequence
from math import log as log_of
from math import pi
from typing import Any

import numpy as np

from cats.ir.primitive import Primitive
from cats.ir.prims import arrays, choice, smooth, special
from cats.ir.prims.algebra import add, div, mul, sub
from cats.ir.prims.choice import (
    equal,
    floor,
    isfinite,
    less,
    less_equal,
    logical_and,
    not_equal,
    select,
    sign,
    trunc,
)
from cats.ir.prims.folds import log_softmax as log_shares
from cats.ir.prims.folds import logsumexp as log_sum
from cats.ir.prims.folds import softmax as shares
from cats.ir.prims.layout import stop
from cats.ir.prims.layout import sum as total
from cats.ir.prims.pairs import logaddexp
from cats.ir.prims.smooth import exp, log
from cats.ir.prims.special import bessel, elliptic, gammas, integrals, polynomials
from cats.ir.prims.special.gammas import betainc, gammainc, gammaincc, gammainccinv
from cats.ir.spaces import Real, Value
from cats.surface.creation import boxed
from cats.surface.promotion import Loop, Said, one, promoted, ufunc
from cats.surface.shapes import expand_dims
from cats.surface.ufuncs import apply
from cats.surface.values import (
    expand,
    fixed,
    kind_of,
    lifted,
    normal_axes,
    real,
    recorder_of,
    with_dtype,
)
from cats.traced import Traced

Axes = tuple[int, ...]


def _of_scipy(name: str) -> Any:
    """SciPy's own function, which the user has loaded."""
    return getattr(sys.modules["scipy.special"], name)


def _lazily(name: str, said: Said) -> Callable[..., Value]:
    """A universal function of SciPy, with all that NumPy lets one ask of it."""

    def call(*args: Value, **options: Any) -> Value:
        return ufunc(_of_scipy(name), said)(*args, **options)

    return call


# Universal functions

NO_UFUNCS = ("polygamma", "zeta", "diric")
"""Functions of SciPy's that are written in Python."""

ONE: dict[str, Primitive] = {
    **{
        op.name: op
        for op in special.FAMILY
        if op.name not in NO_UFUNCS and str(op.code).startswith(f"scipy.special.{op.name}(")
    },
    "log1p": smooth.log1p,
    "expm1": smooth.expm1,
    "exp2": smooth.exp2,
    "cbrt": smooth.cbrt,
    "round": choice.rint,
}
"""Those that are one primitive each."""


def _several(*parts: Callable[[Value], Value]) -> Said:
    """A function of one number with several results."""

    def said(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
        (x,) = promoted(of, parts[0], args, options)
        return tuple([part(x) for part in parts])

    return said


def _airy(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    (x,) = promoted(of, bessel.airy, args, options)
    return tuple([bessel.airy(x, which=k) for k in range(4)])


def _ellipj(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
    u, m = promoted(of, elliptic.ellipj, args, options)
    return tuple([elliptic.ellipj(u, m, which=k) for k in range(4)])


def _in_terms(said: Callable[..., Value]) -> Said:
    """A function of some numbers in terms of others."""

    def call(of: np.ufunc, args: Sequence[Value], options: Loop) -> Value:
        given = promoted(of, said, args, options)
        like = next(v for v in given if isinstance(v, Traced) and isinstance(v.space, Real))
        recorder = recorder_of(*given)
        lifts = [with_dtype(lifted(recorder, v), like.dtype) for v in given]
        return said(*[expand(v, like.shape) for v in lifts])

    return call


def _half(x: Value) -> Value:
    return mul(0.5, x)


def _where(found: Value, *tests: Value) -> Value:
    """What was found, where all tests say that there is such a number; nan elsewhere."""
    return select(functools.reduce(logical_and, tests), found, np.nan)


def _share(p: Value) -> tuple[Value, Value]:
    """That p is a probability."""
    return less_equal(0.0, p), less_equal(p, 1.0)


def _poisson(of: Primitive) -> Callable[[Value, Value], Value]:
    """The incomplete gamma function of the whole number after k."""

    def said(k: Value, m: Value) -> Value:
        counted = less_equal(0.0, k)
        return _where(of(add(select(counted, floor(k), 0.0), 1.0), m), counted)

    return said


def _bdtr(k: Value, n: Value, p: Value) -> Value:
    """The sum of the binomial probabilities up to k. SciPy leaves the fraction off n."""
    whole, count = floor(k), trunc(n)
    inside = logical_and(less_equal(0.0, whole), less(whole, count))
    first, rest = select(inside, whole, 0.0), select(inside, sub(count, whole), 1.0)
    found = select(inside, betainc(rest, add(first, 1.0), sub(1.0, p)), 1.0)
    return _where(found, *_share(p), less_equal(0.0, whole), less_equal(whole, count))


def _bdtrc(k: Value, n: Value, p: Value) -> Value:
    """1 less that sum, which is 0 below 0."""
    whole, count = floor(k), trunc(n)
    some = less_equal(0.0, whole)
    inside = logical_and(some, less(whole, count))
    first, rest = select(inside, whole, 0.0), select(inside, sub(count, whole), 1.0)
    found = select(inside, betainc(add(first, 1.0), rest, p), 0.0)
    return _where(select(some, found, 1.0), *_share(p), less_equal(whole, count))


def _negative(k: Value, n: Value, p: Value, upper: bool) -> Value:
    """The sum of the negative binomial probabilities up to k, or from there on."""
    failures, wins = trunc(k), trunc(n)
    tests = less_equal(0.0, failures), less_equal(1.0, wins)
    first, count = select(tests[0], failures, 0.0), select(tests[1], wins, 1.0)
    after = add(first, 1.0)
    found = betainc(after, count, sub(1.0, p)) if upper else betainc(count, after, p)
    return _where(found, *_share(p), *tests)


def _fdtr(a: Value, b: Value, x: Value) -> Value:
    weight = mul(a, x)
    return betainc(_half(a), _half(b), div(weight, add(b, weight)))


def _fdtrc(a: Value, b: Value, x: Value) -> Value:
    return betainc(_half(b), _half(a), div(b, add(b, mul(a, x))))


def _radian(d: Value, m: Value, s: Value) -> Value:
    return smooth.deg2rad(add(d, add(div(m, 60.0), div(s, 3600.0))))


_COMPOSED: dict[str, Callable[..., Value]] = {
    "chdtr": lambda v, x: gammainc(_half(v), _half(x)),
    "chdtrc": lambda v, x: gammaincc(_half(v), _half(x)),
    "chdtri": lambda v, p: mul(2.0, gammainccinv(_half(v), p)),
    "gdtr": lambda a, b, x: gammainc(b, mul(a, x)),
    "gdtrc": lambda a, b, x: gammaincc(b, mul(a, x)),
    "pdtr": _poisson(gammaincc),
    "pdtrc": _poisson(gammainc),
    "pdtri": lambda k, y: _poisson(gammainccinv)(trunc(k), y),
    "bdtr": _bdtr,
    "bdtrc": _bdtrc,
    "nbdtr": lambda k, n, p: _negative(k, n, p, upper=False),
    "nbdtrc": lambda k, n, p: _negative(k, n, p, upper=True),
    "fdtr": _fdtr,
    "fdtrc": _fdtrc,
    "radian": _radian,
}

_MORE: dict[str, Said] = {
    **{name: _in_terms(said) for name, said in _COMPOSED.items()},
    "sici": _several(integrals.sine_integral, integrals.cosine_integral),
    "shichi": _several(integrals.hyperbolic_sine_integral, integrals.hyperbolic_cosine_integral),
    "fresnel": _several(integrals.fresnel_sine, integrals.fresnel_cosine),
    "airy": _airy,
    "ellipj": _ellipj,
}

# Functions that SciPy writes in Python


def _double(*values: Value) -> list[Traced]:
    """The values as double precision arrays of one shape."""
    recorder = recorder_of(*values)
    given = [with_dtype(lifted(recorder, v), np.float64) for v in values]
    shape = np.broadcast_shapes(*[v.shape for v in given])
    return [expand(v, shape) for v in given]


def polygamma(n: Value, x: Value) -> Value:
    """scipy.special.polygamma, of whole orders that do not vary."""
    orders = fixed(n)
    if np.any(orders != np.rint(orders)):
        raise ValueError(f"the order of a derivative is a whole number, not {n}")
    (y,) = _double(x)
    shape = np.broadcast_shapes(orders.shape, y.shape)
    found = y = expand(y, shape)
    for k in np.unique(orders):
        of_order = gammas.polygamma(y, n=int(k)) if k else gammas.psi(y)
        others = np.broadcast_to(orders != k, shape)
        found = select(others, found, of_order) if np.any(others) else of_order
    return found


def zeta(x: Value, q: Value = None) -> Value:
    """scipy.special.zeta of Hurwitz; of Riemann without q."""
    recorder = recorder_of(x, q)
    if q is None:
        return gammas.riemann_zeta(real(lifted(recorder, x)))
    return gammas.zeta(*_alike(x, q))


def _alike(*values: Value) -> list[Traced]:
    """The values as arrays of one shape and width, which Python numbers take from the others."""
    recorder, dtype = recorder_of(*values), np.result_type(*map(kind_of, values))
    width = dtype if dtype.kind == "f" else np.dtype(np.float64)
    arrays = [lifted(recorder, v) for v in values]
    shape = np.broadcast_shapes(*[v.shape for v in arrays])
    return [expand(with_dtype(v, width), shape) for v in arrays]


def diric(x: Value, n: Value) -> Value:
    """scipy.special.diric: Dirichlet's kernel, sin(n x / 2) / (n sin(x / 2))."""
    y, count = (lifted(recorder_of(x, n), v) for v in (x, n))
    dtype = np.result_type(y.dtype, count.dtype)
    shape = np.broadcast_shapes(y.shape, count.shape)
    kind = dtype if dtype.kind == "f" else np.dtype(np.float64)
    return boxed(polynomials.diric(*[expand(with_dtype(v, kind), shape) for v in (y, count)]))


def _exactly(name: str, *numbers: Value) -> Any:
    """SciPy's exact answer for whole numbers, which are observed."""
    return _of_scipy(name)(*map(operator.index, numbers), exact=True)


def factorial(n: Value, exact: bool = False, extend: str = "zero") -> Value:
    """scipy.special.factorial: gamma(n + 1), and 0 for a negative n."""
    if exact:
        return _exactly("factorial", n)
    if extend != "zero":
        raise ValueError("extend='complex' gives complex numbers")
    (x,) = _double(n)
    left = less(x, 0.0)
    return select(left, 0.0, gammas.gamma(select(left, 1.0, add(x, 1.0))))


def _counted(op: Primitive, n: Value, k: Value) -> Value:
    """The function of counts, 0 where there is nothing to count."""
    x, y = _double(n, k)
    none = apply(np.logical_or, less(x, y), less(y, 0.0))
    x, y = select(none, 1.0, x), select(none, 0.0, y)
    found = op(x, y) if op is gammas.binom else op(add(sub(x, y), 1.0), y)
    return select(none, 0.0, found)


def comb(N: Value, k: Value, *, exact: bool = False, repetition: bool = False) -> Value:
    """scipy.special.comb: the ways to choose k of N."""
    if exact:
        return _exactly("comb", N + k - 1 if repetition else N, k)
    return _counted(gammas.binom, N + k - 1 if repetition else N, k)


def perm(N: Value, k: Value, exact: bool = False) -> Value:
    """scipy.special.perm: the ways to choose k of N in order."""
    return _exactly("perm", N, k) if exact else _counted(gammas.poch, N, k)


def multigammaln(a: Value, d: Value) -> Value:
    """scipy.special.multigammaln: the logarithm of the gamma function of matrices."""
    count = operator.index(d)
    (x,) = _double(a)
    found: Value = 0.25 * count * (count - 1) * log_of(pi)
    for k in range(count):
        found = add(gammas.gammaln(sub(x, 0.5 * k)), found)
    return found


def softplus(x: Value) -> Value:
    """scipy.special.softplus: log(1 + exp(x))."""
    y = real(lifted(recorder_of(x), x))
    return logaddexp(expand(lifted(y.recorder, np.zeros((), y.dtype)), y.shape), y)


def _spherical(which: int) -> Callable[..., Value]:
    def call(n: Value, z: Value, derivative: bool = False) -> Value:
        recorder = recorder_of(n, z)
        order, x = lifted(recorder, n), with_dtype(lifted(recorder, z), np.float64)
        shape = np.broadcast_shapes(order.shape, x.shape)
        order, x = expand(with_dtype(order, np.int64), shape), expand(x, shape)
        if derivative:
            return bessel.spherical_slope(order, x, which)
        return bessel.spherical(order, x, which=which)

    return call


# Sums of exponentials


def _entered(x: Value, axis: Any, *more: Value) -> tuple[Traced, Axes]:
    """An array of real numbers, and axes of it."""
    array = real(lifted(recorder_of(x, *more), x))
    return array, normal_axes(axis, array.ndim)


def _kept(x: Traced, axes: Axes) -> Traced:
    """The reduced axes back, with length 1."""
    return expand_dims(x, axes) if axes else x


def softmax(x: Value, axis: Any = None) -> Value:
    """scipy.special.softmax."""
    array, axes = _entered(x, axis)
    return shares(array, axes=axes)


def log_softmax(x: Value, axis: Any = None) -> Value:
    """scipy.special.log_softmax."""
    array, axes = _entered(x, axis)
    return log_shares(array, axes=axes)


def logsumexp(
    a: Value,
    axis: Any = None,
    b: Value = None,
    keepdims: bool = False,
    return_sign: bool = False,
) -> Value:
    """scipy.special.logsumexp: log(sum(b exp(a))); where b is 0, a does not matter."""
    x, axes = _entered(a, axis, b)
    if b is not None:
        x, weights = _alike(a, b)
        axes = normal_axes(axis, x.ndim)
        found, turn = _weighted(x, weights, axes)
    else:
        found = log_sum(x, axes=axes)
        turn = with_dtype(not_equal(found, -np.inf), found.dtype)
    if not return_sign:
        found = found if b is None else select(less(turn, 0.0), np.nan, found)
    parts = [_kept(v, axes) if keepdims else v for v in (found, turn)]
    return tuple(parts) if return_sign else parts[0]


def _weighted(x: Traced, weights: Traced, axes: Axes) -> tuple[Traced, Traced]:
    """log|sum(weights exp(x))|, and the sign of the sum."""
    shown = select(equal(weights, 0.0), -np.inf, x)
    most = stop(arrays.max(shown, axes=axes)) if axes else stop(shown)
    shift = select(isfinite(most), most, 0.0)
    away = sub(shown, expand(_kept(shift, axes), x.shape))
    sums = total(mul(weights, exp(away)), axes=axes)
    return add(log(choice.abs(sums)), shift), sign(sums)


_PYTHON: tuple[Callable[..., Value], ...] = (
    polygamma, zeta, diric, factorial, comb, perm, multigammaln, softplus, softmax, log_softmax,
    logsumexp,
)  # fmt: skip

SCIPY: dict[str, Callable[..., Value]] = {
    **{f"scipy.special.{name}": _lazily(name, one(op)) for name, op in ONE.items()},
    **{f"scipy.special.{name}": _lazily(name, said) for name, said in _MORE.items()},
    **{f"scipy.special.{f.__name__}": f for f in _PYTHON},
    **{
        f"scipy.special.spherical_{kind}": _spherical(which)
        for which, kind in enumerate(bessel.SPHERICAL)
    },
}
"""SciPy's special functions in terms of the vocabulary, by title."""
