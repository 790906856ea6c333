"""Choices: what is not taken must not be felt, and one compilation must be right on every path."""

import math

import numpy as np
import scipy.linalg

import cats
from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

# The branch not taken


@right(
    "where guards a logarithm",
    "jax#347",
    2.0,
    -1.0,
    corners=[0.0],
    slope=lambda x: 1 / x if x > 0 else 0.0,
)
def f(x):
    return np.where(x > 0, np.log(x), 0.0)


@right(
    "where guards a root at zero",
    "jax#1052",
    4.0,
    -1.0,
    corners=[0.0],
    slope=lambda x: 0.5 / math.sqrt(x) if x > 0 else 0.0,
)
def f(x):
    return np.where(x > 0, np.sqrt(x), 0.0)


@right(
    "where guards a quotient",
    "jax#5798",
    np.float64(2.0),
    corners=[np.float64(0.0)],
    slope=lambda x: math.sin(1 / x) / x**2 if x else 1.0,
)
def f(x):
    return np.where(x == 0.0, x, np.cos(1 / x))


@right(
    "where in where",
    "jax#20601",
    np.array([-2.0, 0.5, 3.0]),
    corners=[np.array([-2.0, 0.0, 3.0]), np.array([3.0, 0.5, 0.0])],
    slope=lambda x: np.diag([0.0 if v <= 0 else 2 * v if v < 1 else 1 / v for v in x]),
)
def f(x):
    return np.where(x > 0, np.where(x < 1, x**2, np.log(x)), np.where(x > 0, 1 / x, 7.0))


@right(
    "a mask in a word guards a logarithm",
    "users: masks in vmap",
    np.outer([-1.0, 0.5, 2.0], [1.0, 2.0]),
)
def f(x):
    def row(r):
        y, m = r * 0.5, r > 0.0
        y[m] = np.log(r[m]) / r[m]
        y[~m] *= 3.0
        y[np.isnan(y)] = r[0]
        return y * np.sum(r[m] ** 2)

    return cats.vmap(row)(x)


@right(
    "a direction of length zero",
    "pytorch#156212",
    np.zeros(3),
    np.array([3.0, 0.0, 4.0]),
    slope=lambda x: np.zeros((3, 3)) if not x.any() else np.eye(3) / 5 - np.outer(x, x) / 125,
    second=False,
)
def f(x):
    r = np.sqrt(np.sum(x**2))
    return np.where(r > 0, x / r, np.zeros(3))


@right(
    "if guards a root",
    "autograd#396",
    4.0,
    -3.0,
    corners=[0.0],
    slope=lambda x: 0.5 / math.sqrt(x) if x > 0 else 0.0,
)
def f(x):
    if x > 0:
        return np.sqrt(x)
    return 0.0 * x


@right("a mask that multiplies", "sharp bits: where", np.array([0.5, -2.0]), np.array([-1.0, 3.0]))
def f(x):
    return np.sum((x > 0) * x**2 + (x <= 0) * np.exp(x))


@right(
    "entropy with empty cells",
    "jax_xc#28",
    np.array([0.2, 0.0, 0.8]),
    second=False,
    slope=lambda p: -np.log(np.where(p > 0, p, 1.0)) - (p > 0),
)
def f(p):
    safe = p[p > 0]
    return -np.sum(safe * np.log(safe))


@right("np.select", "tinygrad#12409", np.array([-1.0, 0.4, 9.0]), np.array([4.0, -3.0, 0.2]))
def f(x):
    return np.select([x < 0, x < 1], [x**2, np.sin(x)], default=np.sqrt(np.abs(x)))


@right("np.piecewise", "users: A", np.array([-1.0, 0.4, 9.0]), np.array([4.0, -3.0, 0.2]))
def f(x):
    return np.piecewise(x, [x < 0, x >= 1], [lambda v: -v * v, lambda v: np.log(v), 0.5])


@right("np.choose", "users: A", (np.array([1.0, 2.0]), np.array([3.0, 5.0])))
def f(x, y):
    return np.choose([1, 0], [x * y, x - y])


# Python decides


@right("a threshold by if", "jax#16430", 0.3, 3.0, -0.2, -5.0)
def f(x):
    if abs(x) <= 1.0:
        return 0.5 * x * x
    return abs(x) - 0.5


@right("chained comparisons", "language", 0.5, 1.5, 3.0, -1.0)
def f(x):
    return x * x if 0.0 < x < 1.0 < 2.0 else x**3 if 1.0 <= x <= 2 else 1 / x


@right(
    "and, or, not",
    "language",
    (0.5, 2.0),
    (-0.5, 2.0),
    (-0.5, -2.0),
    corners=[(0.0, 3.0)],
    slope=lambda x, y: (
        (y, x) if x > 0 and y > 0 else (1.0, 0.0) if x and not y > 0 else (0.0, 2 * y)
    ),
)
def f(x, y):
    return (x > 0 and y > 0 and x * y) or (not y > 0 and x) or y * y


