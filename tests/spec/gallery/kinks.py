"""Kinks and corners: where the derivative is a convention, a limit, or hidden in 0 * inf."""

import math

import numpy as np

from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

# Powers


@right("x ** 0", "autograd#116", 0.0, 2.0, -1.0, slope=lambda x: 0.0)
def f(x):
    return x**0


@right("x ** 0.0", "theano#2995", 0.0, 2.0, slope=lambda x: 0.0)
def f(x):
    return np.power(x, 0.0)


@right("x ** 1.0 at zero", "pytorch#27134", 0.0, 2.0, -3.0, slope=lambda x: 1.0)
def f(x):
    return x**1.0


@right("x ** 2 at zero, twice", "pytorch#95180", 0.0, -1.5, slope=lambda x: 2 * x)
def f(x):
    return x**2


@right("x ** 3.0 of negative numbers", "ekmett/ad#54", -2.0, 0.0, 1.0, slope=lambda x: 3 * x * x)
def f(x):
    return x**3.0


@right(
    "0 ** y", "stan math#2993", (0.0, 2.0), (0.0, 3.0), second=False, slope=lambda x, y: (0.0, 0.0)
)
def f(x, y):
    return x**y


@right(
    "a negative base, a real exponent",
    "mlx#628",
    (-2.0, 3.0),
    second=False,
    slope=lambda x, y: (12.0, np.nan),
)
def f(x, y):
    return x**y


@right(
    "exponents in an array",
    "autograd#581",
    np.array([0.0, 1.0, 2.0]),
    np.array([0.5, 0.0, -1.0]),
    slope=lambda x: np.array([0.0, 1.0, 2 * x[2]]),
)
def f(x):
    return np.sum(x ** np.arange(3))


@right("Horner and powers", "language", 0.0, 1.5, -1.0, slope=lambda x: 2 + 6 * x + 12 * x**2)
def f(x):
    return sum(c * x**k for k, c in enumerate([1.0, 2.0, 3.0, 4.0]))


# Norms


@right(
    "the norm of zero",
    "autograd#151",
    np.zeros(3),
    np.array([3.0, 0.0, 4.0]),
    second=False,
    slope=lambda x: x / 5.0,
)
def f(x):
    return np.linalg.norm(x)


@right(
    "the norm squared at zero",
    "jax#2377",
    np.zeros(3),
    np.array([3.0, 0.0, 4.0]),
    slope=lambda x: 2 * x,
)
def f(x):
    return np.linalg.norm(x) ** 2


@right(
    "the deviation of equal numbers",
    "stan#411",
    np.ones(3),
    second=False,
    slope=lambda x: np.zeros(3),
)
def f(x):
    return np.std(x)


@right(
    "the variance of equal numbers",
    "autograd#586",
    np.ones(3),
    np.array([1.0, 2.0, 6.0]),
    slope=lambda x: 2 * (x - np.mean(x)) / 3,
)
def f(x):
    return np.var(x)


@right(
    "distances between points, also to themselves",
    "jax#2377",
    np.array([[0.0, 0.0], [3.0, 4.0]]),
    second=False,
    slope=lambda x: 2 * np.array([[-0.6, -0.8], [0.6, 0.8]]),
)
def f(x):
    return np.sum(np.linalg.norm(x[:, None, :] - x[None, :, :], axis=-1))


@right(
    "hypot at zero",
    "CppAD#120",
    (0.0, 0.0),
    (3.0, 4.0),
    second=False,
    slope=lambda x, y: (x / 5, y / 5),
)
def f(x, y):
    return np.hypot(x, y)


@right(
    "arctan2 along the axes",
    "CppAD#120",
    (0.0, 1.0),
    (1.0, 0.0),
    (0.0, -2.0),
    (-1.0, 0.0),
    slope=lambda y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
)
def f(y, x):
    return np.arctan2(y, x)


# Ties


@right(
    "abs at zero", "autodiff#130", 0.0, 2.0, -2.0, second=False, slope=lambda x: float(np.sign(x))
)
def f(x):
    return abs(x)


@right(
    "three ways to a rectifier",
    "pytorch#184572",
    0.0,
    1.0,
    -1.0,
    second=False,
    slope=lambda x: 1.5 if x == 0 else 4.0 * (x > 0),
)
def f(x):
    return np.maximum(x, 0.0) + max(x, 0.0) + np.clip(x, 0.0, 9.0) + (x if x > 0 else 0.0 * x)


