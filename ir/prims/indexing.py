"""Reading entries and adding them back: index, gather, their adjoint accumulate, add_into.

A key of `index` has one item per leading axis: a number, or (start, stop, step).
`accumulate` adds many pieces into one array of zeros in a single pass, so that the gradient of
n indexed reads costs O(n); `add_into` adds them to an array, a new one, which a backend writes
over the old one where nobody reads that again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Id, Join, Leaf, Linear, Zero
from cats.ir.primitive import Domain, Example, Linearity, Primitive, free, leaf_of
from cats.ir.prims.layout import (
    all_led,
    broadcast,
    convert,
    count_of,
    extend,
    led,
    moved_mask,
    reals,
    relabel,
    same_map,
    transpose,
    with_shape,
)
from cats.ir.spaces import ANY, UNIT, Discrete, Ground, Real, Shape, Space, Value, size, space_of

Item = int | tuple[int | None, int | None, int | None]
Key = tuple[Item, ...]

WHOLE: Item = (None, None, None)
"""The item that reads a whole axis."""


def key_text(key: Key) -> str:
    """The key as one writes it between brackets."""
    return ", ".join(map(_item_text, key))


def _open_text(key: Key) -> str:
    """The key, always a tuple, and one that gives an array also for a single entry."""
    return f"{key_text(key)}, ..." if key else "...,"


def _item_text(item: Item) -> str:
    return _slice_text(*item) if isinstance(item, tuple) else str(item)


def _slice_text(start: int | None, stop: int | None, step: int | None) -> str:
    text = f"{'' if start is None else start}:{'' if stop is None else stop}"
    return text if step is None else f"{text}:{step}"


def composed(outer: Key, inner: Key, shape: Shape) -> Key:
    """The key that reads from an array of this shape what `inner` reads from what `outer` reads.

    >>> composed(((1, 8, None), 2), ((None, None, 3),), (10, 4))
    ((1, 8, 3), 2)
    >>> composed(((None, None, -1),), (0,), (5,))
    (4,)
    """
    rest = iter(inner)
    found: list[Item] = []
    for n, item in zip(shape, outer, strict=False):
        found.append(item if isinstance(item, int) else _within(range(n)[slice(*item)], rest))
    return (*found, *rest)


def _within(places: range, rest: Iterator[Item]) -> Item:
    """What the next item of a key reads from these places of an axis."""
    item = next(rest, (None, None, None))
    if isinstance(item, int):
        return places[item]
    return as_slice(places[slice(*item)])


def as_slice(places: range) -> tuple[int | None, int | None, int | None]:
    """The slice that reads these places.

    >>> as_slice(range(4, -1, -2)), as_slice(range(0))
    ((4, None, -2), (0, 0, None))
    """
    if not places:
        return 0, 0, None
    stop = places.stop if places.step > 0 or places.stop >= 0 else None
    return places.start, stop, None if places.step == 1 else places.step


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


def _index_rule(dom: Space, cod: Space, key: Key) -> Linear:
    return leaf_of(index, 0, (), dom, cod, key=key) if key else Id(dom)


index: Primitive = Primitive(
    "index",
    lambda x, *, key: f"{x}[{key_text(key) or '()'}]",
    _index_space,
    work=free,
    linear=Linearity(
        (0,),
        lambda f: scattered(dict(f.params)["key"], (), f.cod, f.dom),
        same_map,
        masked=moved_mask,
    ),
    linearise=lambda x, *, out, key: _index_rule(space_of(x), space_of(out), key),
    examples=(
        Example(reals((3,)), (("key", (1,)),)),
        Example(reals((4, 3)), (("key", ((None, None, 2), -1)),)),
        Example(reals((4, 3)), (("key", ((3, None, -1),)),)),
        Example(reals((4, 3)), (("key", ((1, 1, None),)),)),
        Example(reals(()), (("key", ()),)),
    ),
    batch=lambda x, *, batched, key: index(x, key=(WHOLE, *key)),
)


def _gather_space(x: Ground, *indices: Ground) -> Ground:
    if len(indices) > len(x.shape):
        raise SpaceError(f"{len(indices)} index arrays for the {len(x.shape)} axes of {x}")
    if any(not isinstance(i, Discrete) or i.dtype == "bool" for i in indices):
        raise SpaceError(f"indices must be integers, got {', '.join(map(str, indices))}")
    if any(i.shape != indices[0].shape for i in indices):
        raise SpaceError(f"index arrays of different shapes: {', '.join(map(str, indices))}")
    return with_shape(x, (*indices[0].shape, *x.shape[len(indices) :]))


_INT3 = Discrete((3,))

gather: Primitive = Primitive(
    "gather",
    lambda x, *indices: f"{x}[{', '.join(indices)}]",
    _gather_space,
    work=free,
    linear=Linearity(
        (0,),
        lambda f: scattered(len(f.fixed), f.fixed, f.cod, f.dom),
        same_map,
        masked=moved_mask,
    ),
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
    batch=lambda x, *indices, batched: _gather_batch(x, indices, batched),
)


def _gather_batch(x: Value, indices: Sequence[Value], batched: Sequence[bool]) -> Value:
    """The same places of each, or different ones."""
    if not batched[0]:
        return gather(x, *all_led(indices, batched[1:]))
    if any(batched[1:]):
        return gather(x, *batched_indices(indices, batched[1:], space_of(x).shape[0]))
    count, rank = len(indices), len(space_of(x).shape)
    last = (*range(1, count + 1), 0, *range(count + 1, rank))
    taken = gather(transpose(x, axes=last), *indices)
    ahead, whole = len(space_of(indices[0]).shape), len(space_of(taken).shape)
    return transpose(taken, axes=(ahead, *range(ahead), *range(ahead + 1, whole)))


def batched_indices(
    indices: Sequence[Value], batched: Sequence[bool], count: int
) -> tuple[Value, ...]:
    """Index arrays for one more leading axis: the first says which of the batch."""
    wide = [i if has else led(i, count) for i, has in zip(indices, batched, strict=True)]
    shape = (count, *space_of(wide[0]).shape[1:])
    return (broadcast(np.arange(count), shape=shape, axes=(0,)), *wide)


def batched_target(target: Target) -> Target:
    """The target where there is one more leading axis."""
    return target + 1 if isinstance(target, int) else (WHOLE, *target)


def _no_tangent(indices: Sequence[Value], out: Value) -> tuple[Linear, ...]:
    return tuple(Zero(UNIT, space_of(out)) for _ in indices)


Target = Key | Natural
"""Where a piece goes: a key, or so many index arrays."""


def placed(x: Ground, target: Target, indices: Sequence[Ground]) -> Ground:
    """The space of the entries of x at a target; raises SpaceError if it has none there."""
    return _gather_space(x, *indices) if isinstance(target, int) else _index_space(x, key=target)


def scattered(target: Target, indices: Sequence[Value], dom: Space, cod: Space) -> Leaf:
    """The leaf that adds its argument into zeros at a target."""
    params = {"shape": cod.shape, "dtype": cod.dtype, "targets": (target,)}  # type: ignore[union-attr]
    return leaf_of(accumulate, 0, tuple(indices), dom, cod, **params)


def pieces(args: Sequence[Any], targets: tuple[Target, ...]) -> list[tuple[Any, tuple[Any, ...]]]:
    """Each value with its index arrays."""
    count = len(targets)
    found, begin = [], count
    for value, target in zip(args[:count], targets, strict=True):
        end = begin + (target if isinstance(target, int) else 0)
        found.append((value, tuple(args[begin:end])))
        begin = end
    return found


def bracket(target: Target, indices: Sequence[str]) -> str:
    """What stands between the brackets."""
    if isinstance(target, int):
        return ", ".join(indices)
    return key_text(target) or "..."


def subject(target: Target, indices: Sequence[str]) -> str:
    """A target as a value of Python."""
    return f"np.s_[{bracket(target, indices)}]"


def _counted(args: Sequence[Ground], targets: tuple[Target, ...]) -> None:
    """Raises SpaceError unless each piece has the index arrays that its target asks for."""
    asked = len(targets) + sum(t for t in targets if isinstance(t, int))
    if len(args) != asked:
        raise SpaceError(
            f"pieces at {targets} are {asked} arguments with their indices, not {len(args)}"
        )


def _accumulate_space(
    *args: Ground, shape: Shape, dtype: str, targets: tuple[Target, ...]
) -> Ground:
    out = Real(shape, dtype)
    if ANY in shape:
        raise SpaceError(f"pieces are not added into {out}, whose length is not known")
    _counted(args, targets)
    for (value, indices), target in zip(pieces(args, targets), targets, strict=True):
        place = placed(out, target, indices)
        if value != place:
            raise SpaceError(f"a piece in {value} does not fit where {place} is asked")
    return out


def _accumulate_text(*args: str, shape: Shape, dtype: str, targets: tuple[Target, ...]) -> str:
    parts = [
        f"(({', '.join(indices)},), {value})"
        if isinstance(target, int)
        else f"(np.s_[{_open_text(target)}], {value})"
        for (value, indices), target in zip(pieces(args, targets), targets, strict=True)
    ]
    return f"accumulated({shape}, np.{dtype}, {', '.join(parts)})"


def _accumulate_rule(
    *args: Value, out: Value, shape: Shape, dtype: str, targets: tuple[Target, ...]
) -> Linear:
    space = space_of(out)
    leaves: list[Linear] = [
        scattered(target, indices, space_of(value), space)
        for (value, indices), target in zip(pieces(args, targets), targets, strict=True)
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


def _accumulate_total(leaves: Sequence[Leaf], values: Sequence[Value], base: Value | None) -> Value:
    targets = tuple(dict(f.params)["targets"][0] for f in leaves)
    indices = [i for f in leaves for i in f.fixed]
    if base is not None:
        return add_into(base, *values, *indices, targets=targets)
    params = {**dict(leaves[0].params), "targets": targets}
    return accumulate(*values, *indices, **params)


def _accumulate_masked(leaf: Leaf, mask: Value) -> tuple[Leaf, Value]:
    marks = convert(mask, dtype=leaf.dom.dtype)  # type: ignore[union-attr]
    return leaf, convert(leaf.op.apply(leaf, marks), dtype="bool")


def _pieces_batch(
    args: Sequence[Value], batched: Sequence[bool], targets: tuple[Target, ...], count: int
) -> list[Value]:
    """The values, then the index arrays, of pieces for one more leading axis."""
    values: list[Value] = []
    indices: list[Value] = []
    flags = pieces(batched, targets)
    for (value, places), (has, marks) in zip(pieces(args, targets), flags, strict=True):
        values.append(value if has else led(value, count))
        indices += batched_indices(places, marks, count) if places else ()
    return [*values, *indices]


def _accumulate_batch(
    *args: Value,
    batched: Sequence[bool],
    shape: Shape,
    dtype: str,
    targets: tuple[Target, ...],
) -> Value:
    count = count_of(args, batched)
    parts = _pieces_batch(args, batched, targets, count)
    wide = tuple(map(batched_target, targets))
    return accumulate(*parts, shape=(count, *shape), dtype=dtype, targets=wide)


def _accumulate_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    """A first piece at a key is placed; another, or one whose indices may repeat, is added."""
    each = enumerate(zip(spaces, params["targets"], strict=False))
    return sum(size(space) for i, (space, target) in each if i or isinstance(target, int))


accumulate: Primitive = Primitive(
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
    batch=_accumulate_batch,
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


def _add_space(*args: Ground, targets: tuple[Target, ...]) -> Ground:
    out, rest = args[0], args[1:]
    for (value, indices), target in zip(pieces(rest, targets), targets, strict=True):
        place = placed(out, target, indices)
        if value != place:
            raise SpaceError(f"a piece in {value} does not fit where {place} is asked")
    return out


def _add_text(x: str, *args: str, targets: tuple[Target, ...]) -> str:
    parts = [
        f"({subject(target, indices)}, {value})"
        for (value, indices), target in zip(pieces(args, targets), targets, strict=True)
    ]
    return f"added({x}, {', '.join(parts)})"


def _add_statement(out: str, x: str, *args: str, targets: tuple[Target, ...]) -> str:
    return "; ".join(
        f"np.add.at({out}, ({', '.join(indices)},), {value})"
        if isinstance(target, int)
        else f"{out}[{bracket(target, ())}] += {value}"
        for (value, indices), target in zip(pieces(args, targets), targets, strict=True)
    )


def _add_rule(x: Value, *args: Value, out: Value, targets: tuple[Target, ...]) -> Linear:
    end = space_of(out)
    maps: list[Linear] = [Id(end)]
    for (value, indices), target in zip(pieces(args, targets), targets, strict=True):
        maps.append(scattered(target, indices, space_of(value), end))
    return Join((*maps, *_no_tangent(args[len(targets) :], out)))


def _add_batch(
    x: Value, *args: Value, batched: Sequence[bool], targets: tuple[Target, ...]
) -> Value:
    count = count_of((x, *args), batched)
    base = x if batched[0] else led(x, count)
    parts = _pieces_batch(args, batched[1:], targets, count)
    return add_into(base, *parts, targets=tuple(map(batched_target, targets)))


add_into: Primitive = Primitive(
    "add_into",
    _add_text,
    _add_space,
    work=lambda spaces, out, params: sum(map(size, spaces[1 : 1 + len(params["targets"])])),
    linearise=_add_rule,
    batch=_add_batch,
    inplace=_add_statement,
    domain=(Domain(), Domain(), Domain(-2, 1)),
    examples=(
        Example(reals((3,), ()), (("targets", ((1,),)),)),
        Example(reals((4, 2), (2,), (2,)), (("targets", (((None, None, 2), -1), (1,))),)),
        Example((Real((3,)), Real((4,)), Discrete((4,))), (("targets", (1,)),)),
        Example(reals((), ()), (("targets", ((),)),)),
    ),
    helpers='''
def added(x, *pieces):
    """x with each piece added at its key; repeated indices add up."""
    out = np.array(x)
    for place, piece in pieces:
        np.add.at(out, place, piece)
    return out
''',
)


def _nonzero_space(mask: Ground, *, count: Natural, rank: Natural) -> tuple[Ground, ...]:
    if len(mask.shape) != rank or not rank:
        raise SpaceError(f"{mask} does not have {rank} axes to find places along")
    return (Discrete((count,)),) * rank


nonzero = Primitive(
    "nonzero",
    lambda mask, *, count, rank: f"places({mask}, {count})" + ("" if rank > 1 else "[0]"),
    _nonzero_space,
    examples=(
        Example((Discrete((4,), "bool"),), (("count", 2), ("rank", 1))),
        Example((Discrete((2, 3), "bool"),), (("count", 3), ("rank", 2))),
        Example((Real((3,)),), (("count", 3), ("rank", 1))),
    ),
    helpers='''
def places(mask, count):
    """The first `count` places that are not zero, an array for each axis; 0 if there are fewer."""
    found = np.stack(np.nonzero(mask))[:, :count]
    return tuple(np.pad(found, ((0, 0), (0, count - found.shape[1]))))
''',
)

FAMILY = (index, gather, accumulate, add_into, nonzero)
