"""Shapes: empty, of no axes, strided, read-only, broadcast in both directions."""

import numpy as np

from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

X = np.array([0.4, -0.7, 1.2])
M = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])


def locked(x):
    """A read-only copy."""
    x = x.copy()
    x.flags.writeable = False
    return x


@right(
    "broadcasting, backwards", "theory: T10", (np.array([[1.0], [2.0]]), X, 0.5, np.array([[3.0]]))
)
def f(a, b, c, d):
    return a * b + c * np.sin(a) - b**2 * d + np.ones((2, 1, 1, 3))[0] * c


@right("an outer product by broadcasting", "theory: T10", (X, X + 1.0))
def f(x, y):
    return np.sum((x[:, None] - y[None, :]) ** 2 / (1 + x[:, np.newaxis] ** 2))


@right("empty arrays", "jax: empty", np.zeros(0), np.zeros(0))
def f(x):
    return np.sum(x**2) + np.prod(x) + np.dot(x, x) + sum(x) + x[:0].sum()


@right("empty matrices", "gradFuzz", (np.zeros((0, 3)), np.zeros((3, 0))))
def f(a, b):
    return a @ np.ones(3), np.sum(b @ a), np.concatenate([a, a])


@right("an argument of no axes", "numpy: 0-d", np.array(0.5), np.array(2.0))
def f(x):
    return x**2 * np.ones(2) + x[()] + x.item() * x.sum() + x.reshape(1)[0] + float(x)


@right("an array of one entry", "numpy: size 1", np.array([[0.5]]), np.array([[-2.0]]))
def f(x):
    return x.item() * np.squeeze(x) + (x[0, 0] if x > 0 else 0.0 * x[0, 0])


@right("negative strides", "numpy: memory", M[::-1, ::-2], np.asfortranarray(M)[:, ::2])
def f(x):
    y = np.zeros_like(x)
    y[:] = x[::-1] * x
    return np.sum(y * x, axis=1)


@right("read-only arguments", "numpy: flags", locked(X), X)
def f(x):
    y = x.copy()
    y[0] = x[1]
    y *= x
    return y


@right(
    "an argument of other byte order",
    "numpy: dtypes",
    X.astype(">f8"),
    second=False,
    slope=lambda x: np.diag(2.0 * x),
)
def f(x):
    return x * x


@right("views as arguments", "numpy: memory", (M.T, M[0], M[:, 1]))
def f(a, b, c):
    return a @ c + np.outer(b, b)[0]


@right("windows of length one", "numpy: broadcasting", np.array([2.0]), np.array([-1.0]))
def f(x):
    return x * np.ones((2, 3)) + np.broadcast_to(x, (2, 3)) ** 2


@right("sums keep their axes", "users: B", M, M * 0.3 - 1.0)
def f(x):
    y = x - x.mean(axis=1, keepdims=True)
    z = y / np.sqrt((y**2).sum(axis=-1, keepdims=True) + 1.0)
    return z * x.max(axis=0) - x.sum(axis=(0, 1)) + np.cumsum(x, axis=1)


@right("reshape, transpose, ravel in every order", "numpy.reshape", M)
def f(x):
    y = np.transpose(x)[:, ::-1].reshape(2, -1) * x
    z = np.ravel(x.T) ** 2
    return np.concatenate([y.reshape(-1), z, np.moveaxis(x[None], 0, 2).flatten(), x.T.T[0]])


@right("Fortran order", "numpy: order", M)
def f(x):
    return np.ravel(x, order="F") * np.reshape(x, (3, 2), order="F").ravel()


@right("einsum repeats and sums", "pytorch: einsum", M)
def f(x):
    return np.einsum("ij,kj->ik", x, x**2), np.einsum("ij,ij->", x, x), np.einsum("ij->j", x)


@right("matrix products of every rank", "numpy.matmul", (M, X, np.stack([M, M * 2.0])))
def f(a, v, t):
    return (
        a @ v,
        v @ a.T,
        np.dot(v, v),
        t @ v,
        np.matmul(t, a.T),
        np.tensordot(a, t, (1, 2)),
        v.dot(v),
    )


@right(
    "lengths that depend on values",
    "array-api#84",
    np.array([0.6, 1.5, -0.2, 2.5]),
    np.array([3.4, 1.5, -0.2, -2.5]),
)
def f(x):
    kept = x[x > 0]
    (places,) = np.nonzero(x > 1.0)
    steps = np.arange(0.0, x[0] * 4.0, 1.0)
    return (
        np.sum(kept**2) * len(steps) + np.sum(x[places] * places) + np.sum(np.linspace(0, x[1], 4))
    )


@right("a grid", "numpy.meshgrid", (X, X[:2]))
def f(x, y):
    a, b = np.meshgrid(x, y)
    c, d = np.ogrid[0:2, 0:3]
    return a * b**2 + c * a - d * b + np.outer(y, x) + np.indices((2, 3))[0] * a


@right("tiling, repeating, rolling, padding", "numpy", X)
def f(x):
    a = np.tile(x, 2)[1:] * np.repeat(x, 2)[:-1]
    b = np.roll(x, 1) * np.flip(x) + np.pad(x, 1, mode="edge")[2:]
    return np.concatenate([a, b, np.pad(x, (1, 2)), np.rot90(np.outer(x, x))[0], np.diff(x)])


@right("triangles and diagonals", "numpy", np.array([[1.0, 2.0], [3.0, 4.5]]))
def f(m):
    return np.triu(m) @ np.tril(m) + np.diag(np.diag(m)) * np.trace(m) + np.eye(2) * m[0, 1]


@refused(
    "shapes that do not fit",
    "numpy: broadcasting",
    (X, X[:2]),
    "shapes (3,), (2,) do not broadcast together",
    "compatible",
)
def f(x, y):
    return np.sum(x + y)  # HERE


@refused("the maximum of nothing", "numpy", np.zeros(0), "there is none", "not empty")
def f(x):
    return np.max(x)  # HERE


@refused(
    "the truth of several",
    "numpy",
    X,
    "the truth value of a traced value in Bool[3]: it has 3 entries",
    "x.any()",
)
def f(x):
    return x[0] if x > 0 else x[1]  # HERE


@refused("strides by hand", "numpy.lib.stride_tricks", X, "as_strided", "")
def f(x):
    return np.sum(np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8)))  # HERE
