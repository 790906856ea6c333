"""Functions to be minimised: Dixon and Szego 1978, CUTE 1995, and what the surveys collect.

Jamil and Yang, "A literature survey of benchmark functions", IJMMNO 4 (2013) 150-194.
"""

import numpy as np
from numpy import cos, exp, pi, sin, sqrt


def branin(x, a=1.0, b=5.1 / (4 * np.pi**2), c=5 / np.pi, r=6.0, s=10.0, t=1 / (8 * np.pi)):
    """Branin 1972; Dixon and Szego 1978."""
    return a * (x[1] - b * x[0] ** 2 + c * x[0] - r) ** 2 + s * (1 - t) * cos(x[0]) + s


def goldstein_price(x):
    """Goldstein and Price 1971; Dixon and Szego 1978."""
    a, b = x
    first = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2)
    second = 30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2)
    return first * second


HARTMANN = {
    3: (
        [[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]],
        [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]],
    ),
    6: (
        [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14],
         [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]],
        [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
         [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]],
    ),
}  # fmt: skip


def hartmann(x):
    """Hartmann 1973; Dixon and Szego 1978: families in three and in six dimensions."""
    weights, places = HARTMANN[len(x)]
    heights = [1.0, 1.2, 3.0, 3.2]
    outer = 0.0
    for i in range(4):
        inner = 0.0
        for j in range(len(x)):
            inner = inner + weights[i][j] * (x[j] - 1e-4 * places[i][j]) ** 2
        outer = outer - heights[i] * exp(-inner)
    return outer


SHEKEL = np.array([[4.0, 1, 8, 6, 3, 2, 5, 8, 6, 7], [4, 1, 8, 6, 7, 9, 3, 1, 2, 3.6],
                   [4, 1, 8, 6, 3, 2, 5, 8, 6, 7], [4, 1, 8, 6, 7, 9, 3, 1, 2, 3.6]])  # fmt: skip
WIDTHS = np.array([0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5])


def shekel(x, m=5):
    """Shekel 1971; Dixon and Szego 1978."""
    total = 0
    for i in range(m):
        total -= 1 / (np.sum((x - SHEKEL[:, i]) ** 2) + WIDTHS[i])
    return total


def six_hump_camel(x):
    """Dixon and Szego 1978."""
    return (
        (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2
        + x[0] * x[1]
        + (4 * x[1] ** 2 - 4) * x[1] ** 2
    )


def himmelblau(x, y):
    """Himmelblau 1972."""
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def colville(x):
    """Colville 1968."""
    x1, x2, x3, x4 = x
    value = 100 * (x1**2 - x2) ** 2 + (x1 - 1) ** 2 + (x3 - 1) ** 2 + 90 * (x3**2 - x4) ** 2
    return value + 10.1 * ((x2 - 1) ** 2 + (x4 - 1) ** 2) + 19.8 * (x2 - 1) * (x4 - 1)


def ackley(x, a=20, b=0.2, c=2 * np.pi):
    """Ackley 1987."""
    n = len(x)
    squares = cosines = 0.0
    for v in x:
        squares += v**2
        cosines += cos(c * v)
    return -a * exp(-b * sqrt(squares / n)) - exp(cosines / n) + a + np.e


def griewank(x):
    """Griewank 1981."""
    product = 1.0
    for i, v in enumerate(x, start=1):
        product *= cos(v / sqrt(i))
    return 1 + sum(x**2) / 4000 - product


def rastrigin(x, a=10):
    """Rastrigin 1974."""
    return a * x.size + (x**2 - a * cos(2 * pi * x)).sum()


def levy(x):
    """Levy and Montalvo 1985."""
    w = 1 + (x - 1) / 4
    total = sin(pi * w[0]) ** 2
    for i in range(len(w) - 1):
        total += (w[i] - 1) ** 2 * (1 + 10 * sin(pi * w[i] + 1) ** 2)
    return total + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)


