"""Lesson 3: your own primitive, and your own category.

    python examples/03_your_own_primitive_and_category.py

Nothing here is registered anywhere. A primitive is a record; a representation of derivatives is a
class that answers nine questions. Both work at once with everything else.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

import cats
from cats.functor import BIPRODUCTS, by_position
from cats.ir.linear import Leaf, Linear
from cats.ir.primitive import Linearity, leaf_of
from cats.ir.prims.algebra import add, div, entrywise, neg, slope
from cats.ir.prims.layout import relabel, same_map
from cats.ir.prims.smooth import exp
from cats.ir.spaces import Product, Space, Value, size, space_of
from cats.laws import laws

# ---------------------------------------------------------------------- a primitive that is smooth

# softplus x = log(1 + e^x). We say how NumPy computes it, what it means as a formula (for the
# proofs), and its derivative at x: v |-> v / (1 + e^-x). The slope is written in operations that
# cats knows. There is no rule for reverse mode: that is the same linear map, read backwards.


def softplus_slope(x: Value, *, out: Value) -> Linear:
    return slope(div(1.0, add(1.0, exp(neg(x)))), x)


softplus = entrywise("softplus", "np.logaddexp(0.0, {0})", "log(1 + exp(x))", softplus_slope)

# It is a function of numbers, of arrays, and of what cats traces.

assert np.isclose(softplus(0.0), np.log(2.0))

# From the one rule: the gradient, the Hessian, the third derivative. With s = 1/(1 + e^-x) they are
# s, s (1 - s), and s (1 - s) (1 - 2 s).

x = 0.7
s = 1.0 / (1.0 + np.exp(-x))
first = cats.grad(softplus)
assert np.isclose(first(x), s)
assert np.isclose(cats.grad(first)(x), s * (1 - s))
assert np.isclose(cats.grad(cats.grad(first))(x), s * (1 - s) * (1 - 2 * s))

several = np.array([-1.0, 0.0, 2.0])
hessian = cats.hessian(lambda v: np.sum(softplus(v) * v))(several)
assert np.count_nonzero(hessian - np.diag(np.diag(hessian))) == 0


def gate(x: float) -> float:
    return softplus(x) - np.log(2.0)  # type: ignore[no-any-return]


print(cats.source(cats.grad(gate), x))

# ---------------------------------------------------------------------- a primitive that is linear

# Turning a vector round by some places is linear, so it is its own derivative. All we must say is
# its adjoint, the map with <turn x, y> = <x, turn' y>: turning back.


def turned_back(leaf: Leaf) -> Leaf:
    return relabel(leaf, leaf.cod, leaf.dom, by=-dict(leaf.params)["by"])


def turn_itself(x: Value, *, out: Value, by: int) -> Linear:
    return leaf_of(turn, 0, (), space_of(x), space_of(out), by=by)


turn = cats.Primitive(
    "turn",
    "np.roll({0}, {by}, axis=0)",
    lambda x, *, by: x,
    linearise=turn_itself,
    linear=Linearity((0,), adjoint=turned_back, lift=same_map, structure="permutation"),
)


def roughness(v: np.ndarray) -> Any:
    return np.sum((turn(v, by=1) - v) ** 2)


v = np.array([1.0, 4.0, 9.0, 16.0])
(back,) = cats.linear_transpose(lambda v: turn(v, by=1), v)(v)
assert np.array_equal(back, np.roll(v, -1))
circulant = cats.hessian(roughness)(v)
print("the Hessian of the roughness of a circle\n", circulant, sep="")
assert np.array_equal(circulant[0], [4.0, -2.0, 0.0, -2.0])
assert np.allclose(cats.grad(roughness)(v), circulant @ v)

# ---------------------------------------------------------------------- a category

# A representation says what identity, zero, composition, fork, join, projection, injection,
# scaling and a leaf are. Here a linear map is a dictionary {(row, column): entry} of what is not
# zero, and the entries may be Fractions.

Entries = dict[tuple[Any, Any], Any]


def keys(space: Space) -> Iterator[Any]:
    """A name for each number in a value of the space."""
    if isinstance(space, Product):
        yield from ((i, key) for i, part in enumerate(space.parts) for key in keys(part))
    else:
        yield from range(size(space))


class Keyed:
    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Entries:
        return self.scale(a, 1)

    def zero(self, a: Space, b: Space, /) -> Entries:
        return {}

    def then(self, f: Entries, g: Entries, /) -> Entries:
        found: Entries = Counter()
        for (i, k), after in g.items():
            for (m, j), before in f.items():
                found[i, j] += after * before if k == m else 0
        return {place: entry for place, entry in found.items() if entry}

    def fork(self, fs: tuple[Entries, ...], /) -> Entries:
        return {((n, i), j): entry for n, f in enumerate(fs) for (i, j), entry in f.items()}

    def join(self, fs: tuple[Entries, ...], /) -> Entries:
        return {(i, (n, j)): entry for n, f in enumerate(fs) for (i, j), entry in f.items()}

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Entries:
        return {(k, (i, k)): 1 for k in keys(spaces[i])}

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Entries:
        return {((i, k), k): 1 for k in keys(spaces[i])}

    def scale(self, a: Space, by: Value, /) -> Entries:
        return {(k, k): by for k in keys(a) if by}

    def leaf(self, leaf: Leaf, /) -> Entries:
        one = np.array([Fraction(1)] + [Fraction(0)] * (size(leaf.dom) - 1), object)
        shape = leaf.dom.shape  # type: ignore[union-attr]
        units = [np.roll(one, j).reshape(shape)[()] for j in range(one.size)]
        columns = [np.ravel(leaf.op.apply(leaf, unit)) for unit in units]
        return {(i, j): e for j, column in enumerate(columns) for i, e in enumerate(column) if e}


# It declares that it keeps biproducts; the laws of what it keeps can be asked of it. Any maps will
# do for letters: here some that depend on the letter and on the ends.


def some(name: str, a: Space, b: Space) -> Entries:
    places = [(i, j) for i in keys(b) for j in keys(a)]
    return {place: (len(name) * 7 + ord(name[0]) + 3 * n) % 5 + 1 for n, place in enumerate(places)}


checked = 0
for name, left, right in laws(Keyed(), some):
    assert left == right, name
    checked += 1
print(f"Keyed keeps {checked} laws")

# And a derivative in it, exact: the derivative of (x, y) -> (x y, x / y) at (1/3, 1/2). The primal
# half runs on Fractions, the linear half is read as a dictionary.


def exact(x: Any, y: Any) -> tuple[Any, Any]:
    return x * y, x / y


derivative = cats.derive(cats.trace(exact, 1.0, 1.0))
at = (Fraction(1, 3), Fraction(1, 2))
results = cats.OnFractions().compile(derivative.primal)(*at)
entries = cats.represent(derivative.linear, Keyed(), by_position(results[derivative.count :]))
for ((row, _), (column, _)), entry in sorted(entries.items()):
    print(f"d result {row} / d argument {column} = {entry}")
assert entries[(0, 0), (0, 0)] == Fraction(1, 2)
assert entries[(0, 0), (1, 0)] == Fraction(1, 3)
assert entries[(1, 0), (0, 0)] == 2
assert entries[(1, 0), (1, 0)] == Fraction(-4, 3)
