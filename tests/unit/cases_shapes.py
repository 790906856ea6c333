"""What shapes, layouts, keys, products, differences and polynomials must carry.

A row is a name, a function of arrays, and arguments away from kinks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Function = Callable[..., Any]
Row = tuple[str, Function, tuple[Any, ...]]


def entries(*shape: int, low: float = 0.3, high: float = 1.9, seed: int = 0) -> Any:
    """Distinct numbers between bounds, well apart, in no order."""
    size = int(np.prod(shape))
    return np.random.default_rng(seed).permutation(np.linspace(low, high, size)).reshape(shape)


V3, V4, V5 = entries(3), entries(4, seed=1), entries(5, seed=2)
M23, M34, M33 = entries(2, 3), entries(3, 4, seed=3), entries(3, 3, seed=4)
S3, S34 = entries(3, low=-1.2, high=1.1, seed=5), entries(3, 4, low=-1.3, high=1.2, seed=6)
T234 = entries(2, 3, 4, low=-1.0, high=1.5, seed=7)
P = np.float64(0.6)
FLAGS = np.array([True, False, True])
PLACES, TURN = np.array([[0, 2], [1, 1]]), np.array([1, 0])
windows_of: Any = np.lib.stride_tricks.sliding_window_view
polynomial: Any = np.polynomial
xp: Any = np  # whose types do not know all that the functions take


def _ramp(vector: Any, widths: Any, axis: int, options: Any) -> None:
    """A user's way of padding."""
    vector[: widths[0]] = options.get("scale", 2.0) * vector[widths[0]]
    vector[len(vector) - widths[1] :] = vector[widths[0]] ** 2


CREATION: list[Row] = [
    ("arange", lambda x: np.arange(x[0], 3.1 * x[1], 0.5 * x[2]) ** 2, (V3,)),
    ("arange stop", lambda x: np.arange(3 * x) * x, (P,)),
    ("arange dtype", lambda x: np.arange(x, 4, dtype=np.float64) * x, (P,)),
    ("arange whole", lambda x, n: np.arange(n, n + 3) * x, (V3, np.array(2))),
    ("linspace", lambda x: np.linspace(x[0], x[1], 5) ** 2, (V3,)),
    ("linspace open", lambda x: np.linspace(x[0], 2, 3, endpoint=False) * x, (V3,)),
    ("linspace step", lambda x: np.linspace(x, [1.0, 2.0, 3.0], 4, retstep=True), (V3,)),
    ("linspace axis", lambda x: np.linspace(x, 2 * x * x, 3, axis=1), (M23,)),
    ("linspace few", lambda x: np.linspace(x, 2, 1) + np.linspace(x, 2, 0).sum(), (P,)),
    ("linspace dtype", lambda x: np.linspace(x, 9.3, 4, dtype=int) * x, (P,)),
    ("logspace", lambda x: np.logspace(x[0], x[1], 3, base=x[2] + 1), (V3,)),
    ("logspace bases", lambda x: np.logspace(0.1, 0.9, 3, base=x, axis=-1), (V3,)),
    ("geomspace", lambda x: np.geomspace(x, 3 * x, 4), (V3,)),
    ("geomspace signs", lambda x: np.geomspace(-x, -3 * x * x, 3, False, axis=1), (M23,)),
    ("meshgrid", lambda x, y: np.multiply(*np.meshgrid(x, y)), (V3, V4)),
    ("meshgrid ij", lambda x, y: np.meshgrid(x, y, P, indexing="ij", sparse=True), (V3, V4)),
    ("meshgrid views", lambda x, y: np.meshgrid(x, y, copy=False)[0] * y[:, None], (V3, V4)),
    ("r_", lambda x: np.r_[x, 1.0, x[::-1], 2:4] ** 2, (V3,)),
    ("r_ ends", lambda x: np.r_[x[0] : x[1] : 4j] * np.r_["0,2", x, x][1, 0], (V3,)),
    ("c_", lambda x: np.c_[x, x * x, [1, 2, 3]], (V3,)),
    ("mgrid", lambda x: np.mgrid[0 : x[0] : 3j, 0:2] * x[1] + np.ogrid[0:3, 0:2][0] * x, (V3[:2],)),
    ("s_", lambda x: x[np.s_[1:, ::2]] * x[np.index_exp[1:, 1::2]], (M34,)),
    ("fromiter", lambda x: np.fromiter((a * a for a in x), float, count=2), (V3,)),
    ("fromfunction", lambda x: np.fromfunction(lambda i, j: i * x[0] + j, (2, 3)) * x, (V3,)),
    ("indices", lambda x: np.indices((2, 3))[1] * x, (M23,)),
    ("eyes", lambda x, n: np.eye(n) @ x + np.identity(n) @ x + np.tri(n) @ x, (V3, np.array(3))),
    ("orders", lambda x: np.array(x, order="F") * np.full((2, 3), x[0, 0], order="F"), (M23,)),
    ("asarray_chkfinite", lambda x: np.asarray_chkfinite(x) ** 2, (V3,)),
    ("array own", lambda x: np.array(x, copy=None) * np.asarray(x, order="F"), (M23,)),
    ("require", lambda x: np.require(x, None, ["F", "O"]) * np.require(x, float, "C"), (M23,)),
    ("ascontiguousarray", lambda x: np.ascontiguousarray(x) * np.asfortranarray(x), (P,)),
]

