"""A view or a copy: what NumPy gives, cats takes, however the array lies in memory.

An array is looked at twice over, written into, and read through what was seen; NumPy says what is
read. Where the layout of an argument decides, cats refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest

import cats

Array = Any
Look = Callable[[Array], Array]

X = np.arange(1.0, 7.0)
LAYOUT = "how the array lies in memory"

LOCAL: dict[str, Look] = {
    "zeros": lambda x: np.zeros((2, 3)),
    "columns": lambda x: np.zeros((2, 3), order="F"),
    "turned": lambda x: np.zeros((3, 2)).T,
    "line": lambda x: np.zeros(6),
    "column": lambda x: np.zeros((6, 1)),
    "row": lambda x: np.zeros((1, 6)),
    "cube": lambda x: np.ones((1, 2, 3)),
    "like": lambda x: np.zeros_like(x.reshape(2, 3)),
    "copy": lambda x: (x.reshape(2, 3) * x[0]).copy(),
    "vector": lambda x: x * 2.0,
    "product": lambda x: x.reshape(2, 3) @ np.eye(3),
    "full": lambda x: np.full((2, 3), x[1]),
    "listed": lambda x: np.array([[x[0], x[1], x[2]], [x[3], x[4], 1.0]]),
}
"""Arrays one may write into."""


def square(a: Array) -> Array:
    """A square part of a matrix: NumPy's einsum takes no other, and may crash otherwise."""
    if a.ndim != 2 or not a.size:
        raise ValueError("no matrix")
    return a[: min(a.shape), : min(a.shape)]


PARTS: dict[str, Look] = {
    "all": lambda a: a,
    "every other": lambda a: a[::2],
    "one column": lambda a: a[:, 0],
    "some columns": lambda a: a[:, :1],
    "backwards": lambda a: a[::-1],
    "rows backwards": lambda a: a[:, ::-1],
    "turned": lambda a: a.T,
    "rest": lambda a: a[1:],
    "first": lambda a: a[0:1],
    "new axis": lambda a: a[:, None],
    "gaps": lambda a: a[..., ::2],
}

LOOKS: dict[str, Look] = {
    "ravel": lambda a: a.ravel(),
    "ravel F": lambda a: np.ravel(a, "F"),
    "ravel A": lambda a: a.ravel("A"),
    "ravel K": lambda a: a.ravel("K"),
    "ravel of T": lambda a: a.T.ravel(),
    "ravel, reshape": lambda a: a.ravel().reshape(-1, 1),
    "reshape": lambda a: a.reshape(-1),
    "reshape F": lambda a: a.reshape(-1, order="F"),
    "pairs": lambda a: a.reshape(-1, 2),
    "pairs F": lambda a: np.reshape(a, (-1, 2), order="F"),
    "no axes": lambda a: a.reshape(()),
    "squeeze": lambda a: np.squeeze(a),
    "asarray": lambda a: np.asarray(a),
    "ascontiguousarray": lambda a: np.ascontiguousarray(a),
    "asfortranarray": lambda a: np.asfortranarray(a),
    "array C": lambda a: np.array(a, copy=None, order="C"),
    "array F": lambda a: np.array(a, copy=None, order="F"),
    "require": lambda a: np.require(a, requirements="C"),
    "copy": lambda a: np.copy(a).ravel(),
    "copy F": lambda a: a.copy("F").ravel(),
    "astype": lambda a: a.astype(float, copy=False).ravel(),
    "flatten": lambda a: a.flatten(),
    "flat": lambda a: a.flat[:],
    "diagonal": lambda a: np.diagonal(a),
    "diag": lambda a: np.diag(a),
    "einsum": lambda a: np.einsum("ij->ji", a),
    "einsum of the diagonal": lambda a: np.einsum("ii->i", square(a)),
    "swapaxes": lambda a: np.swapaxes(a, 0, -1),
    "moveaxis": lambda a: np.moveaxis(a, 0, -1),
    "rollaxis": lambda a: np.rollaxis(a, -1),
    "rot90": lambda a: np.rot90(a),
    "flip": lambda a: np.flip(a),
    "atleast_3d": lambda a: np.atleast_3d(a),
    "expand_dims": lambda a: np.expand_dims(a, 0),
    "broadcast_to": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "one entry, broadcast": lambda a: np.broadcast_to(a[..., -1:], a.shape),
    "one entry": lambda a: a[(-1,) * a.ndim + (...,)],
    "one entry, squeezed": lambda a: np.squeeze(a[(slice(0, 1),) * a.ndim]),
    "hsplit": lambda a: np.hsplit(a, 1)[0],
    "view": lambda a: a.view(),
}

ALL = list(product(LOCAL, PARTS, LOOKS, (False, True)))


def program(local: str, part: str, look: str, into: bool) -> Look:
    """Writes into the array, and into what was seen of it where `into`; gives both."""
    make, choose, see = LOCAL[local], PARTS[part], LOOKS[look]

    def f(x: Array) -> Array:
        a = make(x)
        seen = see(choose(a))
        a[...] = x.reshape(a.shape)
        if into:
            seen[...] = x[1]
        a *= 2.0
        if into:
            seen *= x[2]
        return np.concatenate([a.ravel(), seen.ravel()])

    return f


