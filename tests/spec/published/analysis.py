"""Numerical analysis: roots, quadrature, interpolation, series.

Stoer and Bulirsch, "Introduction to Numerical Analysis", 3rd edition 2002, where no other is named.
"""

import math

import numpy as np


def newton_root(a):
    """Newton's iteration for a cubic, stopped by its step: 5.1."""
    x = 2.0
    for _ in range(50):
        step = (x**3 - a * x - 1) / (3 * x**2 - a)
        x -= step
        if abs(step) < 1e-12:
            break
    return x


def secant_root(a):
    """The secant method: 5.9."""

    def f(x):
        return x * math.exp(x) - a

    x0, x1 = 0.5, 1.0
    while abs(x1 - x0) > 1e-10:
        x0, x1 = x1, x1 - f(x1) * (x1 - x0) / (f(x1) - f(x0))
    return x1


def bisection_then_newton(a):
    """A bracket by bisection, polished by Newton: Press et al. 2007, rtsafe."""
    f = lambda x: math.cos(x) - a * x  # noqa: E731
    low, high = 0.0, 3.0
    for _ in range(6):
        middle = (low + high) / 2
        if f(low) * f(middle) <= 0:
            high = middle
        else:
            low = middle
    x = (low + high) / 2
    for _ in range(5):
        x = x - f(x) / (-math.sin(x) - a)
    return x


def brent(a):
    """Brent 1973, zeroin: bisection, secant and inverse quadratic interpolation."""

    def f(x):
        return (x + 3) * (x - 1) ** 2 - a

    lo, hi = -4.0, 4.0 / 3
    flo, fhi = f(lo), f(hi)
    if abs(flo) < abs(fhi):
        lo, hi, flo, fhi = hi, lo, fhi, flo
    c, fc, d = lo, flo, 0.0
    bisected = True
    for _ in range(60):
        if fhi == 0 or abs(hi - lo) < 1e-13:
            break
        if flo != fc and fhi != fc:
            s = lo * fhi * fc / ((flo - fhi) * (flo - fc))
            s += hi * flo * fc / ((fhi - flo) * (fhi - fc))
            s += c * flo * fhi / ((fc - flo) * (fc - fhi))
        else:
            s = hi - fhi * (hi - lo) / (fhi - flo)
        last = abs(hi - c) if bisected else abs(c - d)
        between = min((3 * lo + hi) / 4, hi) < s < max((3 * lo + hi) / 4, hi)
        bisected = not between or abs(s - hi) >= last / 2
        if bisected:
            s = (lo + hi) / 2
        fs = f(s)
        d, c, fc = c, hi, fhi
        if flo * fs < 0:
            hi, fhi = s, fs
        else:
            lo, flo = s, fs
        if abs(flo) < abs(fhi):
            lo, hi, flo, fhi = hi, lo, fhi, flo
    return hi


def simpson(a, b, n=8):
    """Simpson's rule: 3.1."""
    h = (b - a) / n
    total = math.exp(-(a**2)) + math.exp(-(b**2))
    for i in range(1, n):
        x = a + i * h
        total += (4 if i % 2 else 2) * math.exp(-(x**2))
    return total * h / 3


def romberg(a, levels=4):
    """Romberg 1955; 3.4."""
    f = lambda t: np.sqrt(1 + a * t**2)  # noqa: E731
    table = np.zeros((levels, levels))
    h = 1.0
    table[0, 0] = h * (f(0.0) + f(1.0)) / 2
    for i in range(1, levels):
        h /= 2
        table[i, 0] = table[i - 1, 0] / 2
        for k in range(1, 2**i, 2):
            table[i, 0] += h * f(k * h)
        for j in range(1, i + 1):
            table[i, j] = table[i, j - 1] + (table[i, j - 1] - table[i - 1, j - 1]) / (4**j - 1)
    return table[-1, -1]


