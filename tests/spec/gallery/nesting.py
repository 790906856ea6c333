"""Nesting: derivatives in derivatives, closures over what varies, deep and wide programs."""

import functools
import math

import numpy as np

import cats
from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

# Perturbation confusion


@story("x d(x + y)/dy", "Siskind, Pearlmutter 2005; ForwardDiff#83")
def f():
    for d in (cats.grad, forward):
        yield d(lambda x: x * d(lambda y: x + y)(1.0))(1.0), 1.0
        yield d(lambda x: x * d(lambda y: x * y)(2.0))(3.0), 6.0
        for e in (cats.grad, forward):
            yield d(lambda x: x * e(lambda y: x * y * y)(x))(2.0), 6 * 4.0


def forward(f):
    """The derivative of a scalar function, forwards."""
    return lambda x: cats.jvp(f, (x,), (1.0,))[1]


@story("an operator that is applied to itself", "Manzyuk et al. 2019")
def f():
    def shifted(u):
        return lambda g: lambda x: g(x + u)

    for d in (cats.grad, forward):
        outer = d(lambda u: shifted(u)(shifted(u)(lambda x: x**3))(1.0))(0.5)
        yield outer, 2 * 3 * (1.0 + 1.0) ** 2


@story("three levels, each over the others", "Zygote#33")
def f():
    for d in (cats.grad, forward):
        found = d(lambda x: d(lambda y: d(lambda z: x * y * z + x**2 * y**3 * z**2)(y))(x))(1.1)
        x = 1.1
        # d/dz = xy + 2 x^2 y^3 z at z = y: xy + 2 x^2 y^4; d/dy at y = x: x + 8 x^2 x^3
        yield found, 1.0 + 40 * x**4


@story("the inner function closes over an array", "ReverseDiff#45")
def f():
    x = np.array([1.0, 2.0])

    def outer(x):
        inner = cats.grad(lambda y: np.sum(x * y) ** 2)(x * 2.0)
        return np.sum(inner * x)

    # inner = 2 (x.y) x with y = 2x: 4 s x, s = x.x; outer = 4 s^2, gradient 16 s x
    yield cats.grad(outer)(x), 16 * (x @ x) * x
    yield cats.jacobian(outer, mode="fwd")(x), 16 * (x @ x) * x


@story("the inner function writes into a captured array's copy", "Zygote#937")
def f():
    def outer(x):
        a = np.zeros(2)
        a[0] = x

        def inner(y):
            b = a.copy()
            b[1] = y * x
            return np.sum(b**2)

        return cats.grad(inner)(x) + a[0]

    # inner' = 2 y x^2 at y = x: 2 x^3; plus x
    yield cats.grad(outer)(1.5), 6 * 1.5**2 + 1.0


@story("second derivatives, four ways", "AutoGrad.jl#75")
def f():
    x = np.array([0.3, -0.8])

    def g(x):
        return np.sin(x[0]) * x[1] ** 2 + x[0] ** 3

    right_ = np.array(
        [
            [-np.sin(0.3) * 0.64 + 6 * 0.3, 2 * np.cos(0.3) * -0.8],
            [2 * np.cos(0.3) * -0.8, 2 * np.sin(0.3)],
        ]
    )
    yield cats.hessian(g)(x), right_
    for outer in ("fwd", "rev"):
        for inner in ("fwd", "rev"):
            yield cats.jacobian(cats.jacobian(g, mode=inner), mode=outer)(x), right_
    yield cats.hvp(g, (x,), (np.array([1.0, 2.0]),)), right_ @ [1.0, 2.0]


@story("if in the inner function, at the outer's values", "ForwardDiff#443")
def f():
    def inner(x, y):
        return x * y * y if y > x else x * x * y

    g = cats.grad(lambda x: cats.grad(lambda y: inner(x, y))(2.0))
    yield g(1.0), 4.0
    yield g(3.0), 6.0
    yield g(1.0), 4.0


@story("Newton with its own derivative, differentiated", "jaxopt#201")
def f():
    def root(a):
        x = 1.0
        for _ in range(8):
            x = x - (x**3 - a) / cats.grad(lambda t: t**3 - a)(x)
        return x

    yield cats.grad(root)(2.0), 1 / (3 * 2.0 ** (2 / 3))
    yield cats.grad(cats.grad(root))(2.0), -2 / 9 * 2.0 ** (-5 / 3)