LAYOUT: list[Row] = [
    ("reshape F", lambda x: np.reshape(x, (2, -1), order="F") ** 2, (M34,)),
    ("reshape copy", lambda x: np.reshape(x, (4, 3), "F") * x.reshape(4, 3, order="C"), (M34,)),
    ("ravel F", lambda x: np.ravel(x, "F") * x.flatten("F") * x.ravel("C"), (M23,)),
    ("ravel A", lambda x: x.ravel("A") * x.flatten("K"), (V3[:, None],)),
    ("copy F", lambda x: x.copy("F") * np.copy(x, order="F"), (M23,)),
    ("permute_dims", lambda x: np.permute_dims(x, (2, 0, 1)) * x.transpose(2, 0, 1), (T234,)),
    ("matrix_transpose", lambda x: np.matrix_transpose(x) ** 2, (T234,)),
    ("rollaxis", lambda x: np.rollaxis(x, 2) * np.rollaxis(x, 0, 3).T.swapaxes(0, 1), (T234,)),
    ("broadcast_arrays", lambda x, y: xp.multiply(*np.broadcast_arrays(x[:, None], y)), (V3, V4)),
    ("atleast_3d", lambda x: np.atleast_3d(x) * np.atleast_3d(x[0])[0], (M34,)),
    ("atleast several", lambda x: np.atleast_1d(x[0], 2.0, x)[2] * np.atleast_2d(x, 1)[0], (V3,)),
    ("fliplr", lambda x: np.fliplr(x) * np.flipud(x), (M34,)),
    ("rot90", lambda x: np.rot90(x) * np.rot90(x, -1) + np.rot90(x, 3, (1, 0)), (M33,)),
    ("resize", lambda x: np.resize(x, (2, 4)) ** 2, (V3,)),
    ("view", lambda x: x.view() * x.view(x.dtype), (V3,)),
    ("tile", lambda x: np.tile(x, (2, 1, 2)) ** 2, (M23,)),
    ("tile array", lambda x: np.tile(x, np.array([2, 0, 1])).sum() * np.tile(x, 2), (V3,)),
    ("repeat", lambda x: np.repeat(x, 2, axis=1) ** 2, (M23,)),
    ("repeat counts", lambda x: np.repeat(x, [2, 0, 1], axis=1) ** 2, (M23,)),
    ("repeat observed", lambda x: np.repeat(x, (x > 1).astype(int)) ** 2, (V4,)),
    ("roll", lambda x: np.roll(x, (1, -1), axis=(0, 1)) * np.roll(x, 2), (M34,)),
    ("roll observed", lambda x, n: np.roll(x, n) * np.roll(x, n, axis=0), (M34, np.array(-2))),
]

