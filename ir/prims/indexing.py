"""Reading entries and putting them back: index, gather, their adjoint accumulate, concatenate.

A key of `index` has one item per leading axis: a number, or (start, stop, step).
`accumulate` adds many pieces into one array of zeros in a single pass, so that the gradient of
n indexed reads costs O(n).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Leaf, Linear, Zero
from cats.ir.primitive import Domain, Example, Linearity, Primitive, free, leaf_of
from cats.ir.prims.layout import (
    convert,
    extend,
    moved_mask,
    reals,
    relabel,
    same_map,
    with_shape,
)
from cats.ir.spaces import UNIT, Discrete, Ground, Real, Shape, Space, Value, size, space_of

Item = int | tuple[int | None, int | None, int | None]
Key = tuple[Item, ...]


def key_text(key: Key) -> str:
    """The key as one writes it between brackets."""
    return ", ".join(_slice_text(*k) if isinstance(k, tuple) else str(k) for k in key)


def _slice_text(start: int | None, stop: int | None, step: int | None) -> str:
    text = f"{'' if start is None else start}:{'' if stop is None else stop}"
    return text if step is None else f"{text}:{step}"


def _index_space(x: Ground, *, key: Key) -> Ground:
    if len(key) > len(x.shape):
        raise SpaceError(f"[{key_text(key)}] has {len(key)} indices, {x} has {len(x.shape)} axes")
    shape: list[int] = []
    for n, item in zip(x.shape, key, strict=False):
        if isinstance(item, tuple):
            shape.append(len(range(*slice(*item).indices(n))))
        elif not -n <= item < n:
            raise SpaceError(f"index {item} is out of bounds for an axis of length {n}")
    return with_shape(x, (*shape, *x.shape[len(key) :]))


def _put(key: Key, dom: Space, cod: Space) -> Leaf:
    """The leaf that writes into zeros at the key."""
    return leaf_of(accumulate, 0, (), dom, cod, shape=cod.shape, dtype=cod.dtype, targets=(key,))  # type: ignore[union-attr]


index: Primitive = Primitive(
    "index",
    lambda x, *, key: f"{x}[{key_text(key)}]",
    _index_space,
    work=free,
    linear=Linearity(
        (0,), lambda f: _put(dict(f.params)["key"], f.cod, f.dom), same_map, masked=moved_mask
    ),
    linearise=lambda x, *, out, key: leaf_of(index, 0, (), space_of(x), space_of(out), key=key),
    examples=(
        Example(reals((3,)), (("key", (1,)),)),
        Example(reals((4, 3)), (("key", ((None, None, 2), -1)),)),
        Example(reals((4, 3)), (("key", ((3, None, -1),)),)),
        Example(reals((4, 3)), (("key", ((1, 1, None),)),)),
    ),
)


def _gather_space(x: Ground, *indices: Ground) -> Ground:
    if len(indices) > len(x.shape):
        raise SpaceError(f"{len(indices)} index arrays for the {len(x.shape)} axes of {x}")
    if any(not isinstance(i, Discrete) or i.dtype == "bool" for i in indices):
        raise SpaceError(f"indices must be integers, got {', '.join(map(str, indices))}")
    if any(i.shape != indices[0].shape for i in indices):
        raise SpaceError(f"index arrays of different shapes: {', '.join(map(str, indices))}")
    return with_shape(x, (*indices[0].shape, *x.shape[len(indices) :]))


def _scatter(leaf: Leaf) -> Leaf:
    cod: Any = leaf.dom
    params = {"shape": cod.shape, "dtype": cod.dtype, "targets": (len(leaf.fixed),)}
    return leaf_of(accumulate, 0, leaf.fixed, leaf.cod, cod, **params)


_INT3 = Discrete((3,))

gather: Primitive = Primitive(
    "gather",
    lambda x, *indices: f"{x}[{', '.join(indices)}]",
    _gather_space,
    work=free,
    linear=Linearity((0,), _scatter, same_map, masked=moved_mask),
    linearise=lambda x, *indices, out: Join(
        (leaf_of(gather, 0, indices, space_of(x), space_of(out)), *_no_tangent(indices, out))
    ),
    domain=(Domain(), Domain(-2, 2), Domain(-2, 2)),
    examples=(
        Example((Real((4,)), _INT3)),
        Example((Real((4, 2)), _INT3)),
        Example((Real((4, 3)), _INT3, _INT3)),
        Example((Real((4,)), Discrete(()))),
    ),
)


def _no_tangent(indices: Sequence[Value], out: Value) -> tuple[Linear, ...]:
    return tuple(Zero(UNIT, space_of(out)) for _ in indices)


Target = Key | int
"""Where a piece goes: a key, or so many index arrays."""


def _pieces(args: Sequence[Any], targets: tuple[Target, ...]) -> list[tuple[Any, tuple[Any, ...]]]:
    """Each value with its index arrays."""
    rest = iter(args[len(targets) :])
    return [
        (value, tuple(next(rest) for _ in range(t)) if isinstance(t, int) else ())
        for value, t in zip(args[: len(targets)], targets, strict=True)
    ]


def _accumulate_space(
    *args: Ground, shape: Shape, dtype: str, targets: tuple[Target, ...]
) -> Ground:
    out = Real(shape, dtype)
    for (value, indices), target in zip(_pieces(args, targets), targets, strict=True):
        place = (
            _gather_space(out, *indices)
            if isinstance(target, int)
            else _index_space(out, key=target)
        )
        if value != place:
            raise SpaceError(f"a piece in {value} does not fit where {place} is asked")
    return out


def _accumulate_text(*args: str, shape: Shape, dtype: str, targets: tuple[Target, ...]) -> str:
    parts = [
        f"(({', '.join(indices)},), {value})"
        if isinstance(target, int)
        else f"(np.s_[{key_text(target)}{', ' if target else ''}...], {value})"
        for (value, indices), target in zip(_pieces(args, targets), targets, strict=True)
    ]
    return f"accumulated({shape}, np.{dtype}, {', '.join(parts)})"


def _accumulate_rule(
    *args: Value, out: Value, shape: Shape, dtype: str, targets: tuple[Target, ...]
) -> Linear:
    space = space_of(out)
    leaves: list[Linear] = [
        leaf_of(
            accumulate,
            0,
            indices,
            space_of(value),
            space,
            shape=shape,
            dtype=dtype,
            targets=(target,),
        )
        for (value, indices), target in zip(_pieces(args, targets), targets, strict=True)
    ]
    maps = (*leaves, *_no_tangent(args[len(targets) :], out))
    return Join(maps) if len(maps) > 1 else maps[0]


def _accumulate_adjoint(leaf: Leaf) -> Leaf:
    (target,) = dict(leaf.params)["targets"]
    if isinstance(target, int):
        return leaf_of(gather, 0, leaf.fixed, leaf.cod, leaf.dom)
    return leaf_of(index, 0, (), leaf.cod, leaf.dom, key=target)


def _accumulate_lift(leaf: Leaf, extra: Shape) -> Leaf:
    cod = extend(leaf.cod, extra)
    return relabel(leaf, extend(leaf.dom, extra), cod, shape=cod.shape)


def _accumulate_total(leaves: Sequence[Leaf], values: Sequence[Value]) -> Value:
    targets = tuple(dict(f.params)["targets"][0] for f in leaves)
    indices = [i for f in leaves for i in f.fixed]
    params = {**dict(leaves[0].params), "targets": targets}
    return accumulate(*values, *indices, **params)


def _accumulate_masked(leaf: Leaf, mask: Value) -> tuple[Leaf, Value]:
    marks = convert(mask, dtype=leaf.dom.dtype)  # type: ignore[union-attr]
    return leaf, convert(leaf.op.apply(leaf, marks), dtype="bool")


def _accumulate_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    """A first piece at a key is placed; another, or one whose indices may repeat, is added."""
    pieces = enumerate(zip(spaces, params["targets"], strict=False))
    return sum(size(space) for i, (space, target) in pieces if i or isinstance(target, int))


accumulate = Primitive(
    "accumulate",
    _accumulate_text,
    _accumulate_space,
    work=_accumulate_work,
    linear=Linearity(
        (0,),
        _accumulate_adjoint,
        _accumulate_lift,
        total=_accumulate_total,
        masked=_accumulate_masked,
    ),
    linearise=_accumulate_rule,
    domain=(Domain(), Domain(-2, 2)),
    examples=(
        Example(reals(()), (("dtype", "float64"), ("shape", (3,)), ("targets", ((1,),)))),
        Example(
            reals((2,)),
            (("dtype", "float64"), ("shape", (2, 3)), ("targets", (((None, None, None), -1),))),
        ),
        Example(
            (Real((3,)), _INT3),
            (("dtype", "float64"), ("shape", (4,)), ("targets", (1,))),
        ),
    ),
    helpers='''
def accumulated(shape, dtype, *pieces):
    """The sum of the pieces, each placed into zeros at its key; repeated indices add up."""
    out = np.zeros(shape, dtype)
    for key, piece in pieces:
        if key[-1] is Ellipsis:
            np.add(out[key], piece, out=out[key])
        else:
            np.add.at(out, key, piece)
    return out
''',
)


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
        parts.append(_put(key, space, end))
        start = stop
    return Join(tuple(parts)) if len(parts) > 1 else parts[0]


concatenate = Primitive(
    "concatenate",
    lambda *xs, axis: f"np.concatenate([{', '.join(xs)}]{f', axis={axis}' if axis else ''})",
    _concatenate_space,
    work=free,
    linearise=_concatenate_rule,
    examples=(
        Example(reals((2,), (3,)), (("axis", 0),)),
        Example(reals((2, 1), (2, 3)), (("axis", 1),)),
        Example(reals((0,), (2,)), (("axis", 0),)),
    ),
)

FAMILY = (index, gather, accumulate, concatenate)
