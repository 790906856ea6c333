"""Arrays joined along an axis."""

from __future__ import annotations

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Linear
from cats.ir.primitive import Example, Primitive, free
from cats.ir.prims.indexing import Key, scattered
from cats.ir.prims.layout import all_led, reals, with_shape
from cats.ir.spaces import Ground, Shape, Value, space_of


def _concatenate_space(*xs: Ground, axis: int) -> Ground:
    first = xs[0]
    for x in xs:
        same_rank = len(x.shape) == len(first.shape) and 0 <= axis < len(x.shape)
        if not same_rank or with_shape(x, _dropped(x, axis)) != with_shape(
            first, _dropped(first, axis)
        ):
            raise SpaceError(f"cannot join {', '.join(map(str, xs))} along axis {axis}")
    total = 0
    for x in xs:
        total += x.shape[axis]
    return with_shape(first, (*first.shape[:axis], total, *first.shape[axis + 1 :]))


def _dropped(x: Ground, axis: int) -> Shape:
    return x.shape[:axis] + x.shape[axis + 1 :]


def _concatenate_rule(*xs: Value, out: Value, axis: int) -> Linear:
    end, start = space_of(out), 0
    parts: list[Linear] = []
    for x in xs:
        space = space_of(x)
        stop = start + space.shape[axis]
        key: Key = (*((None, None, None),) * axis, (start, stop, None))
        parts.append(scattered(key, (), space, end))
        start = stop
    return Join(tuple(parts)) if len(parts) > 1 else parts[0]


concatenate: Primitive = Primitive(
    "concatenate",
    lambda *xs, axis: f"np.concatenate([{', '.join(xs)}]{f', axis={axis}' if axis else ''})",
    _concatenate_space,
    work=free,
    linearise=_concatenate_rule,
    batch=lambda *xs, batched, axis: concatenate(*all_led(xs, batched), axis=axis + 1),
    examples=(
        Example(reals((2,), (3,)), (("axis", 0),)),
        Example(reals((2, 1), (2, 3)), (("axis", 1),)),
        Example(reals((0,), (2,)), (("axis", 0),)),
    ),
)

FAMILY = (concatenate,)