JOINING: list[Row] = [
    ("concat", lambda x, y: np.concat([x, y, [1.0, 2.0]]) ** 2, (V3, V4)),
    ("concatenate dtype", lambda x: np.concatenate([x, x * x], dtype=np.float64), (V3,)),
    ("stack dtype", lambda x: np.stack([x, x * x], -1, dtype="f8", casting="safe"), (V3,)),
    ("vstack", lambda x: np.vstack([x, 2 * x, [1, 2, 3]]) * np.vstack([x, x, x]), (V3,)),
    ("dstack", lambda x: np.dstack([x, x * x]) * np.dstack([x[:1], x[1:]]), (M23,)),
    ("block", lambda x: np.block([[x, x * x], [np.ones((1, 3)), x[:1]]]), (M23,)),
    ("block flat", lambda x: np.block([x[0], 1.0, x]) * np.block(x[0]), (V3,)),
    ("append", lambda x: np.append(x, x[0] * x, axis=0) * np.append(x, 2.0).sum(), (M23,)),
    ("array_split", lambda x: [p * p for p in np.array_split(x, 3, axis=1)], (M34,)),
    ("array_split at", lambda x: [p.sum() for p in np.array_split(x, [1, 3, 9])], (V4,)),
    ("hsplit", lambda x: [p * p for p in np.hsplit(x, 2)] + np.vsplit(x, [1]), (M34,)),
    ("dsplit", lambda x: [p * p for p in np.dsplit(x, 2)], (T234,)),
    ("insert", lambda x: np.insert(x, 1, x[0] * x[1]) ** 2, (V3,)),
    ("insert several", lambda x: np.insert(x, [2, 0, 2], x * x) ** 2, (V3,)),
    ("insert rows", lambda x: np.insert(x, [1, 2], x[:, :1] ** 2, axis=1), (M23,)),
    ("insert slice", lambda x: np.insert(x, slice(0, 2), [7.0, 8.0], axis=1) * 2, (M23,)),
    ("delete", lambda x: np.delete(x, 1) * np.delete(x, [0, -1]).sum(), (V4,)),
    ("delete slice", lambda x: np.delete(x, np.s_[::2], axis=1) ** 2, (M34,)),
    ("delete mask", lambda x: np.delete(x, FLAGS, axis=0) ** 2, (M34,)),
    ("pad", lambda x: np.pad(x, 1) * x[0, 0], (M23,)),
    ("pad constants", lambda x: np.pad(x, (1, 2), constant_values=(x[0, 0], 3)), (M23,)),
    ("pad constant", lambda x: np.pad(x, ((0, 2), (1, 0)), constant_values=x[1, 1] ** 2), (M23,)),
    ("pad edge", lambda x: np.pad(x, ((1, 0), (2, 1)), "edge") ** 2, (M23,)),
    ("pad ramp", lambda x: np.pad(x, (2, 3), "linear_ramp", end_values=(x[0], 5)), (V3,)),
    ("pad maximum", lambda x: np.pad(x, 1, "maximum", stat_length=2) ** 2, (M34,)),
    ("pad minimum", lambda x: np.pad(x, (2, 0), "minimum") ** 2, (M23,)),
    ("pad mean", lambda x: np.pad(x, 2, "mean", stat_length=((1, 2), (2, 9))), (M23,)),
    ("pad reflect", lambda x: np.pad(x, (1, 7), "reflect") ** 2, (V3,)),
    ("pad odd", lambda x: np.pad(x, (6, 1), "reflect", reflect_type="odd") ** 2, (V3,)),
    ("pad symmetric", lambda x: np.pad(x, 4, "symmetric")[3:] ** 2, (V3,)),
    ("pad odd edge", lambda x: np.pad(x, (0, 5), "symmetric", reflect_type="odd"), (M23,)),
    ("pad wrap", lambda x: np.pad(x, ((3, 1), (0, 4)), "wrap") ** 2, (M23,)),
    ("pad empty", lambda x: np.pad(x, 1, "empty")[1:-1, 1:-1] * x, (M23,)),
    ("pad function", lambda x: np.pad(x, 1, _ramp, scale=3.0), (M23,)),
]