@right("the value of or", "language", 0.0, 2.0, slope=lambda x: 1.0 if x else 0.0, second=False)
def f(x):
    return (x or 5.0) + 0.0


@right(
    "early return out of loops",
    "clad#710",
    np.array([0.1, 0.2, 5.0, 1.0]),
    np.array([2.0, 0.1, 0.3, 0.5]),
)
def f(x):
    total = 0.0
    for i, v in enumerate(x):
        for k in range(3):
            if v * k > 1.5:
                return total * v
            total = total + v * v * k
    return total


@right("break, continue, else", "clad#710", 0.3, 0.9, 0.01, 4.0, step=2e-4)
def f(x):
    total = 0.0
    for k in range(12):
        if x < 0.5**k:
            continue
        total = total + x * x * 0.5**k
        if total > 1.0:
            break
    else:
        total = total * x
    return total


@right("a clock of floats", "jax#18311", 0.35, 0.8, 0.068, step=1e-4)
def f(dt):
    t, y = 0.0, 1.0
    while t < 1.0:
        y = y + dt * (np.cos(t) - y)
        t += dt
    return y * t


@right("until it converges", "jax#2129", 2.0, 3.0, 1e4, 0.01, step=1e-4)
def f(a):
    x, count = a, 0
    while abs(x * x - a) > 1e-13 * a and count < 60:
        x = (x + a / x) / 2
        count += 1
    return x


@right(
    "argmax in the path",
    "jax#4342",
    np.array([1.0, 3.0, 2.0]),
    np.array([5.0, 3.0, 2.0]),
    np.array([0.0, 3.0, 7.0]),
)
def f(x):
    return x[np.argmax(x)] ** 2 * x[0] + x[int(np.argmin(x))]


@right(
    "pivoting", "users: E", np.array([[0.1, 2.0], [3.0, 4.0]]), np.array([[5.0, 2.0], [3.0, 4.0]])
)
def f(a):
    a = a.copy()
    if abs(a[1, 0]) > abs(a[0, 0]):
        a[[0, 1]] = a[[1, 0]]
    return a[0, 0] * (a[1, 1] - a[1, 0] / a[0, 0] * a[0, 1])


@right(
    "how many are positive",
    "array-api#84",
    np.array([1.0, -2.0, 3.0]),
    np.array([1.0, 2.0, 3.0]),
    np.array([-1.0, -2.0, -3.0]),
)
def f(x):
    kept = x[x > 0]
    return np.sum(kept**2) / max(len(kept), 1) + kept.size * x[0]