def gauss_legendre(a, b):
    """Five points, between bounds that vary: 3.6."""
    nodes = [0.0, 0.5384693101056831, -0.5384693101056831, 0.906179845938664, -0.906179845938664]
    weights = [0.5688888888888889, 0.47862867049936647, 0.47862867049936647,
               0.23692688505618908, 0.23692688505618908]  # fmt: skip
    middle, half = (a + b) / 2, (b - a) / 2
    return half * sum(w * np.sin((middle + half * x) ** 2) for x, w in zip(nodes, weights))


def adaptive_simpson(a, tolerance=1e-4):
    """Recursion where the integrand asks for it: Lyness 1969."""

    def f(t):
        return 1 / (0.05 + (t - a) ** 2)

    def rule(l, r):
        return (r - l) / 6 * (f(l) + 4 * f((l + r) / 2) + f(r))

    def refine(l, r, whole, tol):
        m = (l + r) / 2
        left, right = rule(l, m), rule(m, r)
        if abs(left + right - whole) < 15 * tol:
            return left + right + (left + right - whole) / 15
        return refine(l, m, left, tol / 2) + refine(m, r, right, tol / 2)

    return refine(0.0, 1.0, rule(0.0, 1.0), tolerance)


def lagrange(x, y, t):
    """Lagrange's formula: 2.1.1."""
    total = 0.0
    for i in range(len(x)):
        basis = 1.0
        for j in range(len(x)):
            if j != i:
                basis *= (t - x[j]) / (x[i] - x[j])
        total += y[i] * basis
    return total


def neville(x, y, t):
    """Neville's scheme, in place: 2.1.2."""
    p = y.copy()
    for m in range(1, len(x)):
        for i in range(len(x) - m):
            p[i] = ((t - x[i + m]) * p[i] + (x[i] - t) * p[i + 1]) / (x[i] - x[i + m])
    return p[0]


def newton_interpolation(x, y, t):
    """Divided differences and Horner's scheme: 2.1.3."""
    c = np.array(y)
    n = len(c)
    for j in range(1, n):
        c[j:] = (c[j:] - c[j - 1 : -1]) / (x[j:] - x[: n - j])
    value = c[-1]
    for k in range(n - 2, -1, -1):
        value = value * (t - x[k]) + c[k]
    return value


def natural_spline(x, y, t):
    """A cubic spline by its tridiagonal system: 2.4.2."""
    n = len(x)
    h = np.diff(x)
    lower, diag, upper, rhs = np.zeros(n), np.ones(n), np.zeros(n), np.zeros(n)
    for i in range(1, n - 1):
        lower[i] = h[i - 1] / 6
        diag[i] = (h[i - 1] + h[i]) / 3
        upper[i] = h[i] / 6
        rhs[i] = (y[i + 1] - y[i]) / h[i] - (y[i] - y[i - 1]) / h[i - 1]
    for i in range(1, n):
        w = lower[i] / diag[i - 1]
        diag[i] -= w * upper[i - 1]
        rhs[i] -= w * rhs[i - 1]
    m = np.zeros(n)
    m[-1] = rhs[-1] / diag[-1]
    for i in range(n - 2, -1, -1):
        m[i] = (rhs[i] - upper[i] * m[i + 1]) / diag[i]
    k = 0
    while k < n - 2 and t > x[k + 1]:
        k += 1
    a, b = (x[k + 1] - t) / h[k], (t - x[k]) / h[k]
    return a * y[k] + b * y[k + 1] + ((a**3 - a) * m[k] + (b**3 - b) * m[k + 1]) * h[k] ** 2 / 6


def de_casteljau(points, t):
    """A point of a Bezier curve: de Casteljau 1959."""
    p = points.copy()
    n = len(p)
    for r in range(1, n):
        for i in range(n - r):
            p[i] = (1 - t) * p[i] + t * p[i + 1]
    return p[0]


KNOTS = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0]