KEYS: list[Row] = [
    ("flags", lambda x: x[True] * x[None] + x[False].sum() + x[np.array(True)], (M23,)),
    ("flag and number", lambda x: x[True, 1] * x[[0], True] * x[True, [1, 0]][1], (M23,)),
    ("places and slices", lambda x, i: x[..., i, 1:] * x[i, None, :, :1][..., 0], (T234, TURN)),
    ("backward", lambda x: x[::-1, -1:0:-2] ** 2 * x[[-1, 0, 1], ::-2], (M34,)),
    ("take wrap", lambda x: np.take(x, [4, -5], mode="wrap") * x.take([9, -9], mode="clip"), (V3,)),
    ("take by values", lambda x, i: np.take(x, i + 3, 1, mode="wrap") ** 2, (M34, PLACES)),
    ("take_along_axis", lambda x: np.take_along_axis(x, PLACES, 1) ** 2, (M23,)),
    ("take_along flat", lambda x, i: np.take_along_axis(x, i, axis=None) ** 2, (M23, 4 * TURN)),
    ("choose", lambda x: np.choose([0, 2, 1], [x, 2 * x, x * x]) * x, (V3,)),
    ("choose wrap", lambda x: np.choose([[4], [-1]], x, mode="wrap") ** 2, (M23,)),
    ("choose observed", lambda x: np.choose((x > 1).astype(int), [x, x**2]), (V4,)),
    ("choose method", lambda x: np.array([1, 0, 1]).choose([x, x * x], mode="clip"), (V3,)),
    ("select", lambda x: np.select([x > 1.5, x > 0.9], [x, x**2], x**3), (V4,)),
    ("select default", lambda x: np.select([[True, False, False]], [x]) * x, (V3,)),
    ("compress", lambda x: np.compress(FLAGS, x, axis=1) * x.compress([1, 0, 1], 1), (M23,)),
    ("compress observed", lambda x: np.compress(x > 1, x) ** 2, (V4,)),
    ("extract", lambda x: np.extract(x > 1, x * x), (M23,)),
    ("trim_zeros", lambda x: np.trim_zeros(np.pad(x, (2, 1))) ** 2, (V3,)),
    ("trim_zeros front", lambda x: np.trim_zeros(np.pad(x, (2, 1)), "f") ** 2, (V3,)),
    ("diag", lambda x: np.diag(x, -1) ** 2 * np.diag(np.diag(x, 1), 1)[0], (V3,)),
    ("diagflat", lambda x: np.diagflat(x, 1) ** 2, (M23,)),
    ("triangles", lambda x: np.tril(x) @ np.triu(x, 1) + np.triu(x[0]), (M33,)),
    ("triangle places", lambda x: x[np.tril_indices_from(x)] * x[np.triu_indices(3)], (M33,)),
    ("diagonal places", lambda x: x[np.diag_indices(3)] * x[np.diag_indices_from(x)], (M33,)),
    ("mask_indices", lambda x: x[np.mask_indices(3, np.triu, 1)] ** 2, (M33,)),
    ("ix_", lambda x: x[np.ix_([2, 0], [True, False, True, True])] ** 2, (M34,)),
    ("unravel_index", lambda x: x[np.unravel_index([1, 5], (2, 3))] ** 2, (M23,)),
    ("ravel_multi_index", lambda x: x.ravel()[np.ravel_multi_index(([0, 1], [2, 0]), (2, 3))] * 2,
     (M23,)),
    ("unravel_index observed", lambda x, i: x[np.unravel_index(i, (2, 3))] ** 2, (M23, 4 * TURN)),
    ("ravel_multi_index observed",
     lambda x, i: x.ravel()[np.ravel_multi_index((i, i + 4), (2, 3), ("raise", "wrap"))] ** 2,
     (M23, TURN)),
    ("broadcast", lambda x, y: x * np.broadcast(x[:, None], y).size, (V3, V4)),
    ("broadcast entries", lambda x, y: np.array([a * b for a, b in np.broadcast(x[:, None], y)]),
     (V3, V4)),
    ("argwhere", lambda x: x[tuple(np.argwhere(x > 1).T)] ** 2, (M23,)),
    ("ndenumerate", lambda x: [v * v * sum(place) for place, v in np.ndenumerate(x)], (M23,)),
    ("nditer", lambda x: [v * v for v in xp.nditer(x, order="C")], (M23,)),
    ("nditer of two", lambda x, y: [v * w for v, w in xp.nditer([x, y], order="C")], (V3, V3)),
    ("ndindex", lambda x: [x[place] ** 2 for place in np.ndindex(x.shape)], (M23,)),
    ("flat", lambda x: [v * x.item(0, 1) for v in x.flat[::2]], (M23,)),
    ("windows", lambda x: windows_of(x, 2) ** 2, (V4,)),
    ("windows of both", lambda x: windows_of(x, (2, 3)).mean((-1, -2)) ** 2, (M34,)),
    ("windows along", lambda x: windows_of(x, (2, 2), axis=(1, 1)) ** 2, (M34,)),
]  # fmt: skip


