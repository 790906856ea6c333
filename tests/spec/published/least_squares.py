"""Test problems of More, Garbow and Hillstrom, ACM TOMS 7 (1981) 17-41, by their numbers there."""

import math

import numpy as np

BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39]
KOWALIK_Y = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
KOWALIK_U = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]
GAUSS = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989,
         0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009]  # fmt: skip
MEYER = [34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0,
         8261.0, 7030.0, 6005.0, 5147.0, 4427.0, 3820.0, 3307.0, 2872.0]  # fmt: skip


def sumsq(residuals):
    total = 0.0
    for r in residuals:
        total += r**2
    return total


def rosenbrock(x):
    """1: Rosenbrock 1960."""
    f = np.zeros(2)
    f[0] = 10 * (x[1] - x[0] ** 2)
    f[1] = 1 - x[0]
    return sumsq(f)


def freudenstein_roth(x):
    """2: Freudenstein and Roth 1963."""
    a = -13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1]
    b = -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]
    return a**2 + b**2


def powell_badly_scaled(x):
    """3: Powell 1970."""
    return np.array([1e4 * x[0] * x[1] - 1, math.exp(-x[0]) + math.exp(-x[1]) - 1.0001])


def brown_badly_scaled(x):
    """4."""
    f = np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])
    return np.dot(f, f)


def beale(x):
    """5: Beale 1958."""
    y = [1.5, 2.25, 2.625]
    return sumsq(y[i] - x[0] * (1 - x[1] ** (i + 1)) for i in range(3))


def jennrich_sampson(x, m=10):
    """6: Jennrich and Sampson 1968."""
    f = np.empty(m)
    for i in range(1, m + 1):
        f[i - 1] = 2 + 2 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))
    return f


def helical_valley(x):
    """7: Fletcher and Powell 1963."""
    if x[0] > 0:
        theta = math.atan(x[1] / x[0]) / (2 * math.pi)
    elif x[0] < 0:
        theta = math.atan(x[1] / x[0]) / (2 * math.pi) + 0.5
    else:
        theta = 0.25 if x[1] >= 0 else -0.25
    r = math.sqrt(x[0] ** 2 + x[1] ** 2)
    return 100 * ((x[2] - 10 * theta) ** 2 + (r - 1) ** 2) + x[2] ** 2


def bard(x):
    """8: Bard 1970."""
    f = []
    for i, y in enumerate(BARD):
        u = i + 1
        v = 16 - u
        w = min(u, v)
        f.append(y - (x[0] + u / (v * x[1] + w * x[2])))
    return np.array(f)


def gaussian(x):
    """9: the Gaussian problem."""
    total = 0
    for i in range(15):
        t = (8 - (i + 1)) / 2
        total = total + (x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - GAUSS[i]) ** 2
    return total


def meyer(x):
    """10: Meyer 1970."""
    t = 45 + 5 * np.arange(1, 17)
    return np.sum((x[0] * np.exp(x[1] / (t + x[2])) - np.array(MEYER)) ** 2)


def gulf(x, m=5):
    """11: Gulf research and development, Cox 1969."""
    f = np.zeros(m)
    for i in range(m):
        t = (i + 1) / 100
        y = 25 + (-50 * math.log(t)) ** (2 / 3)
        f[i] = np.exp(-(abs(y - x[1]) ** x[2]) / x[0]) - t
    return f


def box3d(x, m=10):
    """12: Box 1966."""
    total = 0.0
    for i in range(1, m + 1):
        t = 0.1 * i
        f = math.exp(-t * x[0]) - math.exp(-t * x[1]) - x[2] * (math.exp(-t) - math.exp(-10 * t))
        total += f * f
    return total


def powell_singular(x):
    """13: Powell 1962."""
    f = np.zeros(4)
    f[0] = x[0] + 10 * x[1]
    f[1] = np.sqrt(5) * (x[2] - x[3])
    f[2] = (x[1] - 2 * x[2]) ** 2
    f[3] = np.sqrt(10) * (x[0] - x[3]) ** 2
    return f


def wood(x):
    """14: Colville 1968."""
    f = np.zeros(6)
    f[0] = 10 * (x[1] - x[0] ** 2)
    f[1] = 1 - x[0]
    f[2] = np.sqrt(90) * (x[3] - x[2] ** 2)
    f[3] = 1 - x[2]
    f[4] = np.sqrt(10) * (x[1] + x[3] - 2)
    f[5] = (x[1] - x[3]) / np.sqrt(10)
    return np.sum(f**2)


def kowalik_osborne(x):
    """15: Kowalik and Osborne 1968."""
    a, b, c, d = x
    r = [y - a * (u**2 + u * b) / (u**2 + u * c + d) for y, u in zip(KOWALIK_Y, KOWALIK_U)]
    return sumsq(r)


def brown_dennis(x, m=20):
    """16: Brown and Dennis 1971."""
    f = 0.0
    for i in range(1, m + 1):
        t = i / 5
        a = x[0] + t * x[1] - math.exp(t)
        b = x[2] + x[3] * math.sin(t) - math.cos(t)
        f += (a**2 + b**2) ** 2
    return f


