"""The demo: one formula at every level and in every representation, then a fit to real data."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from cats.affine import Affine
from cats.arrows import arrow_of
from cats.backends.on_numpy import OnNumpy
from cats.begin import Begin
from cats.continuation import Continuation
from cats.cost import Cost
from cats.data import old_faithful
from cats.data.models import mixture, surprise, waves
from cats.derive import derive
from cats.dual import Dual
from cats.forward import Forward
from cats.functor import by_position, represent
from cats.gradients import grad, value_and_grad
from cats.ir.spaces import Product, R
from cats.jacobians import hvp
from cats.levels import explain
from cats.matrix import Matrix, to_array
from cats.newton import Point, Vector, minimise
from cats.whole import trace

AT = (1.5, 0.4)
PAIR = (R, R)


def demo() -> None:
    """Prints all of it."""
    begun = perf_counter()
    levels()
    representations()
    fit()
    say(f"\nThe whole demo took {perf_counter() - begun:.2f} s.")


def say(*lines: object) -> None:
    """Prints lines now, though the output may be a pipe."""
    for line in lines:
        print(line, flush=True)


def heading(title: str) -> None:
    """A title with a line under it."""
    say("", title, "-" * len(title), "")


# One formula


def levels() -> None:
    """The formula at every level."""
    heading("1. One formula at every level")
    say(inspect.getsource(waves))
    say("== Arrow (point-free) ==", arrow_of(trace(waves, *AT)), "")
    say(str(explain(waves, *AT)).rstrip())


def representations() -> None:
    """Its derivative, derived once, in every representation."""
    heading(f"2. One linear map, many representations: the derivative at x, y = {AT}")
    derivative = derive(trace(waves, *AT))
    made = OnNumpy().compile(derivative.primal)(*AT)
    linear, at = derivative.linear, by_position(made[derivative.count :])
    k = Matrix()
    forward = represent(linear, Forward(), at)
    backward = represent(linear, Dual(Forward()), at)
    affine = represent(linear, Affine(k), at)
    after = represent(linear, Continuation(k), at)
    before = represent(linear, Begin(k), at)
    say(f"value                   {shown(made[: derivative.count])}")
    say(f"Forward      (1, 0) |-> {shown(forward((1.0, 0.0)))}")
    say(f"Dual         (1, 0) |-> {shown(backward((1.0, 0.0)))}")
    say(f"Matrix                  {table(represent(linear, k, at))}")
    say(f"Dual of Matrix          {table(represent(linear, Dual(k), at))}")
    say(f"Affine           linear {table(affine.linear)}, point {table(affine.point)}")
    say(f"Continuation     p_0 |-> {table(after(k.proj(PAIR, 0)))}")
    say(f"Begin            i_0 |-> {table(before(k.inj(PAIR, 0)))}")
    say(f"Cost                    {represent(linear, Cost(), at)}")
    say(f"Cost, transposed        {represent(linear, Dual(Cost()), at)}")
    say("", f"The linear map they all read, from {Product(PAIR)} to {Product(PAIR)}:", linear)


def shown(values: Any) -> str:
    """Numbers in a tuple, four digits of each."""
    return "(" + ", ".join(f"{float(v):.4f}" for v in values) + ")"


def table(map: Any) -> str:
    """A matrix in one line."""
    return str(to_array(map).round(4).tolist())


# One fit


@dataclass
class Stopwatch:
    """A function that remembers how often it was called, and how long that took."""

    f: Callable[..., Any]
    calls: int = 0
    first: float = 0.0
    later: float = 0.0

    def __call__(self, *args: Any) -> Any:
        begun = perf_counter()
        result = self.f(*args)
        took = perf_counter() - begun
        if self.calls:
            self.later += took
        else:
            self.first = took
        self.calls += 1
        return result

    def __str__(self) -> str:
        each = 1e3 * self.later / max(self.calls - 1, 1)
        return f"{1e3 * self.first:7.1f} ms   {self.calls:5d} calls, {each:.3f} ms each after it"


def fit() -> None:
    """A mixture of two Gaussians, fitted to the geyser by Newton's method."""
    heading("3. Two Gaussians and a geyser")
    data = old_faithful()
    centre, scale = data.mean(axis=0), data.std(axis=0)
    standard = (data - centre) / scale
    say(f"Old Faithful: {len(data)} rows (eruption, wait), in minutes; fitted in standard units.")
    say("-log density per row, minimised by its own gradient and Hessian-vector products.", "")

    def loss(parameters: Vector) -> Any:
        return surprise(parameters, standard)

    slopes = Stopwatch(value_and_grad(loss))
    products = Stopwatch(lambda x, v: hvp(loss, (x,), (v,)))
    begun = perf_counter()
    best = search(slopes, products)
    took = perf_counter() - begun
    check(loss, best.x)
    describe(best.x, centre, scale)
    heading("4. Where the time went")
    say(f"value and gradient   first call, with trace and compile {slopes}")
    say(f"Hessian times vector first call, with trace and compile {products}")
    compiling = slopes.first + products.first
    running = slopes.later + products.later
    say(
        f"fit {1e3 * took:.0f} ms: trace and compile {1e3 * compiling:.0f} ms, "
        f"run {1e3 * running:.0f} ms, search and printing "
        f"{1e3 * (took - compiling - running):.0f} ms"
    )


def start() -> Vector:
    """Equal weights, round components, one below and one above the middle."""
    x = np.zeros(12)
    x[2:6] = [-0.5, -0.5, 0.5, 0.5]
    return x


def search(slopes: Stopwatch, products: Stopwatch) -> Point:
    """The minimum, a line of progress for each step."""
    say("step   -log density   |gradient|    radius   gradients  products")
    for step, point in enumerate(minimise(slopes, products, start())):
        size = float(np.linalg.norm(point.slope))
        say(
            f"{step:4d} {point.value:14.9f} {size:12.2e} {point.radius:9.3g} "
            f"{slopes.calls:11d} {products.calls:9d}"
        )
    return point


def check(loss: Callable[[Vector], Any], best: Vector) -> None:
    """The gradient and a Hessian-vector product against central differences of plain NumPy."""
    x = best + 0.1 * np.cos(np.arange(best.size))
    direction = np.sin(1.0 + np.arange(best.size))
    slope = grad(loss)
    h = 1e-5
    rows = [(loss(x + e) - loss(x - e)) / (2 * h) for e in h * np.eye(x.size)]
    first = float(np.abs(slope(x) - rows).max())
    bent = (slope(x + h * direction) - slope(x - h * direction)) / (2 * h)
    second = float(np.abs(hvp(loss, (x,), (direction,)) - bent).max())
    say("", "Checked near the minimum against central differences, the largest difference:")
    say(f"  gradient {first:.1e}, Hessian times vector {second:.1e}")


def describe(best: Vector, centre: Vector, scale: Vector) -> None:
    """The components, back in minutes."""
    say("", "The mixture:")
    for weight, mean, covariance in sorted(mixture(best), key=lambda part: part[1][0]):
        at = centre + scale * mean
        spread = scale * np.sqrt(np.diag(covariance))
        lean = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
        say(
            f"  weight {weight:.3f}   eruption {at[0]:.2f} +- {spread[0]:.2f} min   "
            f"wait {at[1]:.1f} +- {spread[1]:.1f} min   correlation {lean:.2f}"
        )