def _put(x: Any) -> Any:
    a = x * 1.0
    np.put(a, [0, 7], [x[0, 1] ** 2, 2.0, 9.0], mode="wrap")
    np.put(a, (x[0, :2] > 0).astype(int), x[1, :2])
    np.put_along_axis(a, np.array([[2], [0]]), x[:, :1] ** 2, axis=1)
    np.put_along_axis(a, np.array([4]), x[0, 0] ** 3, axis=None)
    return a * a


def _placed(x: Any) -> Any:
    a = x * 1.0
    np.place(a, x > 1.4, [x[0, 0] ** 2, 3.0])
    np.putmask(a, x < 0.9, x[0, :2] ** 3)
    a.flat[1:3] = x[1, 1]
    return a * a


def _filled(x: Any) -> Any:
    a, b, c = np.zeros((7, 3)), x * 1.0, np.zeros((3, 3, 3))
    np.fill_diagonal(a, x[0, :2], wrap=True)
    np.fill_diagonal(b, x[0, 0] ** 2)
    np.fill_diagonal(c, x[1])
    return a, b * b, c


def _seen(x: Any) -> Any:
    """Views that take several operations to look at."""
    a = np.outer(x, x)
    d, w, e = np.diagonal(a), windows_of(a[0], 2), np.einsum("ii->i", a)
    a[1, 1] = x[2] ** 3
    e[0] = x[1] ** 2
    a[0, 1] *= 2.0
    return d * d, w * w, a


def _masked(x: Any) -> Any:
    a = x * 1.0
    a[True, 0] = x[1] ** 2
    a[[0, 1], True] += x[0, 1]
    a[None, x > 1.2] *= 2.0
    return a


WRITES: list[Row] = [
    ("put", _put, (M23,)), ("place", _placed, (M23,)), ("fill_diagonal", _filled, (M33,)),
    ("views", _seen, (V3,)), ("flags", _masked, (M23,)),
]  # fmt: skip

A, B = (np.array([[1, 2, 0], [3, 1, 4]]), np.array([[2, 1], [0, 5], [1, 1]]))