def biggs_exp6(x, m=13):
    """18: Biggs 1971."""
    f = np.zeros(m)
    for i in range(m):
        t = (i + 1) * 0.1
        y = math.exp(-t) - 5 * math.exp(-10 * t) + 3 * math.exp(-4 * t)
        f[i] = (
            x[2] * math.exp(-t * x[0]) - x[3] * math.exp(-t * x[1]) + x[5] * math.exp(-t * x[4]) - y
        )
    return f


def watson(x):
    """20: Kowalik and Osborne 1968."""
    n = len(x)
    f = np.zeros(31)
    for i in range(29):
        t = (i + 1) / 29
        first, second = 0.0, 0.0
        for j in range(n):
            if j > 0:
                first += j * x[j] * t ** (j - 1)
            second += x[j] * t**j
        f[i] = first - second**2 - 1
    f[29] = x[0]
    f[30] = x[1] - x[0] ** 2 - 1
    return np.sum(f**2)


def extended_rosenbrock(x):
    """21: Spedicato 1975."""
    f = np.zeros_like(x)
    for i in range(0, len(x), 2):
        f[i] = 10 * (x[i + 1] - x[i] ** 2)
        f[i + 1] = 1 - x[i]
    return f


def extended_powell(x):
    """22: Spedicato 1975."""
    total = 0.0
    for i in range(len(x) // 4):
        a, b, c, d = x[4 * i : 4 * i + 4]
        total += (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4
    return total


def penalty1(x, a=1e-5):
    """23: Gill, Murray and Pitfield 1972."""
    f = np.append(math.sqrt(a) * (x - 1), np.sum(x**2) - 0.25)
    return np.sum(f**2)


def penalty2(x, a=1e-5):
    """24: Gill, Murray and Pitfield 1972."""
    n = len(x)
    f = np.zeros(2 * n)
    f[0] = x[0] - 0.2
    for i in range(1, n):
        y = math.exp((i + 1) / 10) + math.exp(i / 10)
        f[i] = math.sqrt(a) * (math.exp(x[i] / 10) + math.exp(x[i - 1] / 10) - y)
    for i in range(n, 2 * n - 1):
        f[i] = math.sqrt(a) * (math.exp(x[i - n + 1] / 10) - math.exp(-1 / 10))
    total = 0.0
    for j in range(n):
        total += (n - j) * x[j] ** 2
    f[-1] = total - 1
    return f @ f


def variably_dimensioned(x):
    """25."""
    n = x.shape[0]
    f = np.empty(n + 2)
    f[:n] = x - 1
    f[n] = sum((j + 1) * (x[j] - 1) for j in range(n))
    f[n + 1] = f[n] ** 2
    return np.inner(f, f)


def trigonometric(x):
    """26: Spedicato 1975."""
    n = len(x)
    cosines = 0.0
    for v in x:
        cosines += math.cos(v)
    f = np.zeros(n)
    for i in range(n):
        f[i] = n - cosines + (i + 1) * (1 - math.cos(x[i])) - math.sin(x[i])
    return f


def brown_almost_linear(x):
    """27: Brown 1969."""
    n = len(x)
    total, product = sum(x), 1.0
    for v in x:
        product *= v
    f = [x[i] + total - (n + 1) for i in range(n - 1)]
    f.append(product - 1)
    return np.array(f)


def discrete_boundary_value(x):
    """28: More and Cosnard 1979."""
    n = len(x)
    h = 1 / (n + 1)
    f = np.zeros(n)
    for i in range(n):
        t = (i + 1) * h
        left = x[i - 1] if i > 0 else 0.0
        right = x[i + 1] if i < n - 1 else 0.0
        f[i] = 2 * x[i] - left - right + h**2 * (x[i] + t + 1) ** 3 / 2
    return f


def discrete_integral_equation(x):
    """29: More and Cosnard 1979."""
    n = len(x)
    h = 1.0 / (n + 1)
    t = [(i + 1) * h for i in range(n)]
    f = np.copy(x)
    for i in range(n):
        low = high = 0.0
        for j in range(i + 1):
            low += t[j] * (x[j] + t[j] + 1) ** 3
        for j in range(i + 1, n):
            high += (1 - t[j]) * (x[j] + t[j] + 1) ** 3
        f[i] += h * ((1 - t[i]) * low + t[i] * high) / 2
    return f


def broyden_tridiagonal(x):
    """30: Broyden 1965."""
    padded = np.concatenate(([0.0], x, [0.0]))
    f = np.zeros(len(x))
    for i in range(1, len(x) + 1):
        f[i - 1] = (3 - 2 * padded[i]) * padded[i] - padded[i - 1] - 2 * padded[i + 1] + 1
    return f


def broyden_banded(x, lower=5, upper=1):
    """31: Broyden 1971."""
    n = len(x)
    f = np.zeros(n)
    for i in range(n):
        f[i] = x[i] * (2 + 5 * x[i] ** 2) + 1
        for j in range(max(0, i - lower), min(n, i + upper + 1)):
            if j != i:
                f[i] -= x[j] * (1 + x[j])
    return f


def chebyquad(x):
    """35: Fletcher 1965."""
    n = len(x)
    f = np.zeros(n)
    for v in x:
        before, now = 1.0, 2 * v - 1
        for i in range(n):
            f[i] += now
            before, now = now, 2 * (2 * v - 1) * now - before
    f /= n
    for i in range(1, n, 2):
        f[i] += 1 / ((i + 1) ** 2 - 1)
    return f