def schwefel(x):
    """Schwefel 1981, problem 2.26."""
    return 418.9828872724338 * len(x) - np.sum(x * sin(sqrt(np.abs(x))))


def schwefel_1_2(x):
    """Schwefel 1981, problem 1.2: nested sums."""
    total, inner = 0.0, 0.0
    for v in x:
        inner += v
        total += inner**2
    return total


def michalewicz(x, m=10):
    """Michalewicz 1992."""
    return -sum(sin(x[i]) * sin((i + 1) * x[i] ** 2 / pi) ** (2 * m) for i in range(len(x)))


def styblinski_tang(x):
    """Styblinski and Tang 1990."""
    return 0.5 * np.polyval([1.0, 0.0, -16.0, 5.0, 0.0], x).sum()


def easom(x):
    """Easom 1990."""
    return -np.prod(cos(x)) * exp(-np.sum((x - pi) ** 2))


def zakharov(x):
    """Zakharov 1975."""
    linear = np.dot(0.5 * np.arange(1, len(x) + 1), x)
    return x @ x + linear**2 + linear**4


def dixon_price(x):
    """Dixon and Price 1989."""
    value = (x[0] - 1) ** 2
    for i in range(1, len(x)):
        value = value + (i + 1) * (2 * x[i] ** 2 - x[i - 1]) ** 2
    return value


def trid(x):
    """Neumaier's trid: Adorio 2005."""
    return np.sum((x - 1) ** 2) - np.sum(x[1:] * x[:-1])


def perm(x, beta=10.0):
    """Perm 0, d, beta: Adorio 2005."""
    d = len(x)
    outer = 0.0
    for i in range(1, d + 1):
        inner = 0.0
        for j in range(1, d + 1):
            inner += (j + beta) * (x[j - 1] ** i - 1 / j**i)
        outer += inner**2
    return outer


def drop_wave(x):
    """Drop-wave: Molga and Smutnicki 2005."""
    r2 = x[0] ** 2 + x[1] ** 2
    return -(1 + cos(12 * sqrt(r2))) / (0.5 * r2 + 2)


def mccormick(x):
    """McCormick 1976."""
    return sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


def cross_in_tray(x):
    """Mishra 2006."""
    inner = abs(100 - sqrt(x[0] ** 2 + x[1] ** 2) / pi)
    return -0.0001 * (abs(sin(x[0]) * sin(x[1]) * exp(inner)) + 1) ** 0.1


# The collection CUTE: Bongartz, Conn, Gould and Toint, ACM TOMS 21 (1995) 123-160


def arwhead(x):
    """ARWHEAD."""
    total = 0.0
    for i in range(len(x) - 1):
        total += (x[i] ** 2 + x[-1] ** 2) ** 2 - 4 * x[i] + 3
    return total


def engval1(x):
    """ENGVAL1."""
    f = 0.0
    for i in range(len(x) - 1):
        f += (x[i] ** 2 + x[i + 1] ** 2) ** 2
    for i in range(len(x) - 1):
        f += -4 * x[i] + 3
    return f


def tridia(x, alpha=2.0, beta=1.0, gamma=1.0, delta=1.0):
    """TRIDIA."""
    value = gamma * (delta * x[0] - 1) ** 2
    for i in range(1, len(x)):
        value += (i + 1) * (alpha * x[i] - beta * x[i - 1]) ** 2
    return value


def nondia(x):
    """NONDIA."""
    return (x[0] - 1) ** 2 + sum(100 * (x[0] - x[i - 1] ** 2) ** 2 for i in range(1, len(x)))


def edensch(x):
    """EDENSCH."""
    value = 16.0
    i = 0
    while i < len(x) - 1:
        value += (x[i] - 2) ** 4 + (x[i] * x[i + 1] - 2 * x[i + 1]) ** 2 + (x[i + 1] + 1) ** 2
        i += 1
    return value