PRODUCTS: list[Row] = [
    ("vecdot", lambda x, y: np.vecdot(x, y) * xp.vecdot(x, y, axis=-1), (M23, V3)),
    ("dot whole", lambda x: x * np.dot(A, B)[0, 0] + np.einsum("ij,jk->k", A, B)[0], (V3,)),
    ("dot observed", lambda x, n: x * (n @ B)[0, 0] * np.einsum("ij->", n), (V3, A)),
    ("dot of flags", lambda x: x * np.dot(x > 1, x > 0.5) * np.einsum("i,i", x > 1, x > 1), (V3,)),
    ("matmul axes", lambda x: xp.matmul(x, x, axes=[(1, 0), (0, 1), (0, 1)]), (M23,)),
    ("einsum chain", lambda x, y: np.einsum("ij,kj,kl,ml->im", x, x, y, y), (M23, M23[:, ::-1])),
    ("einsum path", lambda x, y: np.einsum("i,ij,j->", x, y, x, optimize=["einsum_path", (0, 1),
     (0, 1)]), (V3, M33)),
    ("einsum_path", lambda x, y: x * len(np.einsum_path("i,ij,j->", x, y, x)[0]), (V3, M33)),
    ("einsum sums", lambda x: np.einsum("i...->...", x) * np.einsum(x, [0, 1], [1]), (M23,)),
    ("einsum diagonals", lambda x, y: np.einsum("iij,jj->ij", x, y), (T234[:, :2, :3], M33)),
    ("einsum view", lambda x: np.einsum("ijk->kij", x) ** 2, (T234,)),
    ("einsum dtype", lambda x: np.einsum("i,i", x, A[0], dtype=np.float64) * x, (V3,)),
    ("kron", lambda x, y: np.kron(x, y) ** 2, (M23, V3)),
    ("kron matrices", lambda x, y: np.kron(x, y), (M23, M23[:, :2])),
    ("cross", lambda x, y: np.cross(x, y) * x, (M33, V3)),
    ("cross axes", lambda x, y: np.cross(x, y, 0, 1, 0) * np.cross(x, x * y, axis=1), (M33, M33.T)),
    ("convolve", lambda x, y: np.convolve(x, y) ** 2, (V5, V3)),
    ("convolve same", lambda x, y: np.convolve(x, y, "same") ** 2, (V3, V5)),
    ("convolve valid", lambda x: np.convolve(x, [1, 2, 0.5], mode="valid") ** 2, (V5,)),
    ("convolve by itself", lambda x: np.convolve(x, x) * np.convolve(x[0], x)[1], (V3,)),
    ("correlate", lambda x, y: np.correlate(x, y) ** 2, (V5, V3)),
    ("correlate full", lambda x, y: np.correlate(x, y, "full") ** 2, (V3, V5)),
    ("correlate same", lambda x, y: np.correlate(x, y, "same") ** 2, (V5, V4)),
]  # fmt: skip
if hasattr(np, "vecmat"):
    PRODUCTS += [
        ("matvec", lambda x, y: np.matvec(x, y) ** 2, (T234, V4)),
        ("vecmat", lambda x, y: np.vecmat(x, y) ** 2, (V3, T234)),
    ]
if hasattr(np, "unstack"):
    JOINING += [("unstack", lambda x: [r * r for r in np.unstack(x, axis=1)], (M23,))]