@right(
    "ties in a maximum share",
    "theano#4568",
    np.array([1.0, 1.0, 0.0]),
    np.array([2.0, 2.0, 2.0]),
    second=False,
    slope=lambda x: (x == x.max()) / np.sum(x == x.max()),
)
def f(x):
    return np.max(x)


@right(
    "ties with a builtin share",
    "pytensor#2270",
    np.array([1.0, 1.0, 0.0]),
    np.array([2.0, 5.0, 1.0]),
    second=False,
    slope=lambda x: np.array([0.5, 0.5, 1.0]) if x[0] == x[1] else np.array([0.0, 1.0, 1.0]),
)
def f(x):
    return max(x[0], x[1]) + min(x)


@right(
    "a clip at its bounds",
    "pytorch#43519",
    np.array([0.0, 0.5, 1.0, 2.0]),
    second=False,
    slope=lambda x: np.array([0.5, 1.0, 0.5, 0.0]),
)
def f(x):
    return np.sum(np.clip(x, 0.0, 1.0))


@right(
    "sorting equal numbers",
    "TF#97688",
    np.array([2.0, 1.0, 2.0, 1.0]),
    second=False,
    slope=lambda x: np.array([3.0, 1.0, 4.0, 2.0]),
)
def f(x):
    return np.sum(np.sort(x) * np.array([1.0, 2.0, 3.0, 4.0]))


@right(
    "the median of an even number",
    "TF#97688",
    np.array([3.0, 1.0, 2.0, 9.0]),
    np.array([1.0, 1.0, 1.0]),
    second=False,
    slope=lambda x: np.array([0.5, 0.0, 0.5, 0.0]) if len(x) == 4 else np.array([0.0, 1.0, 0.0]),
)
def f(x):
    return np.median(x)


@right("steps have no slope", "autograd: floor", 0.3, 1.7, -2.2, slope=lambda x: 1.0)
def f(x):
    return np.floor(x) * 3 + np.sign(x) + np.rint(x) + np.trunc(x) + x % 1.0 + round(x) + x // 0.25


# Saturation and overflow


@right(
    "log(1 + exp(x)) far out",
    "jax#13398",
    0.5,
    100.0,
    -100.0,
    slope=lambda x: 1 / (1 + math.exp(-x)),
)
def f(x):
    return np.log(1 + np.exp(x))


@right(
    "a sigmoid that overflows",
    "jax#764",
    0.3,
    40.0,
    -40.0,
    -800.0,
    second=False,
    slope=lambda x: math.exp(-abs(x)) / (1 + math.exp(-abs(x))) ** 2,
)
def f(x):
    return 1 / (1 + np.exp(-x))


@right(
    "tanh far out, twice",
    "jax#40315",
    0.5,
    20.0,
    400.0,
    slope=lambda x: 4 * math.exp(-2 * x) / (1 + math.exp(-2 * x)) ** 2,
)
def f(x):
    return np.tanh(x)


@right(
    "softmax shifted by its maximum",
    "jax#6811",
    np.array([1.0, 2.0, 3.0]),
    np.array([1000.0, 1001.0, 1002.0]),
)
def f(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


@right(
    "logsumexp with minus infinity",
    "pytorch#31829",
    np.array([0.0, -np.inf, 1.0]),
    second=False,
    slope=lambda x: np.exp(x) / np.sum(np.exp(x)),
)
def f(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@right(
    "logaddexp of minus infinities",
    "pytorch#49724",
    (1.0, -np.inf),
    second=False,
    slope=lambda x, y: (1.0, 0.0),
)
def f(x, y):
    return np.logaddexp(x, y)


@right(
    "a Gaussian in its far tail",
    "optax#1762",
    0.5,
    30.0,
    60.0,
    slope=lambda x: -2 * x * math.exp(-x * x),
)
def f(x):
    return np.exp(-(x**2))


# Products and determinants


@right(
    "a product with zeros",
    "TF#3862",
    np.array([2.0, 0.0, 3.0]),
    np.array([2.0, 0.0, 0.0]),
    np.array([1.0, 2.0, 3.0]),
    slope=lambda x: np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]),
)
def f(x):
    return np.prod(x)


