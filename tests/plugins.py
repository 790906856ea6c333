"""Representations as a user would write them: no registration, some fifteen lines each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from cats.functor import BIPRODUCTS
from cats.ir.linear import Leaf
from cats.ir.spaces import Product, Space, Value, size

Array = np.ndarray[Any, Any]
Entries = dict[tuple[Any, Any], Any]


def columns(leaf: Leaf) -> Array:
    """The matrix of a leaf: what it makes of each unit vector."""
    shape = leaf.dom.shape  # type: ignore[union-attr]
    units = np.eye(size(leaf.dom), dtype=int).astype(object)
    return np.stack([np.ravel(leaf.op.apply(leaf, e.reshape(shape)[()])) for e in units], axis=1)


class Rational:
    """Linear maps are matrices of Fractions."""

    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Array:
        return np.eye(size(a), dtype=object)

    def zero(self, a: Space, b: Space, /) -> Array:
        return np.zeros((size(b), size(a)), object)

    def then(self, f: Array, g: Array, /) -> Array:
        return g @ f

    def fork(self, fs: tuple[Array, ...], /) -> Array:
        return np.vstack(fs)

    def join(self, fs: tuple[Array, ...], /) -> Array:
        return np.hstack(fs)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Array:
        return self.inj(spaces, i).T

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Array:
        zeros = [self.zero(spaces[i], s) for s in spaces]
        return self.fork((*zeros[:i], self.identity(spaces[i]), *zeros[i + 1 :]))

    def scale(self, a: Space, by: Value, /) -> Array:
        return np.multiply(self.identity(a), by)

    def leaf(self, leaf: Leaf, /) -> Array:
        return columns(leaf)


def residue(v: Any) -> int:
    """A rational number modulo 101."""
    exact = Fraction(v)
    return int(exact.numerator * pow(exact.denominator, -1, 101) % 101)


residues = np.frompyfunc(residue, 1, 1)


class Modular:
    """Linear maps are matrices of integers modulo 101."""

    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Array:
        return np.eye(size(a), dtype=int)

    def zero(self, a: Space, b: Space, /) -> Array:
        return np.zeros((size(b), size(a)), int)

    def then(self, f: Array, g: Array, /) -> Array:
        return g @ f % 101

    def fork(self, fs: tuple[Array, ...], /) -> Array:
        return np.vstack(fs)

    def join(self, fs: tuple[Array, ...], /) -> Array:
        return np.hstack(fs)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Array:
        return self.inj(spaces, i).T

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Array:
        zeros = [self.zero(spaces[i], s) for s in spaces]
        return self.fork((*zeros[:i], self.identity(spaces[i]), *zeros[i + 1 :]))

    def scale(self, a: Space, by: Value, /) -> Array:
        return self.identity(a) * residue(by) % 101

    def leaf(self, leaf: Leaf, /) -> Array:
        return residues(columns(leaf)).astype(int)  # type: ignore[no-any-return]


def keys(space: Space) -> Iterator[Any]:
    """A name for each entry of a space: a number, after the places of its part in the product."""
    if isinstance(space, Product):
        yield from ((i, key) for i, part in enumerate(space.parts) for key in keys(part))
    else:
        yield from range(size(space))


class Keyed:
    """Linear maps are dictionaries {(row, column): entry} of what is not zero."""

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
        return found

    def fork(self, fs: tuple[Entries, ...], /) -> Entries:
        return {((n, i), j): v for n, f in enumerate(fs) for (i, j), v in f.items()}

    def join(self, fs: tuple[Entries, ...], /) -> Entries:
        return {(i, (n, j)): v for n, f in enumerate(fs) for (i, j), v in f.items()}

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Entries:
        return {(k, (i, k)): 1 for k in keys(spaces[i])}

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Entries:
        return {((i, k), k): 1 for k in keys(spaces[i])}

    def scale(self, a: Space, by: Value, /) -> Entries:
        return {(k, k): by for k in keys(a)}

    def leaf(self, leaf: Leaf, /) -> Entries:
        return dict(np.ndenumerate(columns(leaf)))


def array_of(entries: Entries, dom: Space, cod: Space) -> Array:
    """The dictionary as a matrix."""
    rows = [[entries.get((i, j), 0) for j in keys(dom)] for i in keys(cod)]
    return np.array(rows, object).reshape(size(cod), size(dom))