CALCULUS: list[Row] = [
    ("diff ends", lambda x: np.diff(x, prepend=x[:, :1] ** 2, append=2.0) ** 2, (M34,)),
    ("diff thrice", lambda x: np.diff(x, 3) ** 2 * np.diff(x, 0)[0], (V5,)),
    ("diff of flags", lambda x: np.where(np.diff(x > 1), x[1:], 2.0), (V4,)),
    ("ediff1d", lambda x: np.ediff1d(x) ** 2, (M23,)),
    ("ediff1d ends", lambda x: np.ediff1d(x, to_end=x[0] ** 2, to_begin=[1, 2]) ** 2, (V3,)),
    ("gradient", lambda x: np.gradient(x) ** np.float64(2), (V4,)),
    ("gradient of both", lambda x: np.gradient(x, 0.5, [1.0, 2.0, 4.0, 4.5]), (M34,)),
    ("gradient even", lambda x: np.gradient(x, [1.0, 2.0, 3.0, 4.0], axis=1) ** 2, (M34,)),
    ("gradient spacing", lambda x, h: np.gradient(x, h, axis=0, edge_order=2) ** 2, (M34, P)),
    ("gradient places", lambda x, y: np.gradient(x, y), (V4, np.cumsum(V4))),
    ("gradient parabola", lambda x, y: np.gradient(x, y, edge_order=2), (V4, np.cumsum(V4))),
    ("trapezoid", lambda x: np.trapezoid(x) * np.trapezoid(x, dx=0.3, axis=0)[0], (M34,)),
    ("trapezoid places", lambda x, y: np.trapezoid(x, y) ** 2, (M34, V4)),
    ("trapezoid axis", lambda x: np.trapezoid(x, x[:, 0] ** 2, axis=0) ** 2, (M34,)),
    ("trapezoid of all", lambda x: np.trapezoid(x, x**2, axis=1) ** 2, (M34,)),
    ("unwrap", lambda x: np.unwrap(9 * x) * x, (V5,)),
    ("unwrap period", lambda x: np.unwrap(9 * x, period=4.0, axis=0) * x, (M34,)),
]

_SERIES = {
    "polynomial": "poly", "chebyshev": "cheb", "legendre": "leg", "hermite": "herm",
    "hermite_e": "herme", "laguerre": "lag",
}  # fmt: skip


def _series(module: str, name: str) -> Function:
    return getattr(getattr(polynomial, module), f"{_SERIES[module]}{name}")  # type: ignore[no-any-return]


POLYNOMIALS: list[Row] = [
    ("polyval", lambda p, x: np.polyval(p, x) * np.poly1d([1.0, 2.0])(x), (V3, V4)),
    ("polyder", lambda p: np.polyder(p, 2) * xp.polyder(p)[1:], (V4,)),
    ("polyint", lambda p: np.polyint(p, 2, [1.0, p[0]]) ** 2, (V3,)),
    ("polyfit", lambda x, y: np.polyfit(x, y, 1, w=x), (V4, V4**2)),
    ("polyfit of columns", lambda x, y: np.polyfit(x, np.stack([y, y * y], 1), 2), (V5, V5[::-1])),
    ("power fit", lambda x, y: polynomial.polynomial.polyfit(x, y, 2), (V5, V5[::-1])),
    ("polyadd", lambda p, q: np.polyadd(p, q) * np.polysub(q, p), (V3, V4)),
    ("polymul", lambda p, q: np.polymul(p, q) ** 2, (V3, V4)),
    ("polydiv", lambda p, q: np.polydiv(p, q), (V4, V3[:2])),
    ("poly", lambda r: np.poly(r) ** 2, (S3,)),
    ("vander", lambda x: np.vander(x, 3) * np.vander(x, increasing=True), (V3,)),
    ("poly1d", lambda x: np.poly1d(x).coeffs ** 2, (V3,)),
    ("power", lambda p: polynomial.polynomial.polypow(p, 3), (V3,)),
    ("val2d", lambda x, c: polynomial.polynomial.polyval2d(x, x * x, c), (V3, M23)),
    ("grid2d", lambda x, c: polynomial.polynomial.polygrid2d(x, x[:2], c), (V3, M23)),
    ("cheb2poly", lambda p: polynomial.chebyshev.cheb2poly(p) ** 2, (V3,)),
    *[
        (f"{module} {name}", _series(module, name), args)
        for module in _SERIES
        for name, args in {
            "val": (V3, V4), "der": (V4,), "int": (V3,), "mul": (V3, V4), "add": (V3, V4),
        }.items()
        if module in ("polynomial", "chebyshev") or name == "val"
    ],
    *[
        (f"{module} vander", partial(_series(module, "vander"), deg=3), (V3,))
        for module in _SERIES
    ],
]  # fmt: skip

CASES: list[Row] = [
    *CREATION, *LAYOUT, *JOINING, *KEYS, *WRITES, *PRODUCTS, *CALCULUS, *POLYNOMIALS,
]  # fmt: skip
