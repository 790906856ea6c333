"""Affine maps (A, b): a category with products, and not one with biproducts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cats.affine import Affine, AffineMap
from cats.forward import Forward
from cats.functor import interpret
from cats.ir.spaces import Product, Real, Space, leaves
from cats.matrix import Matrix, Table, to_array
from tests.linear_terms import EXACT, linear_maps, spaces, values_of

K = Affine(Matrix())
ONE = Real((), EXACT)
data = st.data()


def affine(data: st.DataObject, dom: Space, cod: Space) -> AffineMap[Table]:
    """A random linear map, then a random translation."""
    linear = interpret(data.draw(linear_maps(dom, cod, depth=2)), K)
    shifts = [K.translation(s, data.draw(values_of(s))) for s in leaves(cod)]  # type: ignore[arg-type]
    return K.then(linear, _side_by_side(cod, shifts))


def _side_by_side(space: Space, shifts: list[AffineMap[Table]]) -> AffineMap[Table]:
    if not isinstance(space, Product):
        return shifts.pop(0)
    parts = [_side_by_side(part, shifts) for part in space.parts]
    ends = space.parts
    return K.fork(tuple(K.then(K.proj(ends, i), f) for i, f in enumerate(parts)))


def equal(f: AffineMap[Table], g: AffineMap[Table]) -> bool:
    """Whether both parts are the same, exactly."""
    return all(
        np.array_equal(to_array(a), to_array(b))
        for a, b in ((f.linear, g.linear), (f.point, g.point))
    )


@given(data)
def test_category(data: st.DataObject) -> None:
    """id ; f = f = f ; id and (f ; g) ; h = f ; (g ; h), translations included."""
    a, b, c, d = (data.draw(spaces()) for _ in range(4))
    f, g, h = affine(data, a, b), affine(data, b, c), affine(data, c, d)
    assert equal(K.then(K.identity(a), f), f)
    assert equal(K.then(f, K.identity(b)), f)
    assert equal(K.then(K.then(f, g), h), K.then(f, K.then(g, h)))


@given(data)
def test_products(data: st.DataObject) -> None:
    """<f, g> ; p_i, <h ; p_0, h ; p_1> = h, and naturality, translations included."""
    a, b, c, d = (data.draw(spaces()) for _ in range(4))
    f, g, before = affine(data, a, b), affine(data, a, c), affine(data, d, a)
    both = K.fork((f, g))
    assert equal(K.then(both, K.proj((b, c), 0)), f)
    assert equal(K.then(both, K.proj((b, c), 1)), g)
    assert equal(K.then(before, both), K.fork((K.then(before, f), K.then(before, g))))
    h = affine(data, a, Product((b, c)))
    parts = [K.then(h, K.proj((b, c), i)) for i in range(2)]
    assert equal(K.fork((parts[0], parts[1])), h)


def test_biproducts_are_not_kept() -> None:
    """i_0 ; [f | g] is f and the point of g: Affine does not declare what it does not keep."""
    f, g = K.identity(ONE), K.translation(ONE, Fraction(5))
    assert not equal(K.then(K.inj((ONE, ONE), 0), K.join((f, g))), f)
    assert K.keeps == {"category", "products"}


def test_composing_linear_maps_with_translations() -> None:
    """2 (x + 1) + 3 at 10 is 25; over Forward, where a point is a function of 1."""
    k: Affine[Any] = Affine(Forward())
    space = Real((2,))
    f = k.then(k.translation(space, np.array([1.0, 2.0])), k.scale(space, 2.0))
    f = k.then(f, k.translation(space, np.array([3.0, 3.0])))
    x = np.array([10.0, 20.0])
    assert (f.linear(x) + f.point(1.0)).tolist() == [25.0, 47.0]
