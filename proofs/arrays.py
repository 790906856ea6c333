"""Operations on whole arrays: the rule against f(x + e v), with e * e = 0, in exact arithmetic.

The value map is run on arrays of jets a + b e with rational a and b; what it gives at e is the
derivative, with no limit and no rounding. A polynomial identity that holds at random rational
points of this size fails to be one with a chance below 1e-6.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from cats.backends.exact import ExactNumpy
from cats.forward import Forward, materialise
from cats.functor import interpret
from cats.ir.linear import Linear
from cats.ir.primitive import Example, Primitive
from cats.ir.spaces import Ground, Product, Real
from proofs.derivatives import Wrong


@dataclass(frozen=True, eq=False)
class Jet:
    """a + b e, with e * e = 0."""

    a: Any
    b: Any

    def __add__(self, other: Any) -> Jet:
        o = jet(other)
        return Jet(self.a + o.a, self.b + o.b)

    def __sub__(self, other: Any) -> Jet:
        return self + -jet(other)

    def __neg__(self) -> Jet:
        return Jet(-self.a, -self.b)

    def __mul__(self, other: Any) -> Jet:
        o = jet(other)
        return Jet(self.a * o.a, self.a * o.b + self.b * o.a)

    def __truediv__(self, other: Any) -> Jet:
        o = jet(other)
        return Jet(self.a / o.a, (self.b * o.a - self.a * o.b) / (o.a * o.a))

    def __rsub__(self, other: Any) -> Jet:
        return jet(other) - self

    def __rtruediv__(self, other: Any) -> Jet:
        return jet(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __getitem__(self, key: tuple[()]) -> Jet:
        if key:
            raise IndexError(key)
        return self

    def __eq__(self, other: object) -> bool:
        return bool(self.a == jet(other).a)

    def __hash__(self) -> int:
        return hash(self.a)

    def __lt__(self, other: Any) -> bool:
        return bool(self.a < jet(other).a)

    def __gt__(self, other: Any) -> bool:
        return bool(self.a > jet(other).a)

    def __le__(self, other: Any) -> bool:
        return bool(self.a <= jet(other).a)

    def __ge__(self, other: Any) -> bool:
        return bool(self.a >= jet(other).a)


def jet(value: Any) -> Jet:
    """A jet, or a number as one that does not vary."""
    value = value.item() if isinstance(value, np.ndarray) else value
    return value if isinstance(value, Jet) else Jet(Fraction(value), Fraction(0))


def prove_exactly(op: Primitive) -> str:
    """That the rule is the derivative at every example. Raises Wrong."""
    for example in op.examples:
        _prove_example(op, example)
    return f"exactly, at {len(op.examples)} examples"


def _prove_example(op: Primitive, example: Example) -> None:
    if op.linearise is None:
        raise Wrong(f"{op.name} has no rule")
    rng = Random(f"{op.name} {example.spaces} {example.params}")
    params = dict(example.params)
    xs = [_random(space, rng) for space in example.spaces]
    if example.arrange is not None:
        xs = list(example.arrange(*xs))
    dxs = [_random(s, rng) if isinstance(s, Real) else () for s in example.spaces]
    out = _evaluated(op, xs, params)
    given = _applied(op.linearise(*xs, out=out, **params), dxs)
    moving = [
        x + dx * Jet(Fraction(0), Fraction(1)) if isinstance(space, Real) else x
        for x, dx, space in zip(xs, dxs, example.spaces, strict=True)
    ]
    wanted = _evaluated(op, moving, params)
    left = [jet(v).a for v in np.ravel(given)]
    right = [jet(v).b for v in np.ravel(wanted)]
    if left != right:
        raise Wrong(f"{op.name}{example.params}: the rule gives {left}, f(x + e v) has {right}")


def _evaluated(op: Primitive, args: list[Any], params: dict[str, Any]) -> Any:
    """The code text, read in a NumPy whose numbers are jets."""
    names = [f"x{i}" for i in range(len(args))]
    namespace: dict[str, Any] = {"np": ExactNumpy(jet)}
    exec(op.helpers, namespace)
    return eval(f"lambda {', '.join(names)}: {op.text(names, params)}", namespace)(
        *map(np.asarray, args)
    )


def prove_linear(op: Primitive) -> str:
    """That f(x + v) = f(x) + f(v) is the rule at v, on whole numbers, where floats are exact."""
    examples = [e for e in op.examples if any(isinstance(s, Real) for s in e.spaces)]
    for example in examples:
        rng = Random(f"{op.name} {example}")
        params = dict(example.params)
        xs, vs = ([_whole(s, rng) for s in example.spaces] for _ in range(2))
        live = [isinstance(s, Real) for s in example.spaces]
        vs = [v if real else x for x, v, real in zip(xs, vs, live, strict=True)]
        both = [x + v if real else x for x, v, real in zip(xs, vs, live, strict=True)]
        at_x, at_v, at_both = (op.evaluate(*args, **params) for args in (xs, vs, both))
        if op.linearise is None:
            raise Wrong(f"{op.name} has no rule")
        tangents = [v if real else () for v, real in zip(vs, live, strict=True)]
        given = _applied(op.linearise(*xs, out=at_x, **params), tangents)
        if not np.array_equal(given, at_v):
            raise Wrong(f"{op.name}{example.params}: the rule gives {given}, f has {at_v}")
        if not np.array_equal(at_both, at_x + at_v):
            raise Wrong(f"{op.name}{example.params} is not linear")
    return f"exactly, at {len(examples)} examples"


def prove_bilinear(op: Primitive) -> str:
    """That f is linear in either argument, and the rule its two parts: on whole numbers."""
    for example in op.examples:
        rng = Random(f"{op.name} {example}")
        params = dict(example.params)
        (x, y), (u, v) = ([_whole(s, rng) for s in example.spaces] for _ in range(2))
        at, in_x, in_y = (op.evaluate(*args, **params) for args in ((x, y), (u, y), (x, v)))
        if op.linearise is None:
            raise Wrong(f"{op.name} has no rule")
        given = _applied(op.linearise(x, y, out=at, **params), [u, v])
        if not np.array_equal(given, in_x + in_y):
            raise Wrong(f"{op.name}{example.params}: the rule gives {given}, f has {in_x + in_y}")
        moved = [op.evaluate(*args, **params) for args in ((x + u, y), (x, y + v))]
        if not np.array_equal(moved, [at + in_x, at + in_y]):
            raise Wrong(f"{op.name}{example.params} is not linear in either argument")
    return f"exactly, at {len(op.examples)} examples"


def _applied(rule: Linear, tangents: list[Any]) -> Any:
    """The rule as a function of the tangents: of one it may take the tangent itself."""
    argument = tuple(tangents) if isinstance(rule.dom, Product) else tangents[0]
    return materialise(interpret(rule, Forward())(argument))


def _whole(space: Ground, rng: Random) -> Any:
    count = int(np.prod(space.shape))
    found = [rng.randint(-2, 2) for _ in range(count)]
    return np.array(found).astype(space.dtype).reshape(space.shape)


def _random(space: Ground, rng: Random) -> Any:
    """Rational numbers that do not vary; of a discrete space its own kind."""
    count = int(np.prod(space.shape))
    if not isinstance(space, Real):
        return _whole(space, rng)
    return _array(
        [jet(Fraction(rng.randint(-(10**8), 10**8), 7)) for _ in range(count)], space.shape
    )


def _array(values: list[Any], shape: tuple[int, ...]) -> Any:
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)
