"""Laws of layout: what is moved twice is moved once, what is repeated is computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cats.ir.primitive import Primitive
from cats.ir.prims import VOCABULARY
from cats.ir.prims.algebra import mul
from cats.ir.prims.contraction import contract, parts_of
from cats.ir.prims.indexing import Key, composed, index
from cats.ir.prims.layout import Axes, broadcast, convert, reshape, sum, transpose
from cats.ir.rewrite import Rule, rule
from cats.ir.spaces import Shape, Value
from cats.ir.wire import Wire


@rule(
    "x: R[s]",
    lambda x: (reshape(reshape(x, shape=(1, *x.space.shape)), shape=x.space.shape), x),
    head=reshape,
)
def reshape_back(x: Wire, *, shape: Shape) -> Value | None:
    """A reshape to the shape one has, also after another reshape, does nothing."""
    inner = x.made_by(reshape)
    if inner is None:
        return x if x.space.shape == shape else None
    return inner[0] if inner[0].space.shape == shape else reshape(inner[0], shape=shape)


def _first_rows(x: Wire) -> Key:
    """A key that reads a part of an array with axes, all of a number."""
    return ((None, None, 2),) if x.space.shape else ()


@rule(
    "x: R[s]",
    lambda x: (
        index(index(x, key=_first_rows(x)), key=_first_rows(x)),
        index(x, key=composed(_first_rows(x), _first_rows(x), x.space.shape)),
    ),
    head=index,
)
def index_twice(x: Wire, *, key: Key) -> Value | None:
    """What is read from what was read is read at once; what is all of it is itself."""
    if not key:
        return x
    step, inner = x.step, x.made_by(index)
    if step is None or inner is None:
        return None
    return index(inner[0], key=composed(dict(step.params)["key"], key, inner[0].space.shape))


def _turn(x: Wire, axes: Axes) -> Value:
    return transpose(x, axes=axes)


def _reversed(x: Wire) -> Axes:
    return tuple(reversed(range(len(x.space.shape))))


@rule("x: R[s]", lambda x: (_turn(_turn(x, _reversed(x)), _reversed(x)), x), head=transpose)
def transpose_back(x: Wire, *, axes: Axes) -> Value | None:
    """Two transposes are one; one that keeps the order is none."""
    step, inner = x.step, x.made_by(transpose)
    if step is None or inner is None:
        return x if axes == tuple(range(len(axes))) else None
    before = dict(step.params)["axes"]
    together = tuple(before[a] for a in axes)
    return inner[0] if together == tuple(range(len(axes))) else _turn(inner[0], together)


def _repeat(x: Wire, *front: int) -> Value:
    shape = (*front, *x.space.shape)
    return broadcast(x, shape=shape, axes=tuple(range(len(front), len(shape))))


@rule("x: R[s]", lambda x: (_repeat(_repeat(x, 2), 3), _repeat(x, 3, 2)), head=broadcast)
def broadcast_twice(x: Wire, *, shape: Shape, axes: Axes) -> Value | None:
    """Two broadcasts are one; one to the same shape is none."""
    if x.space.shape == shape:
        return x
    step, inner = x.step, x.made_by(broadcast)
    if step is None or inner is None:
        return None
    before = dict(step.params)["axes"]
    return broadcast(inner[0], shape=shape, axes=tuple(axes[a] for a in before))


@rule("x: R[s]", lambda x: (sum(x, axes=()), x), head=sum)
def sum_nothing(x: Wire, *, axes: Axes) -> Value | None:
    """A sum over no axis does nothing."""
    return x if not axes else None


@rule("x: R[s]", lambda x: (convert(x, dtype=x.space.dtype), x), head=convert)
def convert_same(x: Wire, *, dtype: str) -> Value | None:
    """A conversion to the width one has does nothing."""
    return x if x.space.dtype == dtype else None


def _times(c: Wire, x: Wire) -> Value:
    letters = "abcdefgh"[: len(x.space.shape)]
    return contract(c, x, spec=f",{letters}->{letters}")


def _scaled(c: Wire, x: Wire) -> Value:
    return mul(broadcast(c, shape=x.space.shape, axes=()), x)


@rule("c: R, x: R[s]", lambda c, x: (_times(c, x), _scaled(c, x)), head=contract)
def contract_number(*xs: Wire, spec: str) -> Value | None:
    """A product with a number that sums nothing is an entrywise product, and maybe a transpose."""
    operands, out = parts_of(spec)
    if len(xs) != 2 or "" not in operands:
        return None
    number = operands.index("")
    names, x = operands[1 - number], xs[1 - number]
    if sorted(names) != sorted(out):
        return None
    return _scaled(xs[number], x if names == out else _turn(x, tuple(names.index(c) for c in out)))


def _repeated(op: Primitive) -> Callable[..., Value | None]:
    """op(broadcast x, broadcast y) = broadcast(op(x, y)): computed once, then repeated."""

    def step(*xs: Wire, **params: Any) -> Value | None:
        common: tuple[Shape, Axes] | None = None
        inner: list[Wire] = []
        for x in xs:
            made = x.made_by(broadcast)
            if made is None or x.step is None:
                return None
            known = dict(x.step.params)
            if made[0].space.shape or common is None:
                if common is not None and common[1] and common != (known["shape"], known["axes"]):
                    return None
                common = (known["shape"], known["axes"])
            inner.append(made[0])
        if common is None:
            return None
        small = next((w.space.shape for w in inner if w.space.shape), ())
        aligned = [
            w if w.space.shape == small else broadcast(w, shape=small, axes=()) for w in inner
        ]
        return broadcast(op(*aligned, **params), shape=common[0], axes=common[1])

    return step


def _sides(op: Primitive, params: dict[str, Any]) -> Callable[..., tuple[Any, Any]]:
    def sides(*xs: Wire) -> tuple[Any, Any]:
        return op(*[_repeat(x, 4) for x in xs], **params), _repeat(op(*xs, **params), 4)

    return sides


def _letters(op: Primitive) -> str:
    """A letter for each argument, in the space tests use."""
    if op.examples and not op.meaning.startswith("x ** n"):
        kinds = ["Bool" if s.dtype == "bool" else "R" for s in op.examples[0].spaces]
    else:
        kinds = ["R"] * len(op.domain)
    return ", ".join(f"{'xyz'[i]}: {kind}[s]" for i, kind in enumerate(kinds))


REPEATED = tuple(
    Rule(
        f"{op.name}_repeated",
        _letters(op),
        _sides(op, dict(op.examples[0].params) if op.examples else {}),
        _repeated(op),
        True,
        op,
    )
    for op in VOCABULARY
    if op.elementwise
)

RULES: tuple[Rule, ...] = (
    reshape_back,
    index_twice,
    transpose_back,
    broadcast_twice,
    sum_nothing,
    convert_same,
    contract_number,
    *REPEATED,
)
