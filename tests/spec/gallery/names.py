"""Names: NumPy's larger functions in the hands of users, and code that cats cannot see into."""

import cmath
import math

import numpy as np
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.special

from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

X = np.array([0.4, -0.7, 1.2, 2.0])
Y = np.array([1.5, 0.2, -0.3, 0.8])
M = np.array([[4.0, 1.0], [0.5, 3.0]])


@right("np.vectorize", "jax: vectorize", X, Y)
def f(x):
    def huber(v, k=1.0):
        return 0.5 * v * v if abs(v) < k else k * (abs(v) - 0.5 * k)

    return np.sum(np.vectorize(huber)(x) * x)


@right("apply_along_axis", "numpy", np.outer(X, Y[:3]))
def f(x):
    return np.apply_along_axis(lambda row: row * row[0] + np.sum(row), 1, x)


@right("fromiter, fromfunction, arrays of arrays", "numpy", X, Y)
def f(x):
    a = np.fromfunction(lambda i, j: i + j, (2, 2)) * x[0]
    b = np.array([np.array([v, 1.0]) * x[1] for v in x])
    return np.sum(a) * np.sum(b**2) + np.array(list(map(math.sin, x)))[0]


@right("ufunc methods", "autograd 1.9.1", X, Y)
def f(x):
    a = np.add.reduce(x**2) * np.multiply.reduce(x) + np.maximum.reduce(x)
    return a + np.add.accumulate(x)[2] + np.sum(np.subtract.outer(x, x) ** 2) * x[0]


@right("interpolation in a table", "numpy.interp", 0.25, 1.75, 2.5)
def f(x):
    return np.interp(x, [0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 2.0, 5.0]) * x


@right("the table itself varies", "numpy.interp", Y)
def f(y):
    return np.interp(np.array([0.5, 1.25, 2.9]), np.arange(4.0), y) ** 2


@right("linspace to a value", "autograd 1.9.1", 1.5, 0.3)
def f(x):
    t = np.linspace(0.0, x, 6)
    return np.sum((np.sin(t[1:]) + np.sin(t[:-1])) * np.diff(t)) / 2 + np.sum(np.arange(3) * x)


@right("polynomials", "numpy.polyval", (X, 0.7), (Y, -1.2))
def f(c, x):
    return np.polyval(c, x) + np.dot(c, x ** np.arange(4)) + np.polyval([1.0, 0.0, -2.0], x)


@right("histograms of fixed places", "numpy.bincount", X)
def f(x):
    return np.bincount(np.array([0, 1, 1, 3]), weights=x**2, minlength=5)


@right("sorting by another array", "numpy.argsort", (X, Y), (Y, X))
def f(x, y):
    order = np.argsort(y)
    ranked = x[order] * np.arange(4)
    return ranked, np.sort(x)[::-1] * y, np.take_along_axis(x, order, 0), np.median(x) * y[0]


@right("averages and correlations", "numpy", (X, np.abs(Y)))
def f(x, w):
    a = np.average(x, weights=w)
    return a * np.cov(x, w)[0, 1] + np.corrcoef(x, w)[0, 1] * np.percentile(x, 40.0) + np.ptp(x)


@right("gradients and convolutions", "numpy", (X, Y[:3]))
def f(x, k):
    return np.convolve(x, k) * np.gradient(np.convolve(x, k)), np.trapezoid(
        x**2, np.cumsum(np.exp(x))
    )


@right("solving and inverting", "numpy.linalg", (M, np.array([1.0, 2.0])))
def f(a, b):
    x = np.linalg.solve(a, b)
    s = a @ a.T
    return (
        x * np.linalg.det(a),
        np.linalg.inv(a) @ x,
        np.linalg.cholesky(s)[1],
        np.linalg.eigvalsh(s),
    )


@right("a mean over a mask", "numpy.where", X, Y)
def f(x):
    mask = x > 0
    (places,) = np.where(mask)
    return np.mean(x[mask]) * np.sum(np.where(mask, x, 0.0)) + np.sum(x[places] ** 2)


@right("unique, isin, set operations on known numbers", "numpy", X)
def f(x):
    labels = np.array([1, 0, 1, 2])
    kinds, inverse = np.unique(labels, return_inverse=True)
    means = np.array([np.mean(x[labels == k]) for k in kinds])
    return np.sum((x - means[inverse]) ** 2) + x[np.isin(labels, [1])].sum() * x[3]


@right("cross and kron and trace", "numpy", (X[:3], Y[:3]))
def f(x, y):
    return np.cross(x, y), np.kron(x, y), np.trace(np.outer(x, y)), np.inner(x, y), np.vdot(x, y)


@right("clean-up of bad numbers", "numpy.nan_to_num", np.array([1.0, -2.0]))
def f(x):
    with np.errstate(all="ignore"):
        ratio = x / np.array([0.0, 2.0])
    return np.nan_to_num(ratio, posinf=0.0) + np.nan_to_num(x)


@right("ndindex and ndenumerate", "numpy", np.outer(X[:2], Y[:2]))
def f(m):
    total = 0.0
    for i, j in np.ndindex(m.shape):
        total = total + m[i, j] * (i + 2 * j)
    for (i, j), v in np.ndenumerate(m):
        total = total + v * v * (i - j)
    return total


# What cannot be seen into


@refused("scipy's quad", "users: K", 1.0, "scipy.integrate", "")
def f(x):
    return scipy.integrate.quad(lambda t: np.sin(t * x), 0.0, 1.0)[0]  # HERE


@refused("scipy's quad to a value", "users: K", 1.0, "scipy.integrate", "")
def f(x):
    return scipy.integrate.quad(np.sin, 0.0, x)[0]  # HERE


@refused("scipy's root finder", "users: K", 1.0, "scipy.optimize", "")
def f(x):
    return scipy.optimize.brentq(lambda t: t**3 - x, 0.0, 3.0)  # HERE


@refused("scipy's minimiser", "users: K", 1.0, "scipy.optimize", "")
def f(x):
    return scipy.optimize.minimize(lambda t: (t[0] - x) ** 2, [0.0]).fun  # HERE


@refused("scipy's splines", "users: K", X, "its own code asks for the entries", "")
def f(x):
    return scipy.interpolate.CubicSpline(np.arange(4.0), x)(1.5)  # HERE


@refused("scipy's filters", "users: K", X, "scipy.ndimage", "")
def f(x):
    return np.sum(scipy.ndimage.gaussian_filter1d(x, 1.0))  # HERE


@refused("scipy's integrator", "users: K", 1.0, "scipy.integrate", "")
def f(x):
    return scipy.integrate.solve_ivp(lambda t, y: -x * y, (0.0, 1.0), [1.0]).y[0, -1]  # HERE


@refused("cmath", "users: O", 0.5, "complex", "real")
def f(x):
    return cmath.sqrt(x).real  # HERE


@refused("Fourier transforms", "users: O", X, "np.fft.fft: its result is complex", "real")
def f(x):
    return np.sum(np.abs(np.fft.fft(x)))  # HERE


@right("np.frompyfunc", "numpy", X, Y)
def f(x):
    return np.sum(np.frompyfunc(lambda v: v * v, 1, 1)(x))


@right("np.nditer", "numpy", X, Y, second=False)
def f(x):
    return sum(v * v for v in np.nditer(x))
