"""Random linear terms, exact: entries are Fractions, and the laws hold to the last digit.

Spaces of dtype EXACT hold Python numbers: whatever writes a zero or a one for them writes an int.
Every number drawn is a small dyadic one, so the same terms are exact in float64 as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Scale, Then, Zero
from cats.ir.primitive import leaf_of
from cats.ir.prims.algebra import div, mul, neg
from cats.ir.prims.arrays import cumsum, recurrence, shift
from cats.ir.prims.choice import keep
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import accumulate, gather, index
from cats.ir.prims.layout import broadcast, reshape, sum, transpose
from cats.ir.spaces import Discrete, Ground, Product, Real, Space, Value, size

EXACT = "object_"
SHAPES = ((), (2,), (3,), (4,), (2, 2), (2, 3))
ANY = (Fraction(-2), Fraction(-1), Fraction(0), Fraction(1), Fraction(3), Fraction(1, 2))
UNITS = (Fraction(-2), Fraction(-1), Fraction(1), Fraction(1, 2))

Draw = Callable[[st.SearchStrategy[Any]], Any]


@cache
def real_spaces(dtype: str = EXACT) -> st.SearchStrategy[Real]:
    """Small spaces of numbers, vectors and matrices."""
    return st.sampled_from([Real(shape, dtype) for shape in SHAPES])


@cache
def spaces(dtype: str = EXACT) -> st.SearchStrategy[Space]:
    """Small spaces, half of them products, some nested."""
    ground = real_spaces(dtype)
    flat = st.lists(ground, min_size=1, max_size=2).map(lambda parts: Product(tuple(parts)))
    nested = st.tuples(flat, ground).map(Product)
    return st.one_of(ground, ground, ground, flat, flat, nested)


@cache
def values_of(space: Ground, numbers: tuple[Fraction, ...] = ANY) -> st.SearchStrategy[Value]:
    """Exact arrays of a space: Fractions, dyadic floats, truth values or small indices."""
    chosen: tuple[Any, ...] = numbers
    dtype: Any = space.dtype
    if isinstance(space, Discrete):
        chosen = (False, True) if space.dtype == "bool" else (0, 1)
    elif space.dtype == EXACT:
        dtype = object

    def array(drawn: list[Any]) -> Value:
        return np.array(drawn, dtype).reshape(space.shape)[()]

    count = size(space)
    return st.lists(st.sampled_from(chosen), min_size=count, max_size=count).map(array)


# Leaves

Made = tuple[Callable[..., Leaf], tuple[st.SearchStrategy[Value], ...]]


@cache
def leaves_between(dom: Real, cod: Real) -> st.SearchStrategy[Leaf]:
    """Leaves of every operation that leads from one space to the other."""
    groups: dict[str, list[st.SearchStrategy[Leaf]]] = {}
    for make in (_products, _entrywise, _moves, _reductions, _reads):
        for name, strategy in make(dom, cod):
            groups.setdefault(name, []).append(strategy)
    return st.one_of([st.one_of(group) for group in groups.values()])


Named = Iterator[tuple[str, st.SearchStrategy[Leaf]]]


def _fixed(shape: tuple[int, ...], like: Real) -> st.SearchStrategy[Value]:
    return values_of(Real(shape, like.dtype))


def _products(dom: Real, cod: Real) -> Named:
    """Contractions: any matrix, and a matrix times a matrix from either side or both."""
    inner, out = "abc"[: len(dom.shape)], "xyz"[: len(cod.shape)]

    def leaf(spec: str, slot: int) -> Callable[..., Leaf]:
        return lambda *fixed: leaf_of(contract, slot, fixed, dom, cod, spec=spec)

    whole = _fixed((*cod.shape, *dom.shape), dom)
    yield "contract", whole.map(leaf(f"{out}{inner},{inner}->{out}", 1))
    if len(dom.shape) == len(cod.shape) == 2:
        (m, n), (p, q) = dom.shape, cod.shape
        left, right = _fixed((p, m), dom), _fixed((n, q), dom)
        both = leaf("ij,jk,kl->il", 1)
        yield "kronecker", st.tuples(left, right).map(lambda ab: both(*ab))
        if n == q:
            yield "kronecker", left.map(leaf("ij,jk->ik", 1))
        if m == p:
            yield "kronecker", _fixed((q, n), dom).map(leaf("ij,kj->ik", 0))


def _entrywise(dom: Real, cod: Real) -> Named:
    if dom != cod:
        return
    for slot in (0, 1):
        yield (
            "mul",
            _fixed(dom.shape, dom).map(
                lambda a, slot=slot: leaf_of(mul, slot, (a,), dom, dom)  # type: ignore[misc]
            ),
        )
    yield "div", values_of(dom, UNITS).map(lambda a: leaf_of(div, 0, (a,), dom, dom))
    yield "neg", st.just(leaf_of(neg, 0, (), dom, dom))
    mask = Discrete(dom.shape, "bool")
    yield "keep", values_of(mask).map(lambda m: leaf_of(keep, 1, (m,), dom, dom))
    for axis in range(len(dom.shape)):
        for reverse in (False, True):
            here = {"axis": axis, "reverse": reverse}
            yield "cumsum", st.just(leaf_of(cumsum, 0, (), dom, dom, **here))
            yield "shift", st.just(leaf_of(shift, 0, (), dom, dom, fill=0, **here))
            yield (
                "recurrence",
                _fixed(dom.shape, dom).map(
                    lambda a, here=here: leaf_of(  # type: ignore[misc]
                        recurrence, 1, (a,), dom, dom, ahead=bool(here["axis"]), **here
                    )
                ),
            )


def _moves(dom: Real, cod: Real) -> Named:
    if size(dom) == size(cod) and dom.shape and cod.shape:
        yield "reshape", st.just(leaf_of(reshape, 0, (), dom, cod, shape=cod.shape))
    for axes in permutations(range(len(dom.shape))):
        if axes and tuple(dom.shape[a] for a in axes) == cod.shape:
            yield "transpose", st.just(leaf_of(transpose, 0, (), dom, cod, axes=axes))


def _reductions(dom: Real, cod: Real) -> Named:
    """Sums over axes, and repetitions along them."""
    for kept in combinations(range(len(dom.shape)), len(cod.shape)):
        gone = tuple(a for a in range(len(dom.shape)) if a not in kept)
        if gone and tuple(dom.shape[a] for a in kept) == cod.shape:
            yield "sum", st.just(leaf_of(sum, 0, (), dom, cod, axes=gone))
    for axes in combinations(range(len(cod.shape)), len(dom.shape)):
        if len(axes) < len(cod.shape) and tuple(cod.shape[a] for a in axes) == dom.shape:
            there = {"axes": axes, "shape": cod.shape}
            yield "broadcast", st.just(leaf_of(broadcast, 0, (), dom, cod, **there))


def _reads(dom: Real, cod: Real) -> Named:
    """Reading entries by keys or index arrays, and adding them back in their places."""
    keys: list[Any] = []
    if dom.shape[1:] == cod.shape and dom.shape:
        keys = [(0,), (-1,)]
    elif dom.shape[1:] == cod.shape[1:] and dom.shape and cod.shape:
        keys = [((None, None, 2),), ((1, None, None),), ((None, None, -1),)]
    for key in keys:
        if (
            np.zeros(dom.shape)[tuple(slice(*k) if isinstance(k, tuple) else k for k in key)].shape
            == cod.shape
        ):
            yield "index", st.just(leaf_of(index, 0, (), dom, cod, key=key))
    if dom.shape and cod.shape and dom.shape[1:] == cod.shape[1:]:
        places = st.lists(
            st.integers(0, dom.shape[0] - 1), min_size=cod.shape[0], max_size=cod.shape[0]
        ).map(np.array)
        yield "gather", places.map(lambda i: leaf_of(gather, 0, (i,), dom, cod))
    if cod.shape and dom.shape and cod.shape[1:] == dom.shape[1:]:
        into = {"shape": cod.shape, "dtype": cod.dtype}
        places = st.lists(
            st.integers(0, cod.shape[0] - 1), min_size=dom.shape[0], max_size=dom.shape[0]
        ).map(np.array)
        yield (
            "accumulate",
            places.map(lambda i: leaf_of(accumulate, 0, (i,), dom, cod, targets=(1,), **into)),
        )
    if cod.shape and cod.shape[1:] == dom.shape:
        into = {"shape": cod.shape, "dtype": cod.dtype}
        yield "accumulate", st.just(leaf_of(accumulate, 0, (), dom, cod, targets=((0,),), **into))


# Terms


@st.composite
def linear_maps(draw: Draw, dom: Space, cod: Space, depth: int = 3) -> Linear:
    """A linear term `dom -o cod`."""
    return _map(draw, dom, cod, depth)


def _map(draw: Draw, dom: Space, cod: Space, depth: int) -> Linear:
    options = [_atom] if _has_atom(dom, cod) else []
    if depth > 0:
        options.append(_then)
        options.append(_sum)
    if isinstance(cod, Product):
        options.extend([_fork] * 2)
    if isinstance(dom, Product):
        options.extend([_join] * 2)
    return draw(st.sampled_from(options))(draw, dom, cod, depth)  # type: ignore[no-any-return]


def _has_atom(dom: Space, cod: Space) -> bool:
    ground = isinstance(dom, Real) and isinstance(cod, Real)
    return ground or dom == cod or _part(dom, cod) or _part(cod, dom)


def _part(whole: Space, part: Space) -> bool:
    return isinstance(whole, Product) and part in whole.parts


def _atom(draw: Draw, dom: Space, cod: Space, depth: int) -> Linear:
    found: list[st.SearchStrategy[Linear]] = [st.just(Zero(dom, cod))]
    if dom == cod:
        found.append(st.just(Id(dom)))
        found.append(st.sampled_from((-1, *UNITS)).map(lambda by: Scale(dom, by)))
    if isinstance(dom, Product) and cod in dom.parts:
        spaces = dom.parts
        here = st.sampled_from([i for i, s in enumerate(spaces) if s == cod])
        found.extend([here.map(lambda i: Proj(spaces, i))] * 3)
    if isinstance(cod, Product) and dom in cod.parts:
        parts = cod.parts
        there = st.sampled_from([i for i, s in enumerate(parts) if s == dom])
        found.extend([there.map(lambda i: Inj(parts, i))] * 3)
    if isinstance(dom, Real) and isinstance(cod, Real):
        found.extend([leaves_between(dom, cod)] * 4)
    return draw(st.one_of(found))  # type: ignore[no-any-return]


def _then(draw: Draw, dom: Space, cod: Space, depth: int) -> Linear:
    dtype = _dtype(dom)
    middle = draw(st.one_of(spaces(dtype), st.sampled_from((dom, cod))))
    return Then(_map(draw, dom, middle, depth - 1), _map(draw, middle, cod, depth - 1))


def _sum(draw: Draw, dom: Space, cod: Space, depth: int) -> Linear:
    return _map(draw, dom, cod, depth - 1) + _map(draw, dom, cod, depth - 1)


def _fork(draw: Draw, dom: Space, cod: Space, depth: int) -> Linear:
    parts = cod.parts if isinstance(cod, Product) else (cod,)
    return Fork(tuple(_map(draw, dom, part, depth - 1) for part in parts))


def _join(draw: Draw, dom: Space, cod: Space, depth: int) -> Linear:
    parts = dom.parts if isinstance(dom, Product) else (dom,)
    return Join(tuple(_map(draw, part, cod, depth - 1) for part in parts))


def _dtype(space: Space) -> str:
    match space:
        case Real(_, dtype):
            return dtype
        case Product(parts) if parts:
            return _dtype(parts[0])
        case _:
            return EXACT
