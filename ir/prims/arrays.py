"""Reductions and running operations along axes: max, min, prod, cumsum, cumprod, recurrence.

Ties of max and min share the derivative equally. prod and cumprod never divide, so a zero
among the factors costs nothing: their derivative is a first-order linear recurrence.
"""

from __future__ import annotations

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Leaf, Linear, Then
from cats.ir.literals import literal
from cats.ir.primitive import Example, Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import ANY, div, mul, slope
from cats.ir.prims.choice import equal, greater, keep, keeping, logical_and
from cats.ir.prims.layout import (
    Axes,
    _sum_space,
    added_mask,
    all_led,
    axis_text,
    broadcast,
    convert,
    extend,
    moved,
    moved_mask,
    new_axes,
    reals,
    reduced_work,
    relabel,
    sum,
)
from cats.ir.spaces import Ground, Shape, Value, size, space_of

# max and min


def _extreme_space(x: Ground, *, axes: Axes) -> Ground:
    out = _sum_space(x, axes=axes)
    if any(x.shape[a] == 0 for a in axes):
        raise SpaceError(
            f"the largest or smallest entry of {x} along {axis_text(axes)}: there is none",
            remedy="Check that the array is not empty before reducing it.",
        )
    return out


def _reached(x: Value, out: Value, axes: Axes) -> tuple[Value, Value]:
    """Which entries are the extreme one, and how many along the axes."""
    space = space_of(x)
    kept = new_axes(space.shape, axes)
    mask = equal(x, broadcast(out, shape=space.shape, axes=kept))
    return mask, sum(convert(mask, dtype=space.dtype), axes=axes)


def _extreme_rule(x: Value, *, out: Value, axes: Axes) -> Linear:
    space, end = space_of(x), space_of(out)
    mask, ties = _reached(x, out, axes)
    add_up = leaf_of(sum, 0, (), space, end, axes=axes)
    return Then(Then(keeping(mask, x), add_up), leaf_of(div, 0, (ties,), end, end))


def _extreme(name: str) -> Primitive:
    def ties(x: Value, *, axes: Axes) -> Value:
        mask, count = _reached(x, op(x, axes=axes), axes)
        shape = space_of(x).shape
        several = broadcast(greater(count, 1.0), shape=shape, axes=new_axes(shape, axes))
        return logical_and(mask, several)

    op = Primitive(
        name,
        lambda x, *, axes: f"np.{name}({x}, {axis_text(axes)})",
        _extreme_space,
        linearise=_extreme_rule,
        kinks=ties,
        work=reduced_work,
        home=__name__,
        examples=(
            Example(reals((3,)), (("axes", (0,)),)),
            Example(reals((2, 3)), (("axes", (0,)),)),
            Example(reals((2, 3)), (("axes", (0, 1)),)),
        ),
        batch=lambda x, *, batched, axes: op(x, axes=moved(axes)),
    )
    return op


max = _extreme("max")
min = _extreme("min")

# Running sums and products


def _along(x: Ground, *, axis: int) -> Ground:
    if not 0 <= axis < len(x.shape):
        raise SpaceError(f"{axis} is not an axis of {x}")
    return x


_RUNNING = (
    Example(reals((4,)), (("axis", 0),)),
    Example(reals((2, 3)), (("axis", 1),)),
    Example(reals((3, 2)), (("axis", 0),)),
)


def _flipped_adjoint(leaf: Leaf) -> Leaf:
    """cumsum and its transpose, the sum from the right."""
    params = dict(leaf.params)
    return relabel(leaf, leaf.cod, leaf.dom, reverse=not params["reverse"])


def _cumsum_text(x: str, *, axis: int, reverse: bool) -> str:
    if not reverse:
        return f"np.cumsum({x}, axis={axis})"
    return f"np.flip(np.cumsum(np.flip({x}, {axis}), axis={axis}), {axis})"