@right(
    "a sort by hand",
    "jax#24511",
    np.array([3.0, 1.0, 2.0]),
    np.array([1.0, 2.0, 3.0]),
    np.array([3.0, 2.0, 1.0]),
)
def f(x):
    x = list(x)
    for i in range(len(x)):
        for j in range(len(x) - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
    return x[0] * 1.0 + x[1] ** 2 + x[2] ** 3


@right(
    "truth of an array",
    "functorch#257",
    np.array([1.0, 2.0]),
    np.array([-1.0, 2.0]),
    np.array([-1.0, -2.0]),
)
def f(x):
    if (x > 0).all():
        return np.prod(x)
    if np.any(x > 0):
        return np.sum(x**2)
    return x[0]


@right(
    "np.allclose decides",
    "users: E",
    np.array([1.0, 1.0 + 1e-9]),
    np.array([1.0, 2.0]),
    step=1e-10,
    second=False,
    slope=lambda x: np.array([1.0, 0.0]) if abs(x[0] - x[1]) < 1e-6 else np.array([x[1], x[0]]),
)
def f(x):
    return x[0] if np.allclose(x[0], x[1]) else x[0] * x[1]


@right("whole numbers of floats", "pytensor#2072", 0.7, 1.2, 2.4, 3.7)
def f(x):
    n = int(x)
    return x * n + round(x) * x + sum(x for _ in range(n)) + [x, x * x, x**3][n % 3]


@right("a table looked up", "users: E", 0.25, 1.75, 2.5)
def f(x):
    knots = [0.0, 1.0, 2.0, 3.0]
    values = np.array([1.0, 3.0, 2.0, 5.0])
    i = np.searchsorted(knots, x) - 1
    t = (x - knots[i]) / (knots[i + 1] - knots[i])
    return (1 - t) * values[i] + t * values[i + 1] * x


@right("a match statement", "language", 0.5, -0.5, 12.0)
def f(x):
    match (x > 0, x > 10):
        case (True, False):
            return x**2
        case (True, True):
            return np.log(x)
        case _:
            return x**3


@right(
    "both sides of an infinite slope",
    "theory: T5",
    0.0,
    1.0,
    second=False,
    slope=lambda x: 0.0 if x == 0 else 0.5,
)
def f(x):
    y = np.where(x > 0, np.sqrt(x), 0.0)
    return np.where(x > 0, y, y * y)


@right("an error never reached", "language", 2.0, 3.0)
def f(x):
    if x < 0:
        raise ValueError("negative")
    return np.log(x)


@right(
    "a stop that depends on the sum",
    "jax#2956",
    np.array([0.4, 0.5, 0.6, 0.7]),
    np.array([2.0, 0.5, 0.6, 0.7]),
)
def f(x):
    total, i = 0.0, 0
    while i < len(x) and total < 1.0:
        total = total + x[i] ** 2 * (i + 1)
        i += 1
    return total / i


@right("comparisons that are True itself", "language: is True", 0.5, -0.5, 12.0)
def f(x):
    if (x > 0) is True and (x > 10) is not True:
        return x**2
    return {True: np.log(abs(x)), False: x**3}[x > 10] if (x == 0) is False else x


@right(
    "a table by whole numbers",
    "language: dict",
    np.array([0.5, 2.0, 1.25]),
    np.array([3.0, 2.0, 1.25]),
)
def f(x):
    weights = {0: x[0], 1: x[1] ** 2, 2: 5.0}
    return weights[np.argmax(x)] * x[2] + weights[int(x[2])] + len({np.argmax(x), 1})


@right("asking by trying", "language: EAFP", np.array([0.5, 2.0]), np.array(3.0), np.float64(2.0))
def f(x):
    try:
        n = len(x)
    except TypeError:
        n = 1
    try:
        last = x[n]
    except IndexError:
        last = 2.0
    try:
        scale = 2.0 if x else 3.0
    except ValueError:
        scale = x[0]
    total = 0.0
    for v in x if np.iterable(x) else [x]:
        total = total + v * v * n
    return total * last * scale + getattr(x, "missing", 1.0)


# Routines that do not go through

NEARLY = np.array([[1.0, 1.0], [1.0, 0.9]])
ROUND = np.array([[2.0, 0.5], [0.5, 1.0]])
FLAT = np.ones((2, 2))
WORSE = np.array([[1.0, 2.0], [2.0, 1.0]])


@right("a factor with jitter", "a review: LinAlgError", ROUND, NEARLY, WORSE)
def f(k):
    for jitter in (0.0, 0.2, 3.0):
        try:
            factor = np.linalg.cholesky(k + jitter * np.eye(2))
        except np.linalg.LinAlgError:
            continue
        return np.sum(factor**2) + jitter * factor[0, 0]
    return np.sum(k)


def _fallback(routine):
    def f(a):
        try:
            return np.sum(routine(a) ** 2)
        except np.linalg.LinAlgError:
            return np.sum(a**3)

    return f


@story("a routine that fails is caught in each call anew", "a review: LinAlgError")
def f():
    for routine in (
        np.linalg.inv,
        lambda a: np.linalg.solve(a, np.ones(2)),
        np.linalg.cholesky,
        lambda a: scipy.linalg.cholesky(a, lower=True),
        lambda a: np.linalg.tensorinv(a, 1),
    ):
        plain = _fallback(routine)
        compiled, gradient = cats.compile(plain), cats.grad(plain)
        for a in (ROUND, FLAT, ROUND, FLAT):
            yield compiled(a), plain(a)
        yield gradient(FLAT), 3.0 * FLAT**2
    for routine in (lambda a: np.linalg.eigh(a)[0], lambda a: np.linalg.svd(a)[1]):
        compiled = cats.compile(_fallback(lambda a, f=routine: f(a)))
        yield np.isfinite(compiled(ROUND)), True
        yield np.isnan(compiled(FLAT * np.nan)), True


def _says_where(call):
    try:
        call()
    except np.linalg.LinAlgError as error:
        return isinstance(error, cats.CatsError) and "# HERE" in error.where.code
    return False


@story("a routine that fails where nobody catches it names the line", "a review: LinAlgError")
def f():
    def inverse(a):
        return np.sum(np.linalg.inv(a))  # HERE

    def caught(a):
        try:
            return np.sum(np.linalg.cholesky(a))  # HERE
        except np.linalg.LinAlgError:
            return 0.0

    g = cats.grad(inverse)
    yield g(np.eye(2)), -np.ones((2, 2))
    yield _says_where(lambda: g(FLAT)), True
    yield _says_where(lambda: cats.vmap(inverse)(np.stack([ROUND, FLAT]))), True
    yield _says_where(lambda: cats.vmap(caught)(np.stack([ROUND, WORSE]))), True
    looped = lambda a: cats.fori_loop(0, 2, lambda i, b: np.linalg.inv(b), a)  # noqa: E731  # HERE
    yield _says_where(lambda: cats.compile(looped)(FLAT)), True
