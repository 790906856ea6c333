"""Cases of universal functions, their options and their methods, and of Python's `math`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Row = tuple[str, Callable[..., Any], tuple[Any, ...]]

V = np.array([0.61, 0.27, 0.83])
W = np.array([1.31, 0.94, 0.52])
M = np.array([[1.21, 0.83, 0.55], [0.92, 1.13, 0.74]])
N = np.array([6, 4, 9])
POINT = np.float64(0.6)
MASK = np.array([True, False, True])
SIGNS = np.array([-0.61, 1.27, -2.83])


def _filled(x: Any, value: float = 2.0) -> Any:
    """An array like x to write into."""
    return np.full_like(x, value)


def _where_out(x: Any, y: Any) -> Any:
    a = _filled(x) * y
    np.divide(x, y, out=a, where=x > 0.5)
    np.log(x, where=MASK, out=a)
    b = np.arctanh(x, out=_filled(x), where=MASK)
    return a * np.power(x, 2, a.copy(), where=[False, True, True]) + b


def _several_out(x: Any) -> Any:
    whole, part = np.zeros(3), np.zeros(3)
    np.modf(3 * x, part, whole)
    np.divmod(x, 0.4, out=(whole, part))
    total = np.zeros(())
    np.add.reduce(x, out=total)
    np.subtract.accumulate(x, 0, None, whole)
    return part * whole + total


def _at(of: np.ufunc, *values: Any) -> Callable[..., Any]:
    """A function that writes at places, some of them twice."""

    def f(x: Any) -> Any:
        a = x * 1.0
        of.at(a, ([0, 1, 0, 0], [1, 2, 1, 0]), *values)
        return a

    return f


_ONE: list[Row] = [
    ("fmax fmin", lambda x, y: np.fmax(x, y) * np.fmin(x, 0.5), (V, W)),
    ("fmax nan", lambda x: np.fmax(x, [np.nan, 1, 0]) * np.fmin([[np.nan], [0.7]], x), (V,)),
    ("heaviside", lambda x, y: np.heaviside(x, y) * x + np.heaviside([0, 1, -1], y), (SIGNS, V)),
    ("ldexp", lambda x: np.ldexp(x, [1, -2, 0]) * np.ldexp(x, 3), (V,)),
    ("frexp", lambda x: np.frexp(x)[0] * x + np.frexp(7 * x)[1], (SIGNS,)),
    ("modf", lambda x: np.modf(x)[0] * x + np.modf(x)[1] * x, (SIGNS,)),
    ("divmod", lambda x, y: np.divmod(x, y)[1] * np.divmod(5 * x, y)[0], (V, W)),
    ("spacing", lambda x: np.spacing(x) * 1e16 + x, (V,)),
    ("nextafter", lambda x, y: np.nextafter(x, y) * x, (V, W)),
    ("bits", lambda x: x * (np.isinf(x) + 2 * np.signbit(x)) + x, (SIGNS,)),
    ("whole", lambda x, n: x * (np.gcd(n, 6) + np.lcm(n, 4) + (n << 2) + (n >> 1)), (V, N)),
    ("logic of bits", lambda x, n: x * ((n & 3) + (n | 1) + (n ^ 5) + ~n), (V, N)),
    ("bit count", lambda x, n: x * np.bitwise_count(n), (V, N)),
    ("shifted", lambda x, n: x * np.left_shift(n, 1) * np.right_shift(n, [0, 1, 2]), (V, N)),
    (
        "dtype",
        lambda x: np.add(x, 1, dtype="f8") * x + np.exp(x, signature="d->d", order="C"),
        (V,),
    ),
    ("casting", lambda x: x * np.multiply(x, 3, dtype=int, casting="unsafe") + x, (V,)),
    ("dtype of power", lambda x: np.power(x, 3, dtype="f8", subok=False) * x, (V,)),
    ("where and out", _where_out, (V, W)),
    ("several outs", _several_out, (V,)),
]

_METHODS: list[Row] = [
    ("add", lambda x: np.add.reduce(x) * np.add.reduce(x, 1, keepdims=True), (M,)),
    ("options", lambda x: np.add.reduce(x, axis=None, initial=x[0, 0], where=M > 0.8), (M,)),
    ("multiply", lambda x: np.multiply.reduce(x, (0, 1), initial=2.0) * x, (M,)),
    ("maximum", lambda x: np.maximum.reduce(x, where=MASK, initial=0.7) * x, (M,)),
    ("minimum", lambda x: np.minimum.reduce(x, axis=1) ** 2, (M,)),
    ("fmax", lambda x: np.fmax.reduce(np.where(M > 1.2, np.nan, x), axis=None) * x, (M,)),
    ("fmin", lambda x: np.fmin.reduce(x * [1, np.nan, 1], axis=1, initial=2), (M,)),
    ("logaddexp", lambda x: np.logaddexp.reduce(x, axis=1) * np.logaddexp.reduce(x, None), (M,)),
    ("logaddexp2", lambda x: np.logaddexp2.reduce(x, where=M > 0.6, keepdims=True), (M,)),
    ("hypot", lambda x: np.hypot.reduce(x) * np.hypot.reduce(x, axis=None, initial=1), (M,)),
    ("hypot of none", lambda x: np.hypot.reduce(x, axis=()) + x, (-M,)),
    ("subtract", lambda x: np.subtract.reduce(x, 1, initial=x[0, 1], where=M > 0.6), (M,)),
    ("divide", lambda x: np.divide.reduce(x, axis=-1), (M,)),
    ("fmod", lambda x: np.fmod.reduce(3 * x, axis=1), (M,)),
    ("truth", lambda x: x * np.logical_or.reduce(x > 1) * ~np.logical_and.reduce(x < 1), (M,)),
    ("parity", lambda x: x * np.logical_xor.reduce(x > 0.8, axis=1, keepdims=True), (M,)),
    ("no axes", lambda x: np.add.reduce(x, initial=2) * np.maximum.reduce(x, axis=None), (POINT,)),
    ("running", lambda x: np.add.accumulate(x) * np.multiply.accumulate(x, axis=1), (M,)),
    ("running extremes", lambda x: np.maximum.accumulate(x, 1) * np.minimum.accumulate(x), (M,)),
    ("running fmax", lambda x: np.fmax.accumulate(x * [np.nan, 1, np.nan], 1)[:, 1:] ** 2, (M,)),
    ("running power", lambda x: np.power.accumulate(x, 1), (M,)),
    ("running logaddexp", lambda x: np.logaddexp.accumulate(x, 1), (M,)),
    ("running hypot", lambda x: np.hypot.accumulate(-x, 0), (M,)),
    ("running integers", lambda x, n: x * np.bitwise_xor.accumulate(n), (V, N)),
    ("reduceat", lambda x: np.add.reduceat(x, [0, 2, 1], axis=1), (M,)),
    ("maximum.reduceat", lambda x: np.maximum.reduceat(x, [1, 0, 2], 1) ** 2, (M,)),
    ("multiply.reduceat", lambda x: np.multiply.reduceat(x, [0, 1]) ** 2, (M,)),
    ("outer", lambda x, y: np.subtract.outer(x, y) * np.hypot.outer(x, y, dtype="f8"), (M, V)),
    ("outer pair", lambda x, y: np.divmod.outer(x, y)[1], (V, W)),
    ("at", _at(np.multiply, 1.7), (M,)),
    ("at one", _at(np.sqrt), (M,)),
    ("at extremes", _at(np.minimum, np.array([0.5, 0.4, 0.3, 2.0])), (M,)),
    ("at subtract", _at(np.subtract, np.array([0.5, 0.4, 0.3, 2.0])), (M,)),
]

_MATH: list[Row] = [
    ("erf", lambda x: math.erf(x) * math.erfc(x), (POINT,)),
    ("gamma", lambda x: math.gamma(x) * math.lgamma(x), (POINT,)),
    ("fsum", lambda x: math.fsum([x, x * x, 2.0]) ** 2, (POINT,)),
]
_ANY: Any = math
_LATER: list[Row] = [
    ("sumprod", lambda x: _ANY.sumprod([x, 1.0], [x, x * 3]), (POINT,)),
    ("fma", lambda x: _ANY.fma(x, 2.0, x * x), (POINT,)),
]
_MATH += [row for row in _LATER if hasattr(math, row[0])]

_FREE: Any = np
"""NumPy without the types that its stubs have."""

_CALLED = np.vectorize(lambda a, b: a * b if a > b else a + b, excluded=[2])
_PAIRED = np.vectorize(lambda a, b: (a @ b, a * b[0]), signature="(n),(n)->(),(n)")


@np.vectorize
def _halved(a: Any) -> Any:
    return math.sin(a) if a < 0.5 else a / 2


def _from_python(x: Any) -> Any:
    f = np.frompyfunc(lambda a, b: (a * b, a + b), 2, 2)
    product, total = f(x, [1.0, 2.0, 3.0])
    return product.astype(float) * total.astype(float)


_ELEMENTWISE: list[Row] = [
    ("close", lambda x: x * np.isclose(x, 0.61) + np.allclose(x, V, equal_nan=True) * x, (V,)),
    (
        "array_equal",
        lambda x: x * (np.array_equal(x > 0.5, MASK) + np.array_equal(x, M, equal_nan=True)),
        (V,),
    ),
    (
        "array_equiv",
        lambda x: x * (np.array_equiv(x > 0.5, MASK[None]) + np.array_equiv(x, [1, 2])),
        (V,),
    ),
    ("infinities", lambda x: x * (1 + np.isposinf(x)) * (2 + np.isneginf(x)), (V,)),
    ("nan_to_num", lambda x: np.nan_to_num(x * [np.nan, np.inf, 2], posinf=3.0) ** 2 + x, (V,)),
    ("nan_to_num in place", lambda x: [a := x * [1, np.nan, 2], np.nan_to_num(a, False)][0], (V,)),
    ("fix", lambda x: np.fix(3 * x) * x + np.around(x, 1), (SIGNS,)),
    ("round to tens", lambda x: np.round(100 * x, -1) * x, (SIGNS,)),
    ("angle", lambda x: np.angle(x) * x + np.angle(x, deg=True), (SIGNS,)),
    ("real_if_close", lambda x: np.real_if_close(x) * 2 + np.imag(x), (V,)),
    ("i0", lambda x: np.i0(x) * x + np.i0(9 * x[0]), (SIGNS,)),
    ("kaiser", lambda x: np.kaiser(3, 4 * x[0]) * x + np.kaiser(1, x[1]), (V,)),
    (
        "clip dtype",
        lambda x: np.clip(x, 0.3, 0.7, dtype="f8") * _FREE.clip(x, min=0.4),
        (V,),
    ),
    ("clip out", lambda x: np.clip(x, 0.3, 0.7, np.zeros(3)) * x.round(1, np.ones(3)), (V,)),
    (
        "piecewise",
        lambda x: np.piecewise(x, [x < 0, x > 1], [lambda v: v * v.sum(), 2.0, np.sin]),
        (SIGNS,),
    ),
    ("piecewise alone", lambda x: np.piecewise(x, x < 0, [lambda v, k: v**k, 0.0], 3), (SIGNS,)),
    ("along an axis", lambda x: np.apply_along_axis(lambda r: r[::-1] * r[0], 1, x), (M,)),
    ("along to matrices", lambda x: np.apply_along_axis(np.diag, 0, x) * 2, (M,)),
    ("over axes", lambda x: np.apply_over_axes(np.prod, x, (0, 1)), (M,)),
    ("vectorize", lambda x, y: _CALLED(x, y) * _halved(x), (V, W)),
    ("vectorize signature", lambda x, y: _PAIRED(x, y)[1] * _PAIRED(x, y)[0][..., None], (M, V)),
    ("vectorize within", lambda x: np.vectorize(lambda a: a**3, otypes=["d"])(x) * x, (V,)),
    ("frompyfunc", _from_python, (V,)),
    ("unwrap", lambda x: np.unwrap(7 * x) * x, (SIGNS,)),
    (
        "matmul options",
        lambda a, b: _FREE.matmul(a, b, axes=[(1, 0), (0, 1), (0, 1)]),
        (M, M[:, :1]),
    ),
    ("vecdot", lambda a, b: _FREE.vecdot(a, b, axis=0) * np.vecdot(a, a)[0], (M, M[::-1])),
]
if hasattr(np, "matvec"):
    _ELEMENTWISE += [
        ("matvec", lambda a, x: np.matvec(a, x) * np.matvec(a, x, dtype="f8"), (M, V)),
        ("vecmat", lambda a, x: np.vecmat(a, x), (V[:2], M)),
    ]

ROWS: list[Row] = [*_ONE, *_METHODS, *_MATH, *_ELEMENTWISE]