cumsum: Primitive = Primitive(
    "cumsum",
    _cumsum_text,
    lambda x, *, axis, reverse: _along(x, axis=axis),
    linear=Linearity(
        (0,),
        _flipped_adjoint,
        lambda f, extra: relabel(f, extend(f.dom, extra), extend(f.cod, extra)),
        masked=added_mask,
    ),
    linearise=lambda x, *, out, axis, reverse: leaf_of(
        cumsum, 0, (), space_of(x), space_of(out), axis=axis, reverse=reverse
    ),
    examples=tuple(
        Example(e.spaces, (*e.params, ("reverse", r))) for e in _RUNNING for r in (False, True)
    ),
    batch=lambda x, *, batched, axis, reverse: cumsum(x, axis=axis + 1, reverse=reverse),
)


def _shift_text(x: str, *, axis: int, reverse: bool, fill: float) -> str:
    return f"shifted({x}, {axis}, {reverse}, {literal(fill)})"


def _shift_rule(x: Value, *, out: Value, axis: int, reverse: bool, fill: float) -> Linear:
    space = space_of(x)
    return leaf_of(shift, 0, (), space, space, axis=axis, reverse=reverse, fill=0.0)


shift: Primitive = Primitive(
    "shift",
    _shift_text,
    lambda x, *, axis, reverse, fill: _along(x, axis=axis),
    work=lambda spaces, out, params: 0,
    linear=Linearity(
        (0,),
        _flipped_adjoint,
        lambda f, extra: relabel(f, extend(f.dom, extra), extend(f.cod, extra)),
        masked=moved_mask,
    ),
    linearise=_shift_rule,
    batch=lambda x, *, batched, axis, reverse, fill: shift(
        x, axis=axis + 1, reverse=reverse, fill=fill
    ),
    examples=tuple(
        Example(e.spaces, (*e.params, ("fill", 0.0), ("reverse", r)))
        for e in _RUNNING
        for r in (False, True)
    ),
    helpers='''
def shifted(x, axis, reverse, fill):
    """The entries of x moved one place along the axis, `fill` entering at the end."""
    n = x.shape[axis]
    kept = np.take(x, range(1, n) if reverse else range(n - 1), axis)
    edge = np.full_like(np.take(x, range(n and 1), axis), fill)
    return np.concatenate([kept, edge] if reverse else [edge, kept], axis)
''',
)


def _recurrence_text(a: str, b: str, *, axis: int, ahead: bool, reverse: bool) -> str:
    return f"recurrence({a}, {b}, {axis}, {ahead}, {reverse})"


def _recurrence_space(a: Ground, b: Ground, *, axis: int, ahead: bool, reverse: bool) -> Ground:
    if a != b:
        raise SpaceError(f"recurrence of different spaces: {a} and {b}")
    return _along(b, axis=axis)


def _recurrence_rule(
    a: Value, b: Value, *, out: Value, axis: int, ahead: bool, reverse: bool
) -> Linear:
    space = space_of(b)
    run = leaf_of(recurrence, 1, (a,), space, space, axis=axis, ahead=ahead, reverse=reverse)
    if ahead:
        move = leaf_of(shift, 0, (), space, space, axis=axis, reverse=reverse, fill=0.0)
        return Join((Then(Then(slope(out, a), move), run), run))
    before = shift(out, axis=axis, reverse=reverse, fill=0.0)
    return Join((Then(slope(before, a), run), run))


def _recurrence_adjoint(leaf: Leaf) -> Leaf:
    params = dict(leaf.params)
    return relabel(
        leaf, leaf.cod, leaf.dom, ahead=not params["ahead"], reverse=not params["reverse"]
    )


def _recurrence_lift(leaf: Leaf, extra: Shape) -> Leaf:
    (a,) = leaf.fixed
    shape = space_of(a).shape
    wide = broadcast(a, shape=(*shape, *extra), axes=tuple(range(len(shape))))
    return relabel(leaf, extend(leaf.dom, extra), extend(leaf.cod, extra)).with_fixed((wide,))


def _recurrence_masked(leaf: Leaf, mask: Value) -> tuple[Leaf, Value]:
    """Where an entry at or before this one may be other than zero; a[i] meets what came before."""
    params, (a,) = dict(leaf.params), leaf.fixed
    here = {"axis": params["axis"], "reverse": params["reverse"]}
    reached = convert(cumsum(convert(mask, dtype="float64"), **here), dtype="bool")
    before = reached if params["ahead"] else shift(reached, fill=0.0, **here)
    return leaf.with_fixed((keep(before, a),)), reached


