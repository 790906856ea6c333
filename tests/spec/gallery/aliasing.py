"""Aliasing: two names for one memory, views of views, copies that look like views."""

import copy

import numpy as np

from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

X = np.array([0.4, -0.7, 1.2, 2.0])
Y = np.array([1.5, 0.2, -0.3, 0.8])


@right("a slice sees what is written", "MyGrad#318", X, Y)
def f(x):
    a = x * 1.0
    b = a[1:]
    b[0] = x[0] ** 2
    a[2] *= 3.0
    return np.concatenate([a, b])


@right("views of views", "MyGrad#318", X, Y)
def f(x):
    a = np.zeros((4, 4))
    a[:] = np.outer(x, x)
    b = a[1:3].T
    c = b[::2]
    c[1, 0] = x[3]
    d = c.reshape(-1)
    a[1, 0] = -x[0]
    b[3] += 1.0
    return np.concatenate([a.ravel(), b.ravel(), c.ravel(), d])


@right("what is indexed is a copy", "numpy: advanced indexing", X, Y)
def f(x):
    a = x * 1.0
    a[[0, 1]][0] = 99.0
    a[a > 0.0][0] = 99.0
    part = a[[2, 3]]
    part *= 2.0
    a[0:2][0] = x[3] ** 2
    return np.concatenate([a, part])


@right("ravel is a view, flatten a copy", "numpy.ravel", X, Y)
def f(x):
    a = np.outer(x, np.ones(2)).copy()
    r, c = a.ravel(), a.flatten()
    r[1] = x[2]
    c[0] = x[1]
    t = a.T.flatten()
    t[0] = 0.0
    return np.concatenate([a.ravel(), r, c, t])


@right("asarray is the same, array another", "numpy.asarray", X, Y)
def f(x):
    a = x * 1.0
    same, other = np.asarray(a), np.array(a)
    same[0] = x[1]
    other[1] = x[0]
    third = a.astype(float)
    third[2] = 0.0
    fourth = a.astype(float, copy=False)
    fourth[3] = x[0] * x[1]
    return np.concatenate([a, same, other, third])


@right("the diagonal through einsum", "numpy.einsum: views", np.array([[1.0, 2.0], [3.0, 4.0]]))
def f(m):
    a = m * 1.0
    d = np.diag(a).copy()
    d[0] = m[0, 1]
    a[np.diag_indices(2)] = d * m[1]
    return a


@right("a list of the same array", "language", X, Y)
def f(x):
    rows = [np.zeros(2)] * 3
    for i, row in enumerate(rows):
        row[0] += x[i]
    grid = [[0.0] * 2 for _ in range(2)]
    grid[0][1] = x[3]
    return np.array([rows[2][0], rows[0][0] * x[1], grid[0][1], grid[1][1] + x[0]])


@right("two names, one array", "torch-autograd#102", X, Y)
def f(x):
    a = b = np.zeros(4)
    a += x
    c = b
    b = b * 2.0
    c[0] = 7.0
    return np.concatenate([a * x, b])


@right("copies deep and shallow", "language", X, Y)
def f(x):
    held = {"a": x * 1.0, "rest": [x * 2.0]}
    shallow, deep = dict(held), copy.deepcopy(held)
    shallow["a"][0] = 0.0
    deep["rest"][0][1] = x[0] ** 2
    held["rest"][0][2] = x[1]
    return np.concatenate([held["a"], held["rest"][0], deep["a"], deep["rest"][0]])


@right("arrays made of numbers are copies", "numpy: scalars are immutable", X, Y)
def f(x):
    out = []
    for v in x:
        y = np.atleast_1d(v)
        y *= 3.0
        line, own = np.ravel(v), v[...]
        line[0] = own[...] = 7.0
        out.append(y[0] * v + line[0] * own)
    total = np.sum(x)
    total[None][0] = 0.0
    total.reshape(1)[...] = 1.0
    box = np.array(total)
    box[None][0] += x[0] ** 2
    return np.array([*out, total, box])


@right("split gives views", "numpy.split", X, Y)
def f(x):
    a = x * 1.0
    left, right_ = np.split(a, 2)
    left[0] = x[3]
    right_ *= left[0]
    a[1] = 5.0 * x[1]
    return np.concatenate([left, right_, a])


@right("swapped axes and new ones", "numpy: views", np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
def f(m):
    a = m * 1.0
    np.swapaxes(a, 0, 1)[2] = a[:, 0]
    a[:, None, 1] += 1.0
    np.moveaxis(a, 0, 1)[0, 0] *= m[1, 1]
    np.expand_dims(a, 0)[0, 1] -= 2.0
    a[::-1, ::-1][0, 0] *= 2.0
    return a


@right("one argument twice", "jax: aliased arguments", (X, X))
def f(x, y):
    z = x.copy()
    z[1:] += y[:-1] ** 2
    return np.sum(z * y)


@right("an argument and its view", "numpy: memory", (Y, Y[1:]))
def f(x, y):
    return np.sum(x[1:] * y**2) + x[0] * y[0]


@right("the result is the argument", "identity", X, Y)
def f(x):
    return x


@right("the result twice", "identity", X)
def f(x):
    y = x[:2] * 2.0
    y[0] = x[3]
    return y, y[::-1]


@story("results share no memory with arguments", "numpy: views")
def f():
    import cats

    given = X.copy()
    found = cats.compile(lambda x: (x, x[1:], x.reshape(2, 2)))(given)
    for part in found:
        part[...] = 99.0
    yield given, X
    first = cats.grad(lambda x: np.sum(x**2))(given)
    second = cats.grad(lambda x: np.sum(x**2))(given)
    first[...] = 0.0
    yield second, 2 * X


@story("constants in results are not shared between calls", "numpy: views")
def f():
    import cats

    table = np.arange(3.0)
    g = cats.compile(lambda x: (table, table[1:], x))
    one = g(1.0)
    one[0][...] = -1.0
    one[1][...] = -1.0
    yield table, np.arange(3.0)
    yield g(1.0)[0], np.arange(3.0)
    yield g(1.0)[1], np.arange(3.0)[1:]


@right("the layout decides, and is known", "numpy.reshape", np.array([[1.0, 2.0], [3.0, 5.0]]))
def f(m):
    a = (m * 2.0).copy()
    flat, turned = a.reshape(-1), a.T.reshape(-1)
    flat[1] = 7.0
    turned[2] = -1.0
    return np.concatenate([a.ravel(), flat, turned])


@refused(
    "the layout decides, and is not known",
    "numpy.reshape",
    np.asfortranarray(np.outer(X, Y)),
    "how the array lies in memory decides",
    ".copy()",
)
def f(m):
    a = m * 2.0
    line = a.ravel()
    line[1] = 7.0  # HERE
    return np.sum(a)