@story("a derivative by hand in a function that is differentiated", "language")
def f():
    def total(x):
        return cats.jvp(lambda y: y**3, (x,), (x,))[1] + cats.vjp(lambda y: y**2, x)[1](x)[0]

    yield cats.grad(total)(2.0), 9 * 4.0 + 4 * 2.0


@story("has_aux, linearize and linear_transpose nest", "jax: aux")
def f():
    def outer(x):
        slope, aux = cats.grad(lambda y: (y**3, y * x), has_aux=True)(x)
        _, push = cats.linearize(lambda y: y * y * x, x)
        (back,) = cats.linear_transpose(lambda y: x * y, 0.0)(x)
        return slope * aux + push(1.0) + back

    # 3 x^2 * x^2 + 2 x^2 + x^2
    yield cats.grad(outer)(2.0), 12 * 8.0 + 6 * 2.0


@story("an inner gradient without a dependence", "Enzyme#1656")
def f():
    yield cats.grad(lambda x: x * cats.grad(lambda y: 3.0 * y)(x))(2.0), 3.0
    yield cats.grad(lambda x: cats.grad(lambda y: x * x + 0.0 * y)(1.0))(2.0), 0.0
    yield cats.grad(cats.grad(lambda x: 2.0 * x))(1.0), 0.0
    yield cats.hessian(lambda x: np.sum(x))(np.ones(2)), np.zeros((2, 2))


# Dropped terms


@right("a term that cancels", "Enzyme.jl#1734", 0.7, 2.0)
def f(x):
    y = x * x
    return y - y + x + 0.0 * np.log(x)


@right("what is computed and not used", "Enzyme#101", 0.7, 2.0)
def f(x):
    unused = np.log(x - 0.5) / 0.3
    del unused
    return x**3


@story("nothing depends on the argument", "Enzyme.jl#2387")
def f():
    yield cats.grad(lambda x: 3.0)(1.0), 0.0
    yield cats.grad(lambda x: np.sum(np.ones(3)))(np.ones(2)), np.zeros(2)
    yield cats.grad(lambda x, y: y * y, (0, 1))(1.0, 2.0), (0.0, 4.0)
    yield cats.jacobian(lambda x: np.zeros(2))(np.ones(3)), np.zeros((2, 3))
    yield cats.grad(lambda p: p["a"] ** 2)({"a": 2.0, "b": np.ones(2)})["b"], np.zeros(2)


# Deep and wide


@story("a chain of many operations", "pytorch#5534")
def f():
    def chain(x):
        y = x
        for _ in range(2500):
            y = y + 1e-4 * np.sin(y)
        return y

    x, slope, y = 0.5, 1.0, 0.5
    for _ in range(2500):
        slope, y = slope * (1 + 1e-4 * math.cos(y)), y + 1e-4 * math.sin(y)
    yield cats.grad(chain)(x), slope


@right("recursion", "micrograd#90", 0.9, 1.3)
def f(x):
    def power(n):
        return x if n == 1 else power(n // 2) * power(n - n // 2) + 0.01 * n

    return power(40)


@right("recursion that depends on the value", "language", 3.47, 0.7, 9.17, step=1e-4)
def f(x):
    def collatz(y, depth):
        if y < 1.0 or depth > 30:
            return y * y
        return collatz(y / 2.0, depth + 1) + collatz(y / 3.0 - 0.1, depth + 1)

    return collatz(x, 0)


@right("mutual recursion", "language", 0.4)
def f(x):
    def even(n):
        return x if n == 0 else np.sin(odd(n - 1)) * x

    def odd(n):
        return 1.0 if n == 0 else np.cos(even(n - 1)) + x

    return even(7)


@right("one value used very often", "theory: T3", 1.1, 0.9)
def f(x):
    y = x
    for _ in range(12):
        y = y * y + y - y * x
        y = y / (1.0 + abs(y))
    return y


@story("functions as values", "hoad")
def f():
    def compose(*fs):
        return functools.reduce(lambda g, h: lambda x: h(g(x)), fs)

    def twice(g):
        return lambda x: g(g(x))

    g = compose(np.sin, twice(lambda x: x * x), twice(twice(lambda y: y * 0.9)))
    x = 0.8
    yield cats.grad(g)(x), 4 * np.sin(x) ** 3 * np.cos(x) * 0.9**4
    yield cats.grad(twice(cats.grad(lambda x: x**3)))(1.0), 108.0
