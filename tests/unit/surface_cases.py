"""What the surface must carry: ordinary NumPy code with arguments away from kinks and poles."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

import cats
from cats.stop import stop_gradient
from tests.unit import cases_shapes
from tests.unit.cases_reductions import ROWS as REDUCTIONS
from tests.unit.cases_sorting import ROWS as SORTING
from tests.unit.cases_statistics import ROWS as STATISTICS
from tests.unit.cases_ufuncs import ROWS as UFUNCS
from tests.unit.linalg_cases import ROWS as LINALG

Function = Callable[..., Any]


class Case(NamedTuple):
    """A function of arrays, and arguments for it."""

    name: str
    f: Function
    args: tuple[Any, ...]


def entries(*shape: int, low: float = 0.213, high: float = 0.847, seed: int = 0) -> Any:
    """Distinct numbers between bounds, well apart, in no order."""
    size = int(np.prod(shape))
    numbers = np.linspace(low, high, size) if size else np.zeros(0)
    shuffled = np.random.default_rng(seed + size).permutation(numbers)
    return shuffled.reshape(shape)


V3, V4 = entries(3), entries(4, seed=1)
W3 = entries(3, low=0.331, high=0.759, seed=7)[::-1]
S3 = entries(3, low=-0.9, high=0.8, seed=2)
M23, M34, M33 = entries(2, 3), entries(3, 4, seed=3), entries(3, 3, seed=4)
T234 = entries(2, 3, 4, low=-1.0, high=1.5)
POINT = np.float64(0.6)
EMPTY = np.zeros((0, 3))
MASK = np.array([True, False, True])
INTS = np.array([2, 0, 1])
BACKWARD = entries(6, seed=5)[::-2]
FORTRAN = np.asfortranarray(M34)
FROZEN = V3.copy()
FROZEN.flags.writeable = False

_UNIT = (np.arcsin, np.arccos, np.arctanh)
_SMOOTH = (
    np.negative, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sqrt, np.cbrt,
    np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.reciprocal,
    np.deg2rad, np.radians, np.rad2deg, np.degrees, np.absolute, np.fabs, np.square, np.positive,
    np.conjugate, np.real, np.sinc, *_UNIT,
)  # fmt: skip
_BINARY = (
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.hypot, np.arctan2,
    np.logaddexp, np.logaddexp2, np.power, np.float_power, np.copysign, np.remainder, np.fmod,
)  # fmt: skip
_STEPS = (np.sign, np.floor, np.ceil, np.rint, np.trunc, np.round)
_FLAGS = (
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
    np.logical_and, np.logical_or, np.logical_xor,
)  # fmt: skip
_BITS = (np.bitwise_and, np.bitwise_or, np.bitwise_xor)


def _entrywise() -> list[Case]:
    cases = [Case(f"{f.__name__} {x.shape}", f, (x,)) for f in _SMOOTH for x in (V3, POINT, EMPTY)]
    cases += [Case("arccosh", np.arccosh, (1.5 + V3,))]
    cases += [Case(f"{f.__name__} of signs", f, (S3,)) for f in (np.absolute, np.cbrt, np.sinc)]
    cases += [
        Case(f"{f.__name__} {label}", f, args)
        for f in _BINARY
        for label, args in {
            "same": (V3, W3),
            "row": (M23 + 0.33, V3),
            "column": (M23, V3[:2, None] + 1.1),
            "numbers": (POINT, 1.7),
            "empty": (EMPTY, V3),
        }.items()
    ]
    cases += [
        Case(f"{f.__name__} and {c!r}", lambda x, f=f, c=c: f(x, c), (V3,))
        for f in _BINARY
        for c in (2, 1.3, np.float64(0.31), np.int64(3), [1.0, 2.0, 3.0], np.arange(3) + 1)
    ]
    cases += [
        Case(f"{c!r} and {f.__name__}", lambda x, f=f, c=c: f(c, x), (V3,))
        for f in _BINARY
        for c in (2, 1.3, np.array([1.0, 2.0, 3.0]))
    ]
    cases += [Case(f.__name__, f, (2.3 * S3,)) for f in _STEPS]
    cases += [Case("floor_divide", np.floor_divide, (4.0 * V3, 0.3 + V3))]
    cases += [
        Case(f"where {f.__name__}", lambda x, y, f=f: np.where(f(x, y), x * y, y), (V3, W3))
        for f in _FLAGS
    ]
    cases += [
        Case(f.__name__, lambda x, y, f=f: np.where(f(x > 0.5, y > 0.3), x * y, y), (V3, W3))
        for f in _BITS
    ]
    return [*cases, *_CHOICES]


_CHOICES = [
    Case("invert", lambda x: np.where(~(x > 0.5), x * x, 1.0), (V3,)),
    Case("logical_not", lambda x: np.where(np.logical_not(x > 0.5), x, 0), (V3,)),
    Case("isnan isfinite", lambda x: np.where(np.isnan(x) | ~np.isfinite(x), 0.0, x * x), (V3,)),
    Case(
        "chosen by a mask of no known length",
        lambda x: cats.vmap(lambda row: np.sum(np.exp(row[row > 0.5])))(x),
        (M23,),
    ),
    Case("where row", lambda x, y: np.where(MASK, x, y), (M23, POINT)),
    Case("where numbers", lambda x: np.where(x > 0.4, 1, x) ** 2, (V3,)),
    Case("clip", lambda x: np.clip(x, 0.3, 0.61), (V3,)),
    Case("clip low", lambda x: np.clip(x, 0.3, None), (V3,)),
    Case("clip method", lambda x: x.clip(max=0.61) * x, (V3,)),
    Case("clip by values", lambda x, a: np.clip(x, a, 2 * a), (V4, np.float64(0.31))),
    Case("round decimals", lambda x: x.round(1) * x, (0.03 + V3,)),
    Case("**", lambda x: x**2 + x**3 + x**-1 + x**0.5 + x**0 + x**1.7, (V3,)),
    Case("** of values", lambda x, y: x**y + 2**x + 1.5**x, (V3, V3 + 1)),
    Case("** array", lambda x: x ** np.array([1, 2, 3]), (V3,)),
    Case("operators", lambda x, y: -(+x - 1) * 2 / y + (3 - x) % 0.7 + abs(x) // 5, (V3, W3)),
    Case("% and 1", lambda x: 2.5 % x + 7.1 // x, (V3,)),
    Case("comparisons", lambda x: (x < 0.5) * x + (x >= 0.5) * x * x + (x != 1) * x, (V3,)),
    Case("integers", lambda x: x * np.arange(3) + np.int32(2) * x, (V3,)),
    Case("booleans", lambda x: x * MASK + MASK, (V3,)),
    Case("array on the left", lambda x: np.array([1.0, 2, 3]) * x - np.float64(2) / x, (V3,)),
    Case("array inplace", lambda x: np.ones(3) + x, (V3,)),
    Case("max builtin", lambda x: sum(x) + sum(v * v for v in x), (V3,)),
    Case("stop_gradient", lambda x: x * stop_gradient(0 * x + 2.0), (V3,)),
]


_REDUCTIONS = [
    Case(f"{f.__name__} {a} {keep}", lambda x, f=f, a=a, k=keep: f(x, axis=a, keepdims=k), (x,))
    for f in (np.sum, np.prod, np.max, np.min, np.mean, np.var, np.std)
    for a, keep, x in (
        (None, False, T234), (1, False, T234), (-1, True, T234), ((0, 2), False, T234),
        ((2, 0), True, T234), (None, True, T234), (None, False, POINT), (0, False, V3),
    )
    if not (f is np.std and x is POINT)
] + [
    Case("sum of nothing", lambda x: np.sum(x, axis=0) + np.sum(x), (EMPTY,)),
    Case("prod of nothing", lambda x: np.prod(x, axis=0), (EMPTY,)),
    Case("sum method", lambda x: x.sum(0).sum() + x.mean(axis=1)[0] + x.prod(-1)[1], (M23,)),
    Case("extremes", lambda x: x.max() * x.min(axis=0) + x.var(ddof=1) + x.std(1)[0], (M23,)),
    Case("add.reduce", lambda x: np.add.reduce(x), (M23,)),
    Case("add.reduce axis", lambda x: np.add.reduce(x, axis=None), (M23,)),
    Case("multiply.reduce", lambda x: np.multiply.reduce(x), (M23,)),
    Case("maximum.reduce", lambda x: np.maximum.reduce(x) + np.minimum.reduce(x), (M23,)),
    Case("any of nothing", lambda x: np.where(np.any(x) | np.all(x), x, x), (EMPTY,)),
    Case("add.accumulate", lambda x: np.add.accumulate(x) * np.multiply.accumulate(x, 1), (M23,)),
    Case("any", lambda x: np.where(np.any(x > 0.7), x, 0), (V3,)),
    Case("all", lambda x: np.where(np.all(x > 0), x * x, 0), (V3,)),
    Case("any axis", lambda x: np.where(np.any(x > 0.7, axis=0), x, 2 * x), (M23,)),
    Case("count", lambda x: np.sum(x > 0.5) * x, (V3,)),
    Case("cumsum", lambda x: np.cumsum(x) * 2, (M23,)),
    Case("cumsum axis", lambda x: x.cumsum(axis=-1) ** 2, (M23,)),
    Case("cumprod", lambda x: np.cumprod(x), (V3,)),
    Case("cumprod axis", lambda x: np.cumprod(x, axis=0) + x.cumprod(1), (M23,)),
    Case("var ddof", lambda x: np.var(x, axis=1, ddof=1) + np.std(x, axis=1, ddof=1), (M23,)),
    Case("sum of one", lambda x: np.sum(x, axis=()), (V3,)),
    Case("sum positional", lambda x: np.sum(x, 0) * np.max(x, 0) * np.mean(x, 0), (M23,)),
    Case("sum axis list", lambda x: np.sum(x, (0, -1)), (M23,)),
    Case("softmax", lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))), (V4,)),
]  # fmt: skip

_SHAPES = [
    Case("reshape", lambda x: np.reshape(x, (3, 2)) * 2, (M23,)),
    Case("reshape -1", lambda x: x.reshape(-1, 2) ** 2, (M23,)),
    Case("reshape method", lambda x: x.reshape((6,)) + x.reshape(6), (M23,)),
    Case("reshape fortran", lambda x: np.asarray(FORTRAN) * x, (FORTRAN,)),
    Case("reshape by array", lambda x: np.reshape(x, np.array([3, -1])) * 2, (M23,)),
    Case("ones_like of shape", lambda x: np.ones_like(x, shape=()) * x, (V3,)),
    Case("keepdims", lambda x: x.sum(keepdims=1) * x.var(keepdims=1), (V3,)),
    Case("ravel", lambda x: np.ravel(x) * x.flatten(), (M23,)),
    Case("transpose", lambda x: np.transpose(x) + x.T, (M23,)),
    Case("transpose axes", lambda x: np.transpose(x, (1, 2, 0)) * x.transpose(1, -1, 0), (T234,)),
    Case("swapaxes", lambda x: np.swapaxes(x, 0, -1) + x.swapaxes(0, 2), (T234,)),
    Case("moveaxis", lambda x: np.moveaxis(x, 0, -1), (T234,)),
    Case("moveaxis many", lambda x: np.moveaxis(x, [0, 1], [-1, 0]), (T234,)),
    Case("expand_dims", lambda x: np.expand_dims(x, 1) + np.expand_dims(x, (0, -1))[0], (V3,)),
    Case("squeeze", lambda x: np.squeeze(x) * x[:, None].squeeze(1), (V3,)),
    Case("broadcast_to", lambda x: np.broadcast_to(x, (2, 3)) ** 2, (V3,)),
    Case("broadcast_to number", lambda x: np.broadcast_to(x, 4), (POINT,)),
    Case("concatenate", lambda x, y: np.concatenate([x, y, np.ones(2)]), (V3, V4)),
    Case("concatenate axis", lambda x, y: np.concatenate((x, y), axis=-1), (M23, np.ones((2, 1)))),
    Case("concatenate flat", lambda x, y: np.concatenate([x, y], axis=None), (M23, V4)),
    Case("concatenate nested", lambda x: np.concatenate([x[:1], [x[1], 2.0], [3.0]]), (V3,)),
    Case("stack", lambda x, y: np.stack([x, y, [1, 2, 3]], axis=1), (V3, V3)),
    Case("stack numbers", lambda x: np.stack([x[0], 2, x[1] * x[2]]), (V3,)),
    Case("stack array", lambda x: np.stack(x, axis=1), (M23,)),
    Case("concatenate array", lambda x: np.concatenate(x), (M23,)),
    Case("vstack", lambda x, y: np.vstack([x, y]), (M23, V3)),
    Case("hstack", lambda x, y: np.hstack([x, y, 1.0]), (V3, POINT)),
    Case("hstack matrices", lambda x: np.hstack([x, x * x]), (M23,)),
    Case("column_stack", lambda x, y: np.column_stack([x, y]), (V3, M33)),
    Case("atleast", lambda x: np.atleast_1d(x) * np.atleast_2d(x, x)[1], (POINT,)),
    Case("atleast vector", lambda x: np.atleast_2d(x), (V3,)),
    Case("flip", lambda x: np.flip(x) + np.flip(x, 0) + np.flip(x, (0, 1)), (M23,)),
    Case("split", lambda x: [p * p for p in np.split(x, 2)], (V4,)),
    Case("split at", lambda x: tuple(np.split(x, [1, 3], axis=1)), (M34,)),
    Case("zeros_like", lambda x: np.zeros_like(x) + x + np.ones_like(x) * x, (M23,)),
    Case("zeros_like int", lambda x: np.ones_like(x, dtype=int) * x, (M23,)),
    Case("full_like", lambda x: np.full_like(x, 2.0) * x + np.full_like(x, x[0]), (V3,)),
    Case("copy", lambda x: np.copy(x) * x.copy(), (V3,)),
    Case("shape", lambda x: x * np.shape(x)[0] + x.shape[1] + len(x), (M23,)),
    Case("ndim size", lambda x: x * np.ndim(x) + np.size(x) + np.size(x, 1) + x.size, (M23,)),
    Case("astype", lambda x: x.astype(float) * (x > 0.5).astype(float), (V3,)),
    Case("fortran", lambda x: x.ravel() * 2, (FORTRAN,)),
    Case("backward", lambda x: x * x[::-1], (BACKWARD,)),
    Case("frozen", lambda x: x * x, (FROZEN,)),
    Case("meshgrid by hand", lambda x: x[:, None] * x[None, :], (V3,)),
]

_INDEXING = [
    Case("number", lambda x: x[0] * x[-1], (V3,)),
    Case("numbers", lambda x: x[1, 2] + x[0][1] * x[-1, -2], (M23,)),
    Case("slices", lambda x: x[1:] * x[:-1], (V4,)),
    Case("steps", lambda x: x[::2] + x[::-2][::-1], (V4,)),
    Case("backward", lambda x: x[::-1] * x[2:0:-1][0], (V3,)),
    Case("empty slice", lambda x: np.sum(x[2:1]) + x, (V3,)),
    Case("columns", lambda x: x[:, 1] * x[:, -1], (M23,)),
    Case("ellipsis", lambda x: x[..., 0] * x[0, ..., 1].sum(), (T234,)),
    Case("full ellipsis", lambda x: x[...] * x[:], (M23,)),
    Case("None", lambda x: x[None] * x[:, None] + x[None, :, None][0], (V3,)),
    Case("None in the middle", lambda x: x[:, None, 1:] * x[..., None], (M23,)),
    Case("None and a number", lambda x: x[1, None] * x[None, 1], (M23,)),
    Case("integers", lambda x: x[[0, 2, 2]] * 2, (V3,)),
    Case("integer array", lambda x: x[INTS] * x, (V3,)),
    Case("negative integers", lambda x: x[np.array([-1, 0, -1])] ** 2, (V3,)),
    Case("matrix of integers", lambda x: x[np.array([[0, 1], [2, 2]])], (V3,)),
    Case("rows", lambda x: x[[1, 0]] * 3, (M23,)),
    Case("columns by list", lambda x: x[:, [2, 0]] ** 2, (M23,)),
    Case("pairs", lambda x: x[[0, 1], [2, 0]], (M23,)),
    Case("pairs broadcast", lambda x: x[[[0], [1]], [2, 0]], (M23,)),
    Case("number and list", lambda x: x[1, [2, 0]], (M23,)),
    Case("split by slice", lambda x: x[[0, 1], :, [2, 0]], (T234,)),
    Case("number split", lambda x: x[0, :, [2, 0]], (T234,)),
    Case("list then slice", lambda x: x[:, [2, 0], 1:], (T234,)),
    Case("None and list", lambda x: x[None, [2, 0]], (V3,)),
    Case("list and None", lambda x: x[[2, 0], None], (V3,)),
    Case("two lists and None", lambda x: x[[1, 0], None, [2, 0]], (M23,)),
    Case("mask", lambda x: x[MASK] * 2, (V3,)),
    Case("mask of matrix", lambda x: x[M23 > 0.4] ** 2, (M23,)),
    Case("mask of rows", lambda x: x[:, MASK], (M23,)),
    Case("mask list", lambda x: x[[True, False, True]], (V3,)),
    Case("tuple of arrays", lambda x: x[np.triu_indices(3)], (M33,)),
    Case("computed integers", lambda x, i: x[i] * x[i + 0], (V3, np.array([1, 1, 0]))),
    Case("integer argument", lambda x, i: x[i] * 2.0, (V3, np.array(1))),
    Case("empty list", lambda x: np.sum(x[np.zeros(0, int)]) + x, (V3,)),
    Case("numpy number", lambda x: x[np.int64(1)] * x[np.array(2)], (V3,)),
    Case("iteration", lambda x: [a * b for a, b in x], (M23.T.copy(),)),
    Case("unpacking", lambda x: (lambda a, b, c: a * b + c)(*x), (V3,)),
    Case("take", lambda x: np.take(x, [2, 0, 0]) * x.take(1), (V3,)),
    Case("take axis", lambda x: np.take(x, [2, 0], axis=1) + x.take([0, 1], -1), (M23,)),
    Case("take flat", lambda x: np.take(x, [5, 0]), (M23,)),
    Case("roll", lambda x: np.roll(x, 1) * x, (M23,)),
    Case("roll axis", lambda x: np.roll(x, -2, axis=1) * x, (M23,)),
    Case("roll axes", lambda x: np.roll(x, (1, 2), axis=(0, 1)) * x, (M23,)),
    Case("repeat", lambda x: np.repeat(x, 2) + x.repeat(2), (V3,)),
    Case("repeat axis", lambda x: np.repeat(x, [1, 0, 2], axis=1), (M23,)),
    Case("tile", lambda x: np.tile(x, 2) * 2, (V3,)),
    Case("tile matrix", lambda x: np.tile(x, (2, 1, 2)), (M23,)),
    Case("diff", lambda x: np.diff(x) ** 2, (V4,)),
    Case("diff axis", lambda x: np.diff(x, n=1, axis=0) ** 2, (M34,)),
    Case("diff twice", lambda x: np.diff(x, n=2) ** 2, (M34,)),
    Case("diagonal", lambda x: np.diagonal(x) * x.diagonal(), (M33,)),
    Case("diagonal offset", lambda x: np.diagonal(x, 1, 1, 2), (T234,)),
    Case("trace", lambda x: np.trace(x) * x.trace(1) * np.trace(x, -1), (M33,)),
    Case("trace axes", lambda x: np.trace(x, axis1=0, axis2=2), (T234,)),
]

_PAIRS: list[tuple[Any, Any, Any]] = [
    (np.dot, V3, V3), (np.dot, M23, V3), (np.dot, M23, M34), (np.dot, T234, V4),
    (np.dot, T234, entries(2, 4, 3)), (np.dot, POINT, V3), (np.dot, M23, POINT),
    (np.dot, V3, M34),
    (np.matmul, V3, V3), (np.matmul, M23, V3), (np.matmul, V3, M34), (np.matmul, M23, M34),
    (np.matmul, T234, V4), (np.matmul, V3, T234), (np.matmul, T234, entries(2, 4, 2)),
    (np.matmul, T234, entries(4, 2)), (np.matmul, M23, entries(5, 3, 2)),
    (np.matmul, entries(2, 1, 3, 4), entries(5, 4, 2)), (np.matmul, EMPTY, M34),
    (np.matmul, M34.T, EMPTY.T),
    (np.vdot, V3, V3), (np.vdot, M23, M23), (np.inner, V3, V3), (np.inner, M23, V3),
    (np.inner, M23, M33), (np.inner, POINT, V3), (np.outer, V3, V4), (np.outer, M23, V3),
    (np.multiply.outer, V3, V4), (np.tensordot, M23, entries(2, 3)),
]  # fmt: skip

_PRODUCTS = [
    *[Case(f"{f.__name__} {a.shape} {b.shape}", f, (a, b)) for f, a, b in _PAIRS],
    Case("@", lambda a, b: (a @ b) @ np.ones(4) + [1.0, 2.0] @ a @ b @ b.T[:, :2], (M23, M34)),
    Case("dot method", lambda a, b: a.dot(b) * 2, (M23, V3)),
    Case("constant matrix", lambda a: M23 @ a + np.dot(a, M33)[:2], (V3,)),
    Case("integer matrix", lambda a: np.arange(6).reshape(2, 3) @ a, (V3,)),
    Case("quadratic form", lambda a, m: a @ m @ a, (V3, M33)),
    Case("outer of matrices", lambda a, b: np.multiply.outer(a, b), (M23, V3)),
    Case("tensordot 1", lambda a, b: np.tensordot(a, b, axes=1), (M23, M34)),
    Case("tensordot 0", lambda a, b: np.tensordot(a, b, axes=0), (M23, V3)),
    Case("tensordot axes", lambda a, b: np.tensordot(a, b, ([2, 0], [0, 1])), (T234, M34.T[:, :2])),
    Case("tensordot axis", lambda a, b: np.tensordot(a, b, axes=(1, 0)), (M23, M34)),
    Case("einsum matmul", lambda a, b: np.einsum("ij,jk->ik", a, b), (M23, M34)),
    Case("einsum implicit", lambda a, b: np.einsum("ij,jk", a, b), (M23, M34)),
    Case("einsum implicit order", lambda a: np.einsum("ba", a), (M23,)),
    Case("einsum trace", lambda a: np.einsum("ii", a), (M33,)),
    Case("einsum diagonal", lambda a: np.einsum("ii->i", a) ** 2, (M33,)),
    Case("einsum sum", lambda a: np.einsum("ij->j", a) ** 2, (M23,)),
    Case("einsum three", lambda a, b, c: np.einsum("i,ij,j->", a, b, c), (V3, M34, V4)),
    Case("einsum batch", lambda a, b: np.einsum("bij,bjk->bik", a, b), (T234, entries(2, 4, 2))),
    Case("einsum ellipsis", lambda a, b: np.einsum("...ij,...j->...i", a, b), (T234, M23 @ M34)),
    Case("einsum ellipsis broadcast", lambda a, b: np.einsum("...i,i", a, b), (M23, V3)),
    Case("einsum ones", lambda a, b: np.einsum("ij,ij->i", a, b), (M23, entries(1, 3))),
    Case("einsum lists", lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2]), (M23, M34)),
    Case("einsum optimize", lambda a, b: np.einsum("ij,j->i", a, b, optimize=True), (M23, V3)),
    Case("einsum constant", lambda a: np.einsum("ij,j->i", np.arange(6).reshape(2, 3), a), (V3,)),
    Case("norm", lambda a: np.linalg.norm(a), (M23,)),
    Case("norm vector", lambda a: np.linalg.norm(a) * np.linalg.norm(a, 1), (S3,)),
    Case("norm axis", lambda a: np.linalg.norm(a, axis=1, keepdims=True) + a, (M23,)),
    Case("norm inf", lambda a: np.linalg.norm(a, np.inf) + np.linalg.norm(a, -np.inf), (S3,)),
    Case("norm 3", lambda a: np.linalg.norm(a, 3), (S3,)),
    Case("norm axis 1", lambda a: np.linalg.norm(a, 1, axis=0), (M23,)),
    Case("norm fro", lambda a: np.linalg.norm(a, "fro"), (M23,)),
    Case("norm 0", lambda a: np.linalg.norm(a, 0) * a, (S3,)),
    Case("norm matrix 1", lambda a: np.linalg.norm(a, 1) + np.linalg.norm(a, np.inf), (M23**3,)),
]  # fmt: skip

_MADE = [
    Case("array of entries", lambda x: np.array([x[0], 1.0, x[1] ** 2]), (V3,)),
    Case("array of rows", lambda x: np.array([[x[0], x[1]], [2.0, x[2]]]) ** 2, (V3,)),
    Case("array of arrays", lambda x: np.array([x, [1.0, 2.0, 3.0], x * x]), (V3,)),
    Case("array dtype", lambda x: np.array([x[0], x[1]], dtype=np.float64) * x[2], (V3,)),
    Case("array ndmin", lambda x: np.array(x, ndmin=2) ** 2, (V3,)),
    Case("array of pairs", lambda x: np.array([(a, b) for a, b in pairwise(x)]), (V3,)),
    Case("asarray", lambda x: np.asarray(x) * np.asarray([x[0], 2.0, x[1]]), (V3,)),
    Case("asanyarray", lambda x: np.asanyarray(x) * np.require(x), (V3,)),
    Case("layouts", lambda x: np.ascontiguousarray(x.T) * np.asfortranarray(x.T), (M23,)),
    Case("copies", lambda x: np.copy(x) * x.copy() * x.flatten(), (V3,)),
    Case("full", lambda x: np.full((2, 3), x[0]) * x + np.full(3, x[1], dtype=float), (V3,)),
    Case("likes", lambda x: np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, x[0]), (V3,)),
    Case("likes shape", lambda x: np.ones_like(x, shape=(2, 3)) * x, (V3,)),
    Case("empty like", lambda x: np.empty_like(x).shape[0] * x, (V3,)),
    Case("lengths", lambda x, n: np.ones(n[0]) * x + np.zeros(n[0]) + np.empty(n[0]).size,
         (V3, np.array([3]))),
    Case("questions", lambda x: x * (np.isscalar(x[0]) + 2.0) * np.iscomplexobj(x)
         + np.isrealobj(x) * x + np.isreal(x) * x + np.iscomplex(x), (V3,)),
    Case("result type", lambda x: x.astype(np.result_type(x, np.float32)), (V3,)),
    Case("real", lambda x: np.real(x) * x.real + x.imag, (V3,)),
    Case("mT", lambda x: x.mT @ x, (T234[0],)),
    Case("strangers", lambda x: x * (x[0] == "a") + x * (x[0] != None), (V3,)),  # noqa: E711
    Case("places", lambda x: x[np.flatnonzero(x > 0.3)] * x[np.nonzero(x > 0.3)], (V4,)),
    Case("places of matrix", lambda x: x[np.where(x > 0.4)] ** 2, (M23,)),
    Case("astype int", lambda x: (x * 10).astype(int) * x, (V3,)),
]  # fmt: skip


def _written(write: Function) -> Function:
    """A function that writes into an array of three, and uses all of it."""

    def f(x: Any) -> Any:
        a = np.ones(3)
        write(a, x)
        return a * a

    return f


def _grown(write: Function) -> Function:
    """The same, into a copy of the argument."""

    def f(x: Any) -> Any:
        a = x.copy()
        write(a, x)
        return a * a

    return f


def _both(name: str, write: Function) -> list[Case]:
    return [Case(name, _written(write), (V3,)), Case(f"{name} in a copy", _grown(write), (V3,))]


def _set_entries(a: Any, x: Any) -> None:
    a[0], a[-1] = x[1] ** 2, x[0] * a[1]


def _set_slices(a: Any, x: Any) -> None:
    a[1:] = x[:-1]
    a[::2] += x[1]
    a[:2] *= 2.0


def _set_arrays(a: Any, x: Any) -> None:
    a[[0, 2]] = x[:2]
    a[np.array([1, 1])] = x[1:]
    a[np.array([1, 1])] += x[1:]


def _set_masks(a: Any, x: Any) -> None:
    a[x > 0.3] = x[0]
    a[MASK] = x[1:]
    a[x < 0.6] *= 3.0


def _in_place(a: Any, x: Any) -> None:
    a += x
    a *= x
    a -= 1.0
    a /= x
    a **= 2


def _out(a: Any, x: Any) -> None:
    np.add(x, 1.0, out=a)
    np.multiply(a, x, out=a)
    np.sum(np.outer(x, a), axis=0, out=a)


def _at(a: Any, x: Any) -> None:
    np.add.at(a, [0, 0, 2], x)
    np.subtract.at(a, [1, 1], x[:2])


def _by_name(a: Any, x: Any) -> None:
    np.copyto(a, x * 2)
    np.copyto(a, x[0], where=x > 0.4)
    np.put(a, [0, 2], x[1:])
    np.place(a, x > 0.4, x)
    np.putmask(a, x < 0.4, x * 3)


def _filled(a: Any, x: Any) -> None:
    a.fill(x[0])
    a[...] += x
    a.flat[1] = x[2] ** 2


def _diagonal(x: Any) -> Any:
    a = np.zeros((3, 3))
    np.fill_diagonal(a, x)
    a[0, 1:] = x[1:]
    a[:, 2] += x
    a.T[1] = x * x
    return a


def _views(x: Any) -> Any:
    a = np.zeros((3, 4))
    row, column, flat, part = a[1], a[:, 2], a.ravel(), a[1:, 1:3]
    row[0] = x[0]
    column[:] = x
    flat[11] = x[1] * row[0]
    part += x[2]
    part[0, 0] *= column[1]
    a.reshape(4, 3)[0, 0] = 2 * x[0]
    return a + row.sum() + flat[5] + part.T[0, 1]


_WRITES = [
    *_both("entries", _set_entries), *_both("slices", _set_slices),
    *_both("index arrays", _set_arrays), *_both("masks", _set_masks),
    *_both("in place", _in_place), *_both("out", _out), *_both("at", _at),
    *_both("by name", _by_name), *_both("filled", _filled),
    Case("diagonal", _diagonal, (V3,)), Case("views", _views, (V3,)),
]  # fmt: skip

CASES = [
    *_entrywise(),
    *_REDUCTIONS,
    *_SHAPES,
    *_INDEXING,
    *_PRODUCTS,
    *_MADE,
    *_WRITES,
    *(Case(*row) for row in (*LINALG, *UFUNCS, *REDUCTIONS, *SORTING, *STATISTICS)),
    *(Case(*row) for row in cases_shapes.CASES),
]
