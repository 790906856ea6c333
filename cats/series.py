"""Power series on wires: each operation term by term, said by what it is and by its derivative.

An operation that is linear in what moves is a convolution, a quotient the inverse of one; any other
one is said by its derivative, y' = L(x) x', whose terms up to n - 1 give the n-th of y:
n y_n = (L(x) x')_(n-1). L is the linearisation that the operation has anyway. (Griewank and Walther
2008, chapter 13.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import product as choices
from typing import Any

import numpy as np

from cats.ir.arithmetic import Arithmetic
from cats.ir.errors import DerivativeError
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Params, Proj, Scale, Then, Zero
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, div, mul, neg
from cats.ir.spaces import Ground, Product, Real, Space, Value
from cats.ir.wire import STAMPS, Builder, Wire


class Series(Arithmetic):
    """A power series on wires: terms that are known, and how the next one is found."""

    __slots__ = ("next", "recorder", "space", "still", "terms")

    def __init__(self, recorder: Recorder, space: Ground, terms: list[Value], still: bool) -> None:
        self.recorder = recorder
        self.space = space
        self.terms = terms
        self.still = still
        self.next: Any = None


NOTHING = None
"""A term that is zero."""

Term = Value | None
Slopes = Callable[[int, int], Term]
"""The n-th term of the k-th derivative."""


def moves(s: Series) -> bool:
    """Whether a series may have terms after the first."""
    return not s.still and isinstance(s.space, Real)


class Recorder:
    """The recorder of operations on series: each is worked out once."""

    def __init__(self, builder: Builder, order: int) -> None:
        self.stamp = next(STAMPS)
        self.builder = builder
        self.order = order
        self.table: dict[Any, Any] = {}
        self.slopes: dict[int, Series] = {}

    # Series

    def series(self, terms: Sequence[Value]) -> Series:
        """A series of known terms, the others zero."""
        return Series(self, terms[0].space, list(terms), still=len(terms) == 1)

    def grown(self, space: Ground, first: Value, find: Any) -> Series:
        """A series whose terms after the first are found when they are asked for."""
        made = Series(self, space, [first], still=False)
        made.next = find
        return made

    def at(self, s: Series, n: int) -> Term:
        """The n-th term; None if it is zero."""
        while len(s.terms) <= n and s.next is not None:
            s.terms.append(s.next(len(s.terms)))
        return s.terms[n] if n < len(s.terms) else NOTHING

    def term(self, s: Series, n: int) -> Wire:
        """The n-th term, written out."""
        return self.written(self.at(s, n), s.space)

    def written(self, term: Term, space: Ground) -> Wire:
        """A term as a wire, zeros written out."""
        return self.builder.zeros(space) if term is None else self.builder.lift(term, space)

    def slope(self, s: Series) -> Series:
        """s': its n-th term is (n + 1) s_(n+1)."""
        if id(s) not in self.slopes:
            made = Series(self, s.space, [], still=False)
            made.next = lambda n: self.times(n + 1, self.at(s, n + 1))
            self.slopes[id(s)] = made
        return self.slopes[id(s)]

    def times(self, number: float, term: Term) -> Term:
        """A term times a number."""
        return term if term is None or number == 1 else mul(term, float(number))

    def total(self, terms: Sequence[Term]) -> Term:
        """The sum of terms."""
        present = [t for t in terms if t is not None]
        found = present[0] if present else NOTHING
        for t in present[1:]:
            found = add(found, t)
        return found

    # Operations

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params = ()) -> Value:
        """The operation on series, and on values that stand still."""
        own = [a.space for a in args if isinstance(a, Series)]
        like = next((space for space in own if isinstance(space, Real)), None)
        beside = like or next(iter(own), None)
        given = [self.lifted(a, beside if isinstance(a, int | float) else like) for a in args]
        key = (op, tuple(map(id, given)), params)
        if key not in self.table:
            self.table[key] = (given, self.applied(op, given, params))
        return self.table[key][1]

    def lifted(self, value: Value, like: Ground | None) -> Series:
        """A value as a series."""
        if isinstance(value, Series):
            return value
        wire = self.builder.lift(value, like)
        if wire.index not in self.table:
            self.table[wire.index] = self.series([wire])
        return self.table[wire.index]  # type: ignore[no-any-return]

    def applied(self, op: Primitive, args: Sequence[Series], params: Params) -> Value:
        """One operation: still, a convolution, or said by its derivative."""
        at = tuple([self.term(a, 0) for a in args])
        first = self.builder.emit(op, at, params)
        moving = [i for i, a in enumerate(args) if moves(a)]
        several = isinstance(first, tuple)
        results = list(first) if several else [first]
        if not moving or not any(isinstance(w.space, Real) for w in results):
            made = [self.series([w]) for w in results]
        elif not several and _linear(op, tuple([a.space for a in args]), params, tuple(moving)):
            made = [self.convolved(op, args, params, moving, results[0])]
        elif op is div:
            made = [self.quotient(args[0], args[1], results[0])]
        else:
            made = self.by_slope(op, args, params, moving, results)
        return tuple(made) if several else made[0]

    def convolved(
        self,
        op: Primitive,
        args: Sequence[Series],
        params: Params,
        moving: Sequence[int],
        first: Wire,
    ) -> Series:
        """op(a, b)_n is the sum of op(a_i, b_j) with i + j = n."""

        def find(n: int) -> Term:
            found: list[Term] = []
            for places in choices(range(n + 1), repeat=len(moving) - 1):
                rest = n - sum(places)
                if rest < 0:
                    continue
                at = dict(zip(moving, (*places, rest), strict=True))
                given = [self.at(a, at.get(i, 0)) for i, a in enumerate(args)]
                if all(g is not None for g in given):
                    found.append(self.builder.emit(op, tuple(given), params))
            return self.total(found)

        return self.grown(first.space, first, find)

    def quotient(self, a: Series, b: Series, first: Wire) -> Series:
        """y b = a: b_0 y_n = a_n - b_n y_0 - ... - b_1 y_(n-1)."""

        def find(n: int) -> Term:
            pairs = [(self.at(made, j), self.at(b, n - j)) for j in range(n)]
            known = [neg(mul(y, r)) for y, r in pairs if y is not None and r is not None]
            rest = self.total([self.at(a, n), *known])
            return NOTHING if rest is None else div(rest, self.at(b, 0))

        made = self.grown(first.space, first, find)
        return made

    def by_slope(
        self,
        op: Primitive,
        args: Sequence[Series],
        params: Params,
        moving: Sequence[int],
        results: Sequence[Wire],
    ) -> list[Series]:
        """n y_n = (L(x) x')_(n-1)."""
        for slot, why in op.refused:
            if slot in moving:
                raise DerivativeError(
                    f"{op.name} has no derivative in its argument {slot}: {why}",
                    where=self.builder.where,
                    remedy="Keep that argument fixed, or stop the gradient before it.",
                )
        made = [Series(self, w.space, [w], still=False) for w in results]
        if op.linearise is None:
            raise DerivativeError(
                f"{op.name} has no derivative: its record says none",
                where=self.builder.where,
                remedy="Give the primitive a `linearise`, or stop the gradient before it.",
            )
        linearise, out = op.linearise, made[0] if len(made) == 1 else tuple(made)

        @cache
        def rows() -> Sequence[Series | None]:
            """The derivatives, asked for when the operation is in the table already."""
            map = linearise(*args, out=out, **dict(params))
            slopes = [self.slope(a) if i in moving else NOTHING for i, a in enumerate(args)]
            flow: Any = self.flow(map, slopes[0] if len(slopes) == 1 else tuple(slopes))
            return [flow] if len(made) == 1 else flow

        def slopes(k: int, n: int) -> Term:
            slope = rows()[k]
            return NOTHING if slope is None else self.at(slope, n)

        for k, s in enumerate(made):
            s.next = self.nth(slopes, k)
        return made

    def nth(self, slopes: Slopes, k: int) -> Callable[[int], Term]:
        """How the n-th term follows from the k-th derivative."""

        def find(n: int) -> Term:
            term = slopes(k, n - 1)
            return term if term is None or n == 1 else div(term, float(n))

        return find

    # Linear terms on series

    def flow(self, map: Linear, v: Any) -> Any:
        """The linear term applied to a series, or a tuple of them; None is zero."""
        match map:
            case Id():
                return v
            case Zero(cod=cod):
                return _zero(cod)
            case Then(first, second):
                return self.flow(second, self.flow(first, v))
            case Fork(parts):
                return tuple([self.flow(p, v) for p in parts])
            case Join(parts):
                return self.plus([self.flow(p, x) for p, x in zip(parts, v, strict=True)])
            case Proj(index=index):
                return v[index]
            case Inj(spaces, index):
                return tuple([v if j == index else _zero(s) for j, s in enumerate(spaces)])
            case Scale(by=by):
                return self.scaled(by, v)
            case Leaf() as leaf:
                if v is None:
                    return NOTHING
                fixed = list(leaf.fixed)
                fixed.insert(leaf.slot, v)
                return self.emit(leaf.op, tuple(fixed), leaf.params)  # type: ignore[arg-type]
            case _:
                raise DerivativeError(f"{type(map).__name__} is not a linear map cats knows")

    def scaled(self, by: Value, v: Any) -> Any:
        """A factor of -1 is a sign; any other is a product."""
        if isinstance(v, tuple):
            return tuple([self.scaled(by, x) for x in v])
        if v is None or (isinstance(by, int | float) and by == 1):
            return v
        if isinstance(by, int | float) and by == -1:
            return self.emit(neg, (v,))
        return self.emit(mul, (by, v))

    def plus(self, rows: Sequence[Any]) -> Any:
        """The sum of series, part by part."""
        present = [r for r in rows if r is not None]
        if not present:
            return NOTHING
        if isinstance(present[0], tuple):
            return tuple([self.plus([r[i] for r in present]) for i in range(len(present[0]))])
        if len(present) == 1:
            return present[0]
        made = Series(self, present[0].space, [], still=False)
        made.next = lambda n: self.total([self.at(r, n) for r in present])
        return made


@lru_cache(maxsize=4096)
def _linear(
    op: Primitive, spaces: tuple[Ground, ...], params: Params, moving: tuple[int, ...]
) -> bool:
    """Whether an operation is linear in each of these, and not affine: 0 where one of them is."""
    if op.linear is None or not set(moving) <= set(op.linear.slots):
        return False
    given = [np.full(s.shape, i not in moving, s.dtype) for i, s in enumerate(spaces)]
    try:
        with np.errstate(all="ignore"):
            return not np.any(op.evaluate(*given, **dict(params)))
    except np.linalg.LinAlgError:
        return True


def _zero(space: Space) -> Any:
    return tuple(map(_zero, space.parts)) if isinstance(space, Product) else NOTHING
