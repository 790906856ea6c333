"""Known zeros: masks through sums, products and contractions, on arrays and on wires."""

from __future__ import annotations

from itertools import product as pairs
from typing import Any

import numpy as np
import pytest

from cats.ir.prims.choice import logical_not
from cats.ir.spaces import Discrete, R, Real
from cats.ir.wire import Builder
from cats.zeros import Masked, Nothing, contracted, materialise, negative, plain, product, summed

V = Real((3,))
NAN = np.nan
X = np.array([1.0, NAN, 3.0])
ENDS = np.array([True, False, True])
LAST = np.array([False, False, True])


def masked(value: Any, mask: Any) -> Masked:
    return Masked(np.array(value), np.array(mask))


def test_zeros_are_written_once() -> None:
    assert plain(Masked(X, ENDS)).tolist() == [1.0, 0.0, 3.0]
    clean = np.array([1.0, 0.0, 3.0])
    assert plain(Masked(clean, ENDS, clean=True)) is clean
    assert plain(negative(Masked(X, ENDS))).tolist() == [-1.0, 0.0, -3.0]


def test_a_product_is_zero_where_either_factor_is() -> None:
    found = product(Masked(X, ENDS), masked([NAN, NAN, 2.0], LAST))
    assert found.mask.tolist() == LAST.tolist()
    assert plain(found).tolist() == [0.0, 0.0, 6.0]
    assert plain(product(np.full(3, 2.0), Masked(X, ENDS))).tolist() == [2.0, 0.0, 6.0]
    assert product(2.0, np.ones(3)).tolist() == [2.0, 2.0, 2.0]


def test_a_sum_is_zero_where_all_terms_are() -> None:
    other = masked([NAN, NAN, 2.0], LAST)
    found = summed([(1, Masked(X, ENDS)), (-1, other)])
    assert found.mask.tolist() == ENDS.tolist()
    assert plain(found).tolist() == [1.0, 0.0, 1.0]
    under_one = summed([(-1, Masked(X, ENDS)), (-1, Masked(X, ENDS))])
    assert under_one.mask is ENDS and not under_one.clean
    assert not isinstance(summed([(1, Masked(X, ENDS)), (1, np.ones(3))]), Masked)


def test_a_mask_and_its_opposite_are_everywhere() -> None:
    """Two terms of a choice: nothing is known of their sum. Of other masks it is."""
    builder = Builder([V, Discrete((3,), "bool"), Discrete((3,), "bool")])
    x, first, second = builder.wires
    terms = [(1, Masked(x, first)), (1, Masked(x, logical_not(first)))]
    assert not isinstance(summed(terms), Masked)
    assert not isinstance(summed(terms[::-1]), Masked)
    others = summed([(1, Masked(x, first)), (1, Masked(x, logical_not(second)))])
    assert isinstance(others, Masked)


@pytest.mark.parametrize(("left", "right"), list(pairs((False, True), repeat=2)))
def test_what_meets_known_zeros_is_not_contracted(left: bool, right: bool) -> None:
    """A x with nan in A where x is known to be zero, and in x where A is."""
    a = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    x = np.array([1.0, -1.0, 2.0])
    rows, column = np.array([[True, False, True], [False, False, True]]), ENDS
    expected = np.where(rows, a, 0.0 if left else a) @ np.where(column, x, 0.0 if right else x)
    if left:
        a = np.where(rows, a, NAN)
        x = np.where(rows.any(axis=0), x, NAN)
    if right:
        a = np.where(column, a, NAN)
        x = np.where(column, x, NAN)
    found = contracted(Masked(a, rows) if left else a, Masked(x, column) if right else x, "ij,j->i")
    assert plain(found).tolist() == expected.tolist()
    assert isinstance(found, Masked) == (left or right)


def test_zeros_of_whole_spaces_are_written_at_the_edge() -> None:
    assert materialise(Nothing(V)).tolist() == [0.0, 0.0, 0.0]
    (wire,) = (materialise(Nothing(R), Builder()),)
    assert wire.constant.array == 0.0
