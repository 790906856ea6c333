"""The laws of a linear operation, at every example of every linear primitive.

Transposing twice, the adjoint identity, the matrix, its transpose, the declared cost, the declared
zero pattern, and the map on more axes. All numbers are whole, and equality is exact but for those
operations that divide by what need not be a power of 2: they round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from cats.backends.exact import ExactNumpy
from cats.backends.on_fractions import FIELD
from cats.blocks import Permutation, of_leaf, transposed
from cats.blockwise import dense
from cats.ir.errors import LinearityError
from cats.ir.linear import Leaf
from cats.ir.primitive import Example, Linearity, Primitive, leaf_of
from cats.ir.prims import VOCABULARY
from cats.ir.prims.algebra import div
from cats.ir.prims.smooth import sin
from cats.ir.spaces import Discrete, Ground, R, Real, size, space_of
from cats.zeros import Masked, applied, plain
from tests.values import arranged

Array = np.ndarray[Any, Any]


def value(space: Ground, seed: int, nonzero: bool = False) -> Any:
    """Small whole numbers, truth values or indices."""
    rng = np.random.default_rng(seed)
    if isinstance(space, Discrete):
        return rng.integers(0, 2, space.shape).astype(space.dtype)[()]
    drawn = rng.integers(1, 4, space.shape) * rng.choice([-1, 1], space.shape)
    if nonzero:
        return np.asarray(2.0 ** (drawn - 1.0), space.dtype)[()]
    return np.asarray(drawn * rng.integers(0, 2, space.shape), space.dtype)[()]


@dataclass(frozen=True)
class Sample:
    """A linear primitive in one slot, at one example."""

    op: Primitive
    example: Example
    slot: int

    def leaf(self, dtype: str | None = None) -> Leaf:
        """The leaf, its other arguments fixed to small numbers."""
        spaces = [self._wide(s, dtype) for s in self.example.spaces]
        params = dict(self.example.params)
        if dtype is not None and "dtype" in params:
            params["dtype"] = dtype
        cod = self._wide(self.op.space(*self.example.spaces, **dict(self.example.params)), dtype)
        values = [value(s, 7 + i, self.op is div) for i, s in enumerate(spaces)]
        fixed = arranged(self.example, values)
        del fixed[self.slot]
        return leaf_of(self.op, self.slot, tuple(fixed), spaces[self.slot], cod, **params)

    def _wide(self, space: Ground, dtype: str | None) -> Ground:
        return Real(space.shape, dtype) if dtype and isinstance(space, Real) else space

    def __str__(self) -> str:
        spaces = ", ".join(map(str, self.example.spaces))
        params = ", ".join(f"{k}={v}" for k, v in self.example.params)
        return f"{self.op}({spaces}; {params})[{self.slot}]".replace("/", "_")


def samples() -> list[Sample]:
    """Every linear slot of every example whose argument there is real."""
    found = []
    for op in VOCABULARY:
        if op.linear is None:
            continue
        usual = Example((Real((3,)),) * len(op.domain))
        for example in op.examples or (usual,):
            for slot in op.linear.slots:
                if slot < len(example.spaces) and isinstance(example.spaces[slot], Real):
                    found.append(Sample(op, example, slot))
    return found


every = pytest.mark.parametrize("sample", samples(), ids=str)


def matrix(leaf: Leaf) -> Array:
    """What the leaf makes of the unit vectors, as columns."""
    dom: Any = leaf.dom
    units = np.eye(size(dom), dtype=dom.dtype)
    columns = [np.ravel(leaf.op.apply(leaf, e.reshape(dom.shape)[()])) for e in units]
    return np.array(columns).reshape(size(dom), size(leaf.cod)).T


ROUNDING = {
    "solve", "solve_triangular", "solve_sylvester", "over_gaps", "cofactors", "expm_along",
    "logm_along", "pinv_along",
}  # fmt: skip


def agree(leaf: Leaf, found: Any, expected: Any) -> None:
    """Exactly, or to rounding."""
    if leaf.op.name not in ROUNDING:
        assert np.array_equal(found, expected)
        return
    size = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13 * size)


def test_every_linear_primitive_is_here() -> None:
    assert {s.op.name for s in samples()} == {op.name for op in VOCABULARY if op.linear is not None}


@every
def test_transposing_twice_is_the_identity(sample: Sample) -> None:
    """transpose (transpose l) = l."""
    leaf = sample.leaf()
    there = leaf.op.adjoint(leaf)
    assert (there.dom, there.cod) == (leaf.cod, leaf.dom)
    assert there.op.adjoint(there) == leaf


@every
def test_adjoint_identity(sample: Sample) -> None:
    """<l v, w> = <v, transpose l w>."""
    leaf = sample.leaf()
    back = leaf.op.adjoint(leaf)
    v, w = value(leaf.dom, 1), value(leaf.cod, 2)  # type: ignore[arg-type]
    left, right = leaf.op.apply(leaf, v), back.op.apply(back, w)
    agree(leaf, np.sum(left * w), np.sum(v * right))


@every
def test_the_leaf_is_its_matrix(sample: Sample) -> None:
    """matrix(l) v = l v, and the block knows the same matrix."""
    leaf = sample.leaf()
    found = matrix(leaf)
    v = value(leaf.dom, 3)  # type: ignore[arg-type]
    agree(leaf, found @ np.ravel(v), np.ravel(leaf.op.apply(leaf, v)))
    agree(leaf, np.reshape(dense(of_leaf(leaf)), found.shape), found)


@every
def test_the_matrix_of_the_transpose(sample: Sample) -> None:
    """matrix(transpose l) = matrix(l)^T, for the leaf and for its block."""
    leaf = sample.leaf()
    found = matrix(leaf)
    agree(leaf, matrix(leaf.op.adjoint(leaf)), found.T)
    block = transposed(of_leaf(leaf))
    agree(leaf, np.reshape(dense(block), found.T.shape), found.T)


@every
def test_the_structure_says_where_the_zeros_are(sample: Sample) -> None:
    """diagonal: only there; permutation: one 1 in each row and column."""
    leaf = sample.leaf()
    found = matrix(leaf)
    match leaf.op.structure(leaf):
        case "diagonal":
            assert np.array_equal(found, np.diag(np.diag(found)))
        case "permutation":
            assert sorted(map(tuple, found)) == sorted(map(tuple, np.eye(len(found))))
            assert leaf.dom.dtype != leaf.cod.dtype or isinstance(of_leaf(leaf), Permutation)  # type: ignore[union-attr]
        case other:
            assert other == "dense"


@every
@pytest.mark.parametrize("extra", [(2,), (2, 3), (1,)])
def test_lifting_is_applying_to_every_column(sample: Sample, extra: tuple[int, ...]) -> None:
    """lift(l)(V)[..., i] = l(V[..., i]), and the lifted leaf is a leaf with the same laws."""
    leaf = sample.leaf()
    wide = leaf.op.lift(leaf, extra)
    dom: Any = wide.dom
    columns = value(dom, 4)
    found = wide.op.apply(wide, columns)
    assert np.shape(found) == wide.cod.shape  # type: ignore[union-attr]
    for i in np.ndindex(extra):
        agree(leaf, found[(..., *i)], leaf.op.apply(leaf, columns[(..., *i)]))
    back = wide.op.adjoint(wide)
    w = value(back.dom, 5)  # type: ignore[arg-type]
    agree(leaf, np.sum(found * w), np.sum(columns * back.op.apply(back, w)))


# Known zeros


def masks(space: Ground) -> list[Any]:
    """Nowhere, everywhere, at one place, and at some."""
    whole = np.arange(size(space)).reshape(space.shape)
    found: tuple[Array, ...] = (whole < 0, whole >= 0, whole == 1, whole % 3 == 0)
    return [mask[()] for mask in found]


def positive(sample: Sample) -> Leaf:
    """The leaf with positive numbers fixed, so that nothing cancels."""
    leaf = sample.leaf()
    fixed = [value(space_of(v), 11 + i, nonzero=True) for i, v in enumerate(leaf.fixed)]
    return leaf.with_fixed(tuple(fixed))


def changed(leaf: Leaf, to: Any) -> Iterator[Leaf]:
    """The leaf with one entry of what is fixed another: each in turn."""
    for i, x in enumerate(leaf.fixed):
        for place in np.ndindex(np.shape(x)) if isinstance(space_of(x), Real) else ():
            other = np.array(x)
            other[place] = to
            yield leaf.with_fixed((*leaf.fixed[:i], other[()], *leaf.fixed[i + 1 :]))


@every
def test_what_meets_known_zeros_only_does_not_matter(sample: Sample) -> None:
    """Where the mask is false the argument may be nan, and so may every fixed entry that could be
    anything. The mask of the result says exactly where it can be other than zero, but for
    operations that put entries to zero themselves.
    """
    leaf = sample.leaf() if sample.op.name in SILENT else positive(sample)
    for mask in masks(leaf.dom):  # type: ignore[arg-type]
        v = value(leaf.dom, 3, nonzero=True)  # type: ignore[arg-type]
        given = Masked(np.where(mask, v, np.nan)[()], mask)
        kept = np.where(mask, v, 0)[()]
        expected = leaf.op.apply(leaf, kept)
        found = applied(leaf, given)
        agree(leaf, plain(found), expected)
        if isinstance(found, Masked):
            tight = leaf.op.name not in ("erase", "tril", "triu")
            assert np.array_equal(found.mask & (tight or expected != 0), expected != 0)
        else:
            assert leaf.op.masked(leaf, mask) is None
        others = zip(changed(leaf, 5.0), changed(leaf, np.nan), strict=True)
        for another, poisoned in others if isinstance(found, Masked) else ():
            if np.array_equal(another.op.apply(another, kept), expected):
                assert np.array_equal(plain(applied(poisoned, given)), expected)


SILENT = frozenset(
    {
        *("solve", "solve_triangular", "solve_sylvester", "cofactors"),
        *("expm_along", "logm_along", "pinv_along", "over_gaps", "convolve"),
    }
)
"""Linear operations that say nothing of the zeros of their results."""


def test_every_record_says_what_becomes_of_known_zeros() -> None:
    """Or is named here, because its entries may cancel or nothing simple can be said."""
    linear = {s.op.name: s.op.linear for s in samples() if s.op.linear is not None}
    silent = {n for n, f in linear.items() if f.structure != "diagonal" and f.masked is None}
    assert silent == SILENT


def test_what_the_record_does_not_say_is_not_known() -> None:
    """Of an operation that may cancel, x[1:] - x[:-1], nothing is said: its result is a number."""
    leaf = leaf_of(DIFFERENCES, 0, (), Real((3,)), Real((2,)))
    found = applied(leaf, Masked(np.full(3, 7.0), np.array([True, True, False])))
    assert not isinstance(found, Masked)
    assert found.tolist() == [0.0, -7.0]


DIFFERENCES = Primitive(
    "differences",
    "np.diff({0})",
    lambda x: Real((x.shape[0] - 1,)),
    linear=Linearity((0,), adjoint=lambda leaf: leaf),
)


class Meter:
    """A number that counts what is done with it; adding to a 0 just placed is free."""

    done = 0

    def __init__(self, at: Any) -> None:
        self.at = float(at)

    def _did(self, other: Any, at: float) -> Meter:
        if isinstance(other, Meter):
            Meter.done += 1
        return Meter(at)

    def __add__(self, other: Any) -> Meter:
        return self._did(other, self.at + getattr(other, "at", other))

    def __mul__(self, other: Any) -> Meter:
        return self._did(other, self.at * getattr(other, "at", other))

    def __truediv__(self, other: Any) -> Meter:
        return self._did(other, self.at / getattr(other, "at", other))

    def __sub__(self, other: Any) -> Meter:
        return self._did(other, self.at - getattr(other, "at", other))

    def __neg__(self) -> Meter:
        Meter.done += 1
        return Meter(-self.at)

    __radd__, __rmul__ = __add__, __mul__


def metered(plain: Any) -> Any:
    """Counting numbers in place of real ones."""
    array = np.asarray(plain)
    if array.dtype.kind != "f":
        return plain
    return np.asarray(np.frompyfunc(Meter, 1, 1)(array), object)


@every
def test_the_declared_cost_is_no_less_than_the_measured(sample: Sample) -> None:
    """Every product and sum of two numbers is counted as it happens; equations are eliminated."""
    if sample.op.name in ("convert", "ldexp"):
        pytest.skip("objects have no width and no exponent")
    if sample.op.name in ROUNDING and sample.op.name not in FIELD:
        pytest.skip("LAPACK computes with floats only")
    leaf = sample.leaf("object_")
    leaf = leaf.with_fixed(tuple(metered(v) for v in sample.leaf().fixed))
    v = metered(value(sample.leaf().dom, 3))  # type: ignore[arg-type]
    Meter.done = 0
    (_eliminated if sample.op.name in ROUNDING else leaf.op.apply)(leaf, v)
    assert Meter.done <= leaf.op.cost(sample.leaf())


def _eliminated(leaf: Leaf, v: Any) -> Any:
    """The leaf at v where NumPy's elimination is one of counting numbers."""
    op: Any = leaf.op
    args = leaf.arguments(v)
    names = [f"x{i}" for i in range(len(args))]
    namespace: dict[str, Any] = {"np": ExactNumpy(Meter)}
    exec(op.helpers, namespace)
    text = op.text(names, dict(leaf.params))
    return eval(f"lambda {', '.join(names)}: {text}", namespace)(*args)


def test_what_is_not_linear_has_no_transpose() -> None:
    with pytest.raises(LinearityError, match="sin is not linear in argument 0"):
        sin.adjoint(leaf_of(sin, 0, (), R, R))
    with pytest.raises(LinearityError, match="div is not linear in argument 1"):
        div.adjoint(leaf_of(div, 1, (2.0,), R, R))
