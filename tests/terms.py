"""Random linear terms over letters, and the category of exact matrices that tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from cats.functor import BIPRODUCTS
from cats.ir.letters import SPACES, Unknown, linear_letter
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Scale, Then, Zero
from cats.ir.spaces import Product, Space, Value, size
from tests.plugins import columns

Matrix = Any
GROUND = tuple(SPACES.values())


@dataclass(frozen=True)
class Exact:
    """A -o B as a matrix of Python integers or Fractions; letters are random, once for all."""

    seed: int = 0
    keeps = BIPRODUCTS

    def identity(self, a: Space, /) -> Matrix:
        return np.eye(size(a), dtype=object).astype(int).astype(object)

    def zero(self, a: Space, b: Space, /) -> Matrix:
        return np.zeros((size(b), size(a)), int).astype(object)

    def then(self, f: Matrix, g: Matrix, /) -> Matrix:
        return g.dot(f)

    def fork(self, fs: tuple[Matrix, ...], /) -> Matrix:
        return np.concatenate(fs, axis=0)

    def join(self, fs: tuple[Matrix, ...], /) -> Matrix:
        return np.concatenate(fs, axis=1)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Matrix:
        start = sum(map(size, spaces[:i]))
        return self.identity(Product(spaces))[start : start + size(spaces[i])]

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Matrix:
        return self.proj(spaces, i).T

    def scale(self, a: Space, by: Value, /) -> Matrix:
        return by * self.identity(a)

    def leaf(self, leaf: Leaf, /) -> Matrix:
        name = leaf.op.name
        if not isinstance(leaf.op, Unknown):
            return columns(leaf)
        if name.endswith("'"):
            return self.leaf(leaf.op.adjoint(leaf)).T
        return self.random(name, leaf.dom, leaf.cod)

    def random(self, name: str, dom: Space, cod: Space) -> Matrix:
        """A matrix for each name and ends."""
        rng = Random(f"{self.seed} {name} {dom} {cod}")
        rows = [[rng.randint(-5, 5) for _ in range(size(dom))] for _ in range(size(cod))]
        return np.array(rows, dtype=object).reshape(size(cod), size(dom))


def random_space(rng: Random) -> Space:
    """A letter, or a product of some."""
    if rng.random() < 0.6:
        return rng.choice(GROUND)
    return Product(tuple(rng.choice(GROUND) for _ in range(rng.randint(2, 3))))


def random_term(rng: Random, dom: Space, cod: Space, depth: int) -> Linear:
    """A term dom -o cod of at most this depth, with much in it that can be simplified."""
    kinds = ["letter", "zero"]
    if dom == cod:
        kinds += ["id", "scale"]
    if isinstance(dom, Product) and cod in dom.parts:
        kinds += ["proj"] * 3
    if isinstance(cod, Product) and dom in cod.parts:
        kinds += ["inj"] * 3
    if depth > 0:
        kinds += ["then"] * 5 + ["add"]
        kinds += ["fork"] * 4 * isinstance(cod, Product)
        kinds += ["join"] * 4 * isinstance(dom, Product)
    match rng.choice(kinds):
        case "letter":
            return linear_letter(rng.choice("fg"), dom, cod)
        case "zero":
            return Zero(dom, cod)
        case "id":
            return Id(dom)
        case "scale":
            return Scale(dom, rng.choice([-1, 0, 1, 2]))
        case "then":
            between = random_space(rng)
            first = random_term(rng, dom, between, depth - 1)
            return Then(first, random_term(rng, between, cod, depth - 1))
        case "add":
            first = random_term(rng, dom, cod, depth - 1)
            return first + random_term(rng, dom, cod, depth - 1)
        case kind:
            return _structural(kind, rng, dom, cod, depth)


def _structural(kind: str, rng: Random, dom: Space, cod: Space, depth: int) -> Linear:
    match kind, dom, cod:
        case "fork", _, Product(parts):
            return Fork(tuple(random_term(rng, dom, p, depth - 1) for p in parts))
        case "join", Product(parts), _:
            return Join(tuple(random_term(rng, p, cod, depth - 1) for p in parts))
        case "proj", Product(parts), _:
            return Proj(parts, rng.choice([i for i, p in enumerate(parts) if p == cod]))
        case "inj", _, Product(parts):
            return Inj(parts, rng.choice([i for i, p in enumerate(parts) if p == dom]))
        case _:
            raise ValueError(kind)
