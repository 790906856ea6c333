"""D is a functor: the derivative of a composition is the composition of the derivatives.

D f is the pair of f and its derivative, a linear map at each point (Elliott 2018, sections 4
and 5). Composition in D is checked to be associative and unital, with letters for the maps, and to
agree with sympy's derivative of g(f(x)) for functions about which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from cats.functor import interpret
from cats.ir.letters import SPACES, linear_letter
from cats.ir.linear import Fork, Id, Join, Linear, Then
from cats.ir.prims.algebra import slope
from cats.ir.rewrite import normalise
from cats.ir.rules.biproduct import SIMPLIFYING
from cats.ir.rules.structure import then_fork
from cats.ir.spaces import Space
from proofs.symbols import Slopes, Symbol


@dataclass(frozen=True)
class D:
    """a |-> (f a, f' a): points are what they are written as, derivatives are linear terms."""

    run: Callable[[str], tuple[str, Linear]]

    def then(self, other: D) -> D:
        """The chain rule: a |-> let (b, f') = f a; (c, g') = g b in (c, f' ; g')."""

        def run(point: str) -> tuple[str, Linear]:
            middle, first = self.run(point)
            end, second = other.run(middle)
            return end, Then(first, second)

        return D(run)

    def fork(self, other: D) -> D:
        """The derivative of a pair is the pair of derivatives."""

        def run(point: str) -> tuple[str, Linear]:
            left, first = self.run(point)
            right, second = other.run(point)
            return f"({left}, {right})", Fork((first, second))

        return D(run)


def identity(space: Space) -> D:
    """A linear map is its own derivative everywhere; the identity is one."""
    return D(lambda point: (point, Id(space)))


def function(name: str, dom: str, cod: str) -> D:
    """A function about which nothing is known, and its derivative, which depends on the point."""
    a, b = SPACES[dom], SPACES[cod]
    return D(lambda point: (f"{name}({point})", linear_letter(f"D{name}[{point}]", a, b)))


def equations() -> Iterator[tuple[str, object, object]]:
    """That D is a category, and keeps forks: both sides at a general point."""
    f, g, h = function("f", "A", "B"), function("g", "B", "C"), function("h", "C", "D")
    k = function("k", "B", "D")
    sides = {
        "id ; f = f": (identity(SPACES["A"]).then(f), f),
        "f ; id = f": (f.then(identity(SPACES["B"])), f),
        "f ; (g ; h) = (f ; g) ; h": (f.then(g.then(h)), f.then(g).then(h)),
        "f ; <g, k> = <f ; g, f ; k>": (f.then(g.fork(k)), f.then(g).fork(f.then(k))),
    }
    for name, (left, right) in sides.items():
        yield name, _at_x(left), _at_x(right)


def _at_x(d: D) -> tuple[str, object]:
    point, term = d.run("x")
    return point, normalise(term, (*SIMPLIFYING, then_fork))


def formulas() -> Iterator[tuple[str, Any, Any]]:
    """Terms of slopes against sympy's derivative, for arbitrary differentiable functions."""
    x = sp.Symbol("x", real=True)
    f, g, h = (sp.Function(name) for name in "fgh")
    t = sp.Dummy()

    def step(outer: Any, inner: Any) -> Linear:
        return slope(Symbol(sp.diff(outer(t), t).subs(t, inner)), Symbol(inner))

    chain = Then(step(f, x), step(g, f(x)))
    yield "(g(f(x)))'", _slope(chain), sp.diff(g(f(x)), x).doit()
    product = Then(
        Fork((step(f, x), step(g, x))),
        Join((slope(Symbol(g(x)), Symbol(x)), slope(Symbol(f(x)), Symbol(x)))),
    )
    yield "(f(x) g(x))'", _slope(product), sp.diff(f(x) * g(x), x)
    longer = Then(chain, step(h, g(f(x))))
    yield "(h(g(f(x))))'", _slope(longer), sp.diff(h(g(f(x))), x).doit()


def _slope(term: Linear) -> Any:
    return interpret(term, Slopes())[0, 0].doit()