def outcome(f: Callable[..., Array], *args: Array) -> str:
    """What cats makes of it: right, refused for the layout, or not NumPy's to do either."""
    try:
        expected = f(*args)
    except (ValueError, IndexError, TypeError):
        return "not for NumPy"
    try:
        found = cats.compile(f)(*args)
    except cats.TraceError as error:
        assert LAYOUT in str(error) or "does not fit operands" in str(error), error
        return "refused"
    np.testing.assert_array_equal(found, expected)
    return "right"


def test_views_and_copies_are_numpys() -> None:
    """A sample of all of them."""
    seen = Counter(outcome(program(*case), X) for case in Random(1).sample(ALL, 1200))
    assert seen["right"] > 7 * seen["refused"], seen


@pytest.mark.slow
def test_all_views_and_copies_are_numpys() -> None:
    for case in ALL:
        outcome(program(*case), X)


MADE: dict[str, Look] = {
    "zeros_like": lambda a: np.zeros_like(a),
    "full_like": lambda a: np.full_like(a, 0.5),
    "ones_like C": lambda a: np.ones_like(a, order="C"),
    "ones_like F": lambda a: np.ones_like(a, order="F"),
    "like a result": lambda a: np.zeros_like(a * 2.0),
    "like a copy": lambda a: np.zeros_like(a.copy()),
    "like, times": lambda a: np.zeros_like(a) * 1.0,
    "copy": lambda a: np.copy(a),
    "copy C": lambda a: a.copy(),
    "copy F": lambda a: a.copy("F"),
    "array": lambda a: np.array(a),
    "times": lambda a: a * 1.0,
    "times T": lambda a: a.T * 1.0,
    "astype": lambda a: a.astype(np.float32),
    "where": lambda a: np.where(a > 2.0, a, 0.0),
    "stack": lambda a: np.stack([a, a])[0],
    "sort": lambda a: np.sort(a),
    "cumsum": lambda a: np.cumsum(a, axis=0),
    "rows": lambda a: a[[0, 1]],
    "matmul": lambda a: a @ np.eye(3),
    "pad": lambda a: np.pad(a, 1),
}
SEEN: dict[str, Look] = {
    "ravel": lambda a: a.ravel(),
    "ravel of T": lambda a: a.T.ravel(),
    "reshape": lambda a: a.reshape(-1),
    "reshape of T": lambda a: a.T.reshape(-1),
    "ravel of a column": lambda a: a[:, :1].ravel(),
}
LAYOUTS: dict[str, Array] = {
    "C": X.reshape(2, 3),
    "F": np.asfortranarray(X.reshape(2, 3)),
    "gaps": np.arange(24.0).reshape(4, 6)[::2, ::2],
    "backwards": X.reshape(2, 3)[::-1],
}


@pytest.mark.parametrize("made", MADE)
def test_where_the_layout_of_an_argument_decides_it_is_refused(made: str) -> None:
    """One trace serves every layout, so it is right for all, or there is none."""
    for see in SEEN.values():

        def f(a: Array, x: Array, see: Look = see) -> Array:
            b = MADE[made](a)
            seen = see(b)
            seen[0] = x[0]
            return np.concatenate([b.ravel(), seen])

        for argument in LAYOUTS.values():
            outcome(f, argument, X)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (6, 1), (1, 6), (6,), (1, 2, 3), (-1, 2)])
@pytest.mark.parametrize("source", [(6,), (1, 6), (6, 1), (2, 3)])
@pytest.mark.parametrize("order", ["C", "F", "A"])
def test_columns_first_is_decided_by_source_and_target(
    source: tuple[int, ...], shape: tuple[int, ...], order: Any
) -> None:
    x, y = X.reshape(source).copy(), X.reshape(source).copy()
    if order == "A" and source == (2, 3):
        with pytest.raises(cats.TraceError, match=LAYOUT.removeprefix("how ")):
            cats.compile(lambda x: np.reshape(x, shape, order=order))(x)
        return
    forms: list[Look] = [
        lambda x: np.reshape(x, shape, order=order),
        lambda x: x.reshape(shape, order=order),
        lambda x: np.ravel(x, order).reshape(shape, order=order),
        lambda x: np.arange(6.0).reshape(source).reshape(shape, order=order) * x.ravel()[0],
    ]
    for f in forms:
        np.testing.assert_array_equal(cats.compile(f)(x), f(y))


def test_orders_of_memory_are_followed_where_they_are_known() -> None:
    """Of a copy, turned or cut, and of arrays that are there; of an argument they are not known."""
    m = np.arange(6.0).reshape(2, 3)
    looks: list[Look] = [
        lambda x: x.copy(), lambda x: x.copy().T, lambda x: x.copy()[:, ::2],
        lambda x: np.asfortranarray(np.ones((2, 3))), lambda x: np.ones((4, 6))[::2, ::2],
    ]  # fmt: skip
    reads: list[Look] = [
        lambda y: np.reshape(y, -1, order="A"), lambda y: y.flatten("A"), lambda y: y.ravel("K"),
    ]  # fmt: skip
    refused = 0
    for look, read in product(looks, reads):
        try:
            found = cats.compile(lambda x, a=look, b=read: b(a(x)) * x[0, 1])(m)
        except cats.TraceError as error:
            assert LAYOUT.removeprefix("how ") in error.message
            refused += 1
            continue
        np.testing.assert_array_equal(found, read(look(m)) * m[0, 1])
    assert refused == 2  # order "K" of what has gaps
    for read in reads:
        with pytest.raises(cats.TraceError, match="no part of a traced value"):
            cats.compile(read)(m)