@right(
    "running products with zeros",
    "tinygrad#17404",
    np.array([2.0, 0.0, 3.0]),
    np.array([0.0, 0.0, 3.0]),
    slope=lambda x: np.array(
        [[1.0, 0, 0], [x[1], x[0], 0], [x[1] * x[2], x[0] * x[2], x[0] * x[1]]]
    ),
)
def f(x):
    return np.cumprod(x)


@right(
    "the determinant of a singular matrix, twice",
    "jax#2380",
    np.array([[1.0, 2.0], [2.0, 4.0]]),
    np.zeros((2, 2)),
    slope=lambda a: np.array([[a[1, 1], -a[1, 0]], [-a[0, 1], a[0, 0]]]),
)
def f(a):
    return np.linalg.det(a)


@right(
    "the determinant of one number, twice",
    "pytorch#80761",
    np.array([[3.0]]),
    np.array([[0.0]]),
    slope=lambda a: np.ones((1, 1)),
)
def f(a):
    return np.linalg.det(a)


@right(
    "the trace of a degenerate spectrum", "jax#2311", np.eye(3), second=False, slope=lambda a: 2 * a
)
def f(a):
    w = np.linalg.eigvalsh(a)
    return np.sum(w**2)


# 0 * inf in disguise


@right(
    "a root squared at zero",
    "algebra before differentiation",
    0.0,
    3.0,
    slope=lambda x: 1.0,
    second=False,
)
def f(x):
    return np.sqrt(x) ** 2


@right(
    "the root of a square",
    "algebra before differentiation",
    3.0,
    -2.0,
    slope=lambda x: float(np.sign(x)),
)
def f(x):
    return np.sqrt(x**2)


@right("x |x| at zero", "pytorch policy", 0.0, 2.0, -2.0, second=False, slope=lambda x: 2 * abs(x))
def f(x):
    return x * np.abs(x)


@right(
    "|x| ** 1.5 at zero",
    "theory: T9",
    0.0,
    4.0,
    -4.0,
    second=False,
    slope=lambda x: 1.5 * np.sign(x) * abs(x) ** 0.5,
)
def f(x):
    return np.abs(x) ** 1.5


@right(
    "sinc at zero, twice",
    "numpy.sinc",
    0.0,
    0.3,
    slope=lambda x: (
        (math.cos(math.pi * x) - math.sin(math.pi * x) / (math.pi * x)) / x if x else 0.0
    ),
)
def f(x):
    return np.sinc(x)


@right("cancellation in 1 - cos", "Herbie", 1e-4, 0.5, slope=lambda x: math.sin(x))
def f(x):
    return 1.0 - np.cos(x)


@right(
    "the limit is infinite",
    "design: kinks",
    0.0,
    4.0,
    second=False,
    slope=lambda x: 0.25 if x else math.inf,
)
def f(x):
    return np.sqrt(x)


@right(
    "nan goes in, nan comes out",
    "gradFuzz",
    np.array([np.nan, 2.0]),
    second=False,
    slope=lambda x: np.array([np.nan, 4.0]),
)
def f(x):
    return np.sum(x**2)


@right(
    "nansum leaves nan alone",
    "jax#1722",
    np.array([np.nan, 2.0, 3.0]),
    second=False,
    slope=lambda x: np.array([0.0, 2.0 * x[1], 2.0 * x[2]]),
)
def f(x):
    return np.nansum(x**2)


@right(
    "an infinite argument",
    "gradFuzz",
    np.array([np.inf, 1.0]),
    second=False,
    slope=lambda x: np.array([0.0, math.exp(-1)]) * -1,
)
def f(x):
    return np.sum(np.exp(-x))


@right("subnormal numbers", "gradFuzz", 5e-324, 1e-310, second=False, slope=lambda x: 3.0)
def f(x):
    return 3.0 * x


@right(
    "fractions of a distance that vanishes",
    "Mooncake#992",
    0.0,
    0.5,
    second=False,
    slope=lambda x: (
        0.0 if x == 0 else 0.5 / math.sqrt(x) * math.exp(-math.sqrt(x)) * (1 - math.sqrt(x))
    ),
)
def f(x):
    if x == 0.0:
        return 0.0 * x
    r = np.sqrt(x)
    return r * np.exp(-r)