recurrence: Primitive = Primitive(
    "recurrence",
    _recurrence_text,
    _recurrence_space,
    work=lambda spaces, out, params: 2 * size(out),
    linear=Linearity((1,), _recurrence_adjoint, _recurrence_lift, masked=_recurrence_masked),
    linearise=_recurrence_rule,
    batch=lambda *args, batched, axis, ahead, reverse: recurrence(
        *all_led(args, batched), axis=axis + 1, ahead=ahead, reverse=reverse
    ),
    domain=(ANY, ANY),
    examples=tuple(
        Example(e.spaces * 2, (("ahead", ahead), *e.params, ("reverse", reverse)))
        for e in _RUNNING
        for ahead in (False, True)
        for reverse in (False, True)
    ),
    helpers='''
def recurrence(a, b, axis, ahead, reverse):
    """y[i] = c * y[i - 1] + b[i] along the axis, or from the other end; c is a[i], or a[i - 1]."""
    by, term = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    y, step = np.array(term, np.result_type(a, b)), -1 if reverse else 1
    for i in range(len(term))[::step][1:]:
        np.add(by[i - step if ahead else i] * y[i - step], term[i], out=y[i, ...])
    return np.moveaxis(y, 0, axis)
''',
)


def _cumprod_rule(x: Value, *, out: Value, axis: int) -> Linear:
    space = space_of(x)
    before = shift(out, axis=axis, reverse=False, fill=1.0)
    run = leaf_of(recurrence, 1, (x,), space, space, axis=axis, ahead=False, reverse=False)
    return Then(slope(before, x), run)


cumprod: Primitive = Primitive(
    "cumprod",
    lambda x, *, axis: f"np.cumprod({x}, axis={axis})",
    lambda x, *, axis: _along(x, axis=axis),
    linearise=_cumprod_rule,
    batch=lambda x, *, batched, axis: cumprod(x, axis=axis + 1),
    examples=_RUNNING,
)


def _others(x: Value, axis: int) -> Value:
    """At each place the product of all other entries: what comes before times what comes after."""
    space = space_of(x)
    before = shift(cumprod(x, axis=axis), axis=axis, reverse=False, fill=1.0)
    ahead = shift(x, axis=axis, reverse=True, fill=1.0)
    after = cumprod_back(ahead, axis=axis)
    return mul(before, after) if size(space) else before


def _prod_rule(x: Value, *, out: Value, axis: int) -> Linear:
    add_up = leaf_of(sum, 0, (), space_of(x), space_of(out), axes=(axis,))
    return Then(slope(_others(x, axis), x), add_up)


def _prod_space(x: Ground, *, axis: int) -> Ground:
    return _sum_space(x, axes=(axis,))


def _cumprod_back_rule(x: Value, *, out: Value, axis: int) -> Linear:
    space = space_of(x)
    before = shift(out, axis=axis, reverse=True, fill=1.0)
    run = leaf_of(recurrence, 1, (x,), space, space, axis=axis, ahead=False, reverse=True)
    return Then(slope(before, x), run)


cumprod_back: Primitive = Primitive(
    "cumprod_back",
    lambda x, *, axis: f"np.flip(np.cumprod(np.flip({x}, {axis}), axis={axis}), {axis})",
    lambda x, *, axis: _along(x, axis=axis),
    linearise=_cumprod_back_rule,
    batch=lambda x, *, batched, axis: cumprod_back(x, axis=axis + 1),
    examples=_RUNNING,
)

prod: Primitive = Primitive(
    "prod",
    lambda x, *, axis: f"np.prod({x}, axis={axis})",
    _prod_space,
    linearise=_prod_rule,
    batch=lambda x, *, batched, axis: prod(x, axis=axis + 1),
    work=reduced_work,
    examples=_RUNNING,
)

FAMILY = (max, min, cumsum, shift, recurrence, cumprod, cumprod_back, prod)
