"""Constants, and operations that only move entries: reshape, transpose, broadcast; and sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cats.ir.constant import Constant
from cats.ir.errors import SpaceError
from cats.ir.linear import Leaf, Linear, Zero
from cats.ir.primitive import Example, Linearity, Primitive, free, leaf_of
from cats.ir.spaces import (
    ANY,
    Discrete,
    Ground,
    Real,
    Shape,
    Space,
    Value,
    ground,
    size,
    space_of,
    tangent,
)

Axes = tuple[int, ...]


def with_shape(space: Space, shape: Shape) -> Ground:
    """The ground space of the same numbers in another shape."""
    if not isinstance(space, Real | Discrete):
        raise SpaceError(f"{space} is not a space of arrays")
    return type(space)(shape, space.dtype)


def extend(space: Space, extra: Shape) -> Ground:
    """The space with more trailing axes."""
    ground = with_shape(space, ())
    return with_shape(ground, (*space.shape, *extra))  # type: ignore[union-attr]


def relabel(leaf: Leaf, dom: Space, cod: Space, **params: Any) -> Leaf:
    """The leaf with other ends and some parameters changed."""
    merged = {**dict(leaf.params), **params}
    return Leaf(leaf.op, leaf.slot, leaf.fixed, tuple(sorted(merged.items())), dom, cod)


def same_map(leaf: Leaf, extra: Shape) -> Leaf:
    """Lift for operations whose parameters speak of leading axes only."""
    return relabel(leaf, extend(leaf.dom, extra), extend(leaf.cod, extra))


def moved_mask(leaf: Leaf, mask: Value) -> tuple[Leaf, Value]:
    """Masked, for operations that move entries or repeat them: the mask is moved the same way."""
    return leaf, leaf.op.apply(leaf, mask)


def added_mask(leaf: Leaf, mask: Value) -> tuple[Leaf, Value]:
    """Masked, for operations that add entries: a sum may be other than zero where a term may."""
    return leaf, convert(leaf.op.apply(leaf, convert(mask, dtype="float64")), dtype="bool")


def reals(*shapes: Shape) -> tuple[Real, ...]:
    """Spaces of real arrays, for examples."""
    return tuple(Real(s) for s in shapes)


# One more leading axis


def moved(axes: Axes) -> Axes:
    """The axes where there is one more before them."""
    return tuple([a + 1 for a in axes])


def count_of(args: Sequence[Value], batched: Sequence[bool]) -> int:
    """The length of the leading axis that the batched arguments have."""
    shapes = [space_of(a).shape for a, has in zip(args, batched, strict=True) if has]
    return int(shapes[0][0])


def led(x: Value, count: int) -> Value:
    """The value repeated along a new leading axis."""
    shape = space_of(x).shape
    return broadcast(x, shape=(count, *shape), axes=tuple(range(1, len(shape) + 1)))


def all_led(args: Sequence[Value], batched: Sequence[bool]) -> list[Value]:
    """Every argument with the leading axis that the batched ones have."""
    count = count_of(args, batched)
    return [a if has else led(a, count) for a, has in zip(args, batched, strict=True)]


# Constants


def _const_space(*, value: Constant) -> Ground:
    return value.space


const = Primitive(
    "const",
    "{value}",
    _const_space,
    work=free,
    examples=(
        Example((), (("value", Constant(2.5)),)),
        Example((), (("value", Constant(np.arange(6.0).reshape(2, 3))),)),
    ),
)


def constant(value: Value) -> Constant:
    """The parameter of `const` for a value."""
    return value if isinstance(value, Constant) else Constant(value)


# Reshape


def _reshape_space(x: Ground, *, shape: Shape) -> Ground:
    target = with_shape(x, shape)
    if size(target) != size(x):
        raise SpaceError(f"cannot reshape {x} to {target}: {size(x)} entries, not {size(target)}")
    return target


reshape: Primitive = Primitive(
    "reshape",
    lambda x, *, shape: f"np.reshape({x}, {shape})" + ("" if shape else "[()]"),
    _reshape_space,
    work=free,
    linear=Linearity(
        (0,),
        adjoint=lambda f: relabel(f, f.cod, f.dom, shape=f.dom.shape),  # type: ignore[union-attr]
        lift=lambda f, extra: relabel(
            f, extend(f.dom, extra), extend(f.cod, extra), shape=extend(f.cod, extra).shape
        ),
        structure="permutation",
        masked=moved_mask,
    ),
    linearise=lambda x, *, out, shape: leaf_of(
        reshape, 0, (), space_of(x), space_of(out), shape=shape
    ),
    examples=(
        Example(reals((2, 3)), (("shape", (3, 2)),)),
        Example(reals((1,)), (("shape", ()),)),
        Example(reals((0, 2)), (("shape", (0,)),)),
    ),
    batch=lambda x, *, batched, shape: reshape(x, shape=(space_of(x).shape[0], *shape)),
)


# Transpose


def _transpose_space(x: Ground, *, axes: Axes) -> Ground:
    if sorted(axes) != list(range(len(x.shape))):
        raise SpaceError(f"{axes} is not an order of the axes of {x}")
    return with_shape(x, tuple(x.shape[a] for a in axes))


def _inverse(axes: Axes) -> Axes:
    return tuple(int(i) for i in np.argsort(axes))


def _transpose_text(x: str, *, axes: Axes) -> str:
    return f"{x}.T" if axes == tuple(reversed(range(len(axes)))) else f"{x}.transpose({axes})"


transpose: Primitive = Primitive(
    "transpose",
    _transpose_text,
    _transpose_space,
    work=free,
    linear=Linearity(
        (0,),
        adjoint=lambda f: relabel(f, f.cod, f.dom, axes=_inverse(dict(f.params)["axes"])),
        lift=lambda f, extra: relabel(
            f,
            extend(f.dom, extra),
            extend(f.cod, extra),
            axes=(*dict(f.params)["axes"], *range(len(f.cod.shape), len(f.cod.shape) + len(extra))),  # type: ignore[union-attr]
        ),
        structure="permutation",
        masked=moved_mask,
    ),
    linearise=lambda x, *, out, axes: leaf_of(
        transpose, 0, (), space_of(x), space_of(out), axes=axes
    ),
    examples=(
        Example(reals((2, 3)), (("axes", (1, 0)),)),
        Example(reals((2, 3, 4)), (("axes", (1, 2, 0)),)),
    ),
    batch=lambda x, *, batched, axes: transpose(x, axes=(0, *moved(axes))),
)


# Broadcast and sum


def _broadcast_space(x: Ground, *, shape: Shape, axes: Axes) -> Ground:
    fits = len(axes) == len(x.shape) and all(
        a < len(shape) and shape[a] == n for a, n in zip(axes, x.shape, strict=True)
    )
    open_ended = any(n == ANY and i not in axes for i, n in enumerate(shape))
    if not fits or open_ended or list(axes) != sorted(set(axes)) or min(axes, default=0) < 0:
        raise SpaceError(f"cannot place the axes of {x} at {axes} of shape {shape}")
    return with_shape(x, shape)


def new_axes(shape: Shape, axes: Axes) -> Axes:
    """The axes of `shape` that are not among `axes`."""
    return tuple(i for i in range(len(shape)) if i not in axes)


def spread_text(x: str, *, shape: Shape, axes: Axes) -> str:
    """The operand with length-1 axes where it is to be repeated, ready for NumPy to broadcast."""
    rank, count = len(shape), len(axes)
    if axes == tuple(range(rank - count, rank)):
        return x
    marks = ", ".join(":" if i in axes else "None" for i in range(axes[0], rank))
    return f"{x}[{marks}]"


def _broadcast_text(x: str, *, shape: Shape, axes: Axes) -> str:
    ends: Shape | str = shape
    if ANY in shape:
        said = [f"{x}.shape[{axes.index(i)}]" if n == ANY else str(n) for i, n in enumerate(shape)]
        ends = f"({', '.join(said)})"
    return f"np.broadcast_to({spread_text(x, shape=shape, axes=axes)}, {ends})"


broadcast: Primitive = Primitive(
    "broadcast",
    _broadcast_text,
    _broadcast_space,
    work=free,
    linear=Linearity(
        (0,),
        adjoint=lambda f: leaf_of(
            sum, 0, (), f.cod, f.dom, axes=new_axes(dict(f.params)["shape"], dict(f.params)["axes"])
        ),
        lift=lambda f, extra: relabel(
            f,
            extend(f.dom, extra),
            extend(f.cod, extra),
            shape=extend(f.cod, extra).shape,
            axes=(*dict(f.params)["axes"], *range(len(f.cod.shape), len(f.cod.shape) + len(extra))),  # type: ignore[union-attr]
        ),
        masked=moved_mask,
    ),
    linearise=lambda x, *, out, shape, axes: leaf_of(
        broadcast, 0, (), space_of(x), space_of(out), shape=shape, axes=axes
    ),
    examples=(
        Example(reals(()), (("axes", ()), ("shape", (3,)))),
        Example(reals((2,)), (("axes", (0,)), ("shape", (2, 3)))),
        Example(reals((3,)), (("axes", (1,)), ("shape", (2, 3)))),
        Example(reals((2, 4)), (("axes", (0, 2)), ("shape", (2, 3, 4)))),
    ),
    batch=lambda x, *, batched, shape, axes: broadcast(
        x, shape=(space_of(x).shape[0], *shape), axes=(0, *moved(axes))
    ),
)


def _sum_space(x: Ground, *, axes: Axes) -> Ground:
    if list(axes) != sorted(set(axes)) or any(not 0 <= a < len(x.shape) for a in axes):
        raise SpaceError(f"{axes} are not axes of {x}")
    return with_shape(x, tuple(x.shape[i] for i in new_axes(x.shape, axes)))


def axis_text(axes: Axes, rank: int | None = None) -> str:
    """The `axis=` argument for a reduction."""
    return f"axis={axes[0] if len(axes) == 1 else axes}"


def reduced_work(spaces: Any, out: Space, params: dict[str, Any]) -> int:
    """Work of a reduction: one operation for each entry that disappears."""
    return max(size(spaces[0]) - size(out), 0)


sum: Primitive = Primitive(
    "sum",
    lambda x, *, axes: f"np.sum({x}, {axis_text(axes)})" if axes else x,
    _sum_space,
    work=reduced_work,
    linear=Linearity(
        (0,),
        adjoint=lambda f: leaf_of(
            broadcast,
            0,
            (),
            f.cod,
            f.dom,
            shape=f.dom.shape,  # type: ignore[union-attr]
            axes=new_axes(f.dom.shape, dict(f.params)["axes"]),  # type: ignore[union-attr]
        ),
        lift=same_map,
        masked=added_mask,
    ),
    linearise=lambda x, *, out, axes: leaf_of(sum, 0, (), space_of(x), space_of(out), axes=axes),
    examples=(
        Example(reals((3,)), (("axes", (0,)),)),
        Example(reals((2, 3)), (("axes", (1,)),)),
        Example(reals((2, 3, 2)), (("axes", (0, 2)),)),
        Example(reals((0,)), (("axes", (0,)),)),
    ),
    batch=lambda x, *, batched, axes: sum(x, axes=moved(axes)),
)


# Change of width


def _convert_space(x: Ground, *, dtype: str) -> Ground:
    found = ground(x.shape, np.dtype(dtype))
    if found.dtype != dtype:
        raise SpaceError(f"{dtype!r} is no dtype of cats by its name, which may be {found.dtype!r}")
    return found


def _convert_rule(x: Value, *, out: Value, dtype: str) -> Linear:
    from_, to = space_of(x), space_of(out)
    if isinstance(from_, Discrete) or isinstance(to, Discrete):
        return Zero(tangent(from_), tangent(to))
    return leaf_of(convert, 0, (), from_, to, dtype=dtype)


convert: Primitive = Primitive(
    "convert",
    lambda x, *, dtype: f"np.{dtype}({x})",
    _convert_space,
    work=free,
    linear=Linearity(
        (0,),
        adjoint=lambda f: relabel(f, f.cod, f.dom, dtype=f.dom.dtype),  # type: ignore[union-attr]
        lift=same_map,
        structure="permutation",
        masked=lambda f, mask: (f, mask),
    ),
    linearise=_convert_rule,
    examples=(
        Example((Real((3,), "float32"),), (("dtype", "float64"),)),
        Example((Discrete((3,), "int64"),), (("dtype", "float64"),)),
        Example((Discrete((2,), "bool"),), (("dtype", "float64"),)),
    ),
    batch=lambda x, *, batched, dtype: convert(x, dtype=dtype),
)

# A value that does not vary

stop: Primitive = Primitive(
    "stop",
    "{0}",
    lambda x: x,
    meaning="x",
    work=free,
    linearise=lambda x, *, out: Zero(tangent(space_of(x)), tangent(space_of(out))),
    examples=(Example(reals(())), Example(reals((2, 3)))),
    batch=lambda x, *, batched: stop(x),
)

FAMILY = (stop, const, reshape, transpose, broadcast, sum, convert)