def b_spline(c, t, degree=3):
    """Cox 1972 and de Boor 1972: the recursion over basis functions."""

    def basis(i, k):
        if k == 0:
            return 1.0 if KNOTS[i] <= t < KNOTS[i + 1] else 0.0
        value = 0.0
        if KNOTS[i + k] != KNOTS[i]:
            value += (t - KNOTS[i]) / (KNOTS[i + k] - KNOTS[i]) * basis(i, k - 1)
        if KNOTS[i + k + 1] != KNOTS[i + 1]:
            value += (
                (KNOTS[i + k + 1] - t) / (KNOTS[i + k + 1] - KNOTS[i + 1]) * basis(i + 1, k - 1)
            )
        return value

    return sum(c[i] * basis(i, degree) for i in range(len(c)))


def horner(coefficients, x):
    """Horner 1819, with the derivative beside: 5.5."""
    p, dp = 0.0, 0.0
    for c in coefficients:
        dp = dp * x + p
        p = p * x + c
    return np.array([p, dp])


def clenshaw(c, x):
    """Chebyshev series: Clenshaw 1955."""
    b1 = b2 = 0.0
    for k in range(len(c) - 1, 0, -1):
        b1, b2 = c[k] + 2 * x * b1 - b2, b1
    return c[0] + x * b1 - b2


def continued_fraction(x, depth=12):
    """tan x by Lambert's fraction 1768, from the inside out."""
    value = 2.0 * depth + 1
    for k in range(depth - 1, -1, -1):
        value = (2 * k + 1) - x * x / value
    return x / value


def agm(a, b):
    """The arithmetic-geometric mean: Gauss 1799; Borwein and Borwein 1987."""
    while abs(a - b) > 1e-15 * abs(a):
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a


def richardson(x, levels=4):
    """A derivative by extrapolation: Richardson 1911."""
    d = [[0.0] * levels for _ in range(levels)]
    h = 0.5
    for i in range(levels):
        d[i][0] = (math.sin((x + h) ** 2) - math.sin((x - h) ** 2)) / (2 * h)
        for j in range(1, i + 1):
            d[i][j] = d[i][j - 1] + (d[i][j - 1] - d[i - 1][j - 1]) / (4**j - 1)
        h /= 2
    return d[-1][-1]


def aitken(x):
    """Aitken 1926: a sequence x, cos x, cos cos x, ... accelerated: 5.10."""
    s = [x]
    for _ in range(6):
        s.append(math.cos(s[-1]))
    return [s[k] - (s[k + 1] - s[k]) ** 2 / (s[k + 2] - 2 * s[k + 1] + s[k]) for k in range(5)][-1]


def dft_power(x):
    """The power spectrum, by cosines and sines: 2.3.1."""
    n = len(x)
    power = np.zeros(n // 2 + 1)
    for k in range(n // 2 + 1):
        re = im = 0.0
        for j in range(n):
            re += x[j] * math.cos(2 * math.pi * j * k / n)
            im -= x[j] * math.sin(2 * math.pi * j * k / n)
        power[k] = (re**2 + im**2) / n
    return power


def bessel_j0(x):
    """J0 by its power series until it stops mattering: Abramowitz and Stegun 1964, 9.1.12."""
    term = total = 1.0
    k = 1
    while abs(term) > 1e-17 * abs(total) and k < 60:
        term = -term * x * x / (4.0 * k * k)
        total = total + term
        k += 1
    return total


def lanczos_log_gamma(z):
    """log Gamma: Lanczos 1964."""
    g = [76.18009172947146, -86.50532032941677, 24.01409824083091,
         -1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5]  # fmt: skip
    tmp = z + 5.5
    tmp -= (z + 0.5) * math.log(tmp)
    series, y = 1.000000000190015, z
    for c in g:
        y += 1
        series += c / y
    return -tmp + math.log(2.5066282746310005 * series / z)


def erf_rational(x):
    """erf: Abramowitz and Stegun 1964, 7.1.26."""
    sign = 1 if x >= 0 else -1
    x = abs(x)
    t = 1 / (1 + 0.3275911 * x)
    poly = 0.0
    for c in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        poly = (poly + c) * t
    return sign * (1 - poly * math.exp(-x * x))
