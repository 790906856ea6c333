"""Writing into an array: `put` replaces entries, `erase` zeroes them.

Each gives a new array and leaves the old one as it was; a backend writes over the old one where
nobody reads it again, so that n writes cost O(n). A target is a key, or a number of index arrays
for the leading axes. Where index arrays name an entry twice, `put` keeps the last value, as NumPy
does.
"""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Leaf, Linear, Then, Zero
from cats.ir.primitive import Domain, Example, Linearity, Primitive, free, leaf_of
from cats.ir.prims.algebra import itself
from cats.ir.prims.choice import keeping
from cats.ir.prims.indexing import (
    Target,
    batched_indices,
    batched_target,
    bracket,
    placed,
    scattered,
    subject,
)
from cats.ir.prims.layout import broadcast, count_of, led, reals, same_map
from cats.ir.spaces import ANY, UNIT, Discrete, Ground, Real, Shape, Value, size, space_of

# Which of several that name one entry is the last


def _winners_space(*indices: Ground, shape: Shape) -> Ground:
    placed(Real(shape), len(indices), indices)
    if ANY in shape or len(shape) != len(indices):
        raise SpaceError(
            f"{len(indices)} index arrays do not say which entries of {Real(shape)} are written"
        )
    return Discrete(indices[0].shape, "bool")


winners: Primitive = Primitive(
    "winners",
    lambda *indices, shape: f"winners({shape}, {', '.join(indices)})",
    _winners_space,
    domain=(Domain(-2, 1),),
    examples=(
        Example((Discrete((4,)),), (("shape", (3,)),)),
        Example((Discrete((4,)), Discrete((4,))), (("shape", (3, 3)),)),
    ),
    helpers='''
def winners(shape, *indices):
    """Where an index is the last of those that name the same entry."""
    last = np.zeros(shape, np.int64)
    order = np.arange(indices[0].size).reshape(indices[0].shape)
    last.__setitem__(indices, order)
    return last[indices] == order
''',
    batch=lambda *indices, batched, shape: _winners_batch(indices, batched, shape),
)


def _winners_batch(indices: Sequence[Value], batched: Sequence[bool], shape: Shape) -> Value:
    count = count_of(indices, batched)
    return winners(*batched_indices(indices, batched, count), shape=(count, *shape))


# Erase


def _erase_space(x: Ground, *indices: Ground, target: Target) -> Ground:
    placed(x, target, indices)
    return x


def _erase_rule(x: Value, *indices: Value, out: Value, target: Target) -> Linear:
    leaf: Linear = _erasing(x, indices, target)
    return Join((leaf, *_still(indices, out))) if indices else leaf


def _erasing(x: Value, indices: Sequence[Value], target: Target) -> Leaf:
    space = space_of(x)
    return leaf_of(erase, 0, tuple(indices), space, space, target=target)


def _still(others: Sequence[Value], out: Value) -> tuple[Linear, ...]:
    return tuple(Zero(UNIT, space_of(out)) for _ in others)


erase: Primitive = Primitive(
    "erase",
    lambda x, *indices, target: f"erased({x}, {subject(target, indices)})",
    _erase_space,
    work=free,
    linear=Linearity((0,), itself, same_map, "diagonal"),
    linearise=_erase_rule,
    batch=lambda *args, batched, target: _written_batch(erase, args, batched, 1, target),
    inplace=lambda out, x, *indices, target: f"{out}[{bracket(target, indices)}] = 0",
    domain=(Domain(), Domain(-2, 1)),
    examples=(
        Example(reals((3,)), (("target", (1,)),)),
        Example(reals((4, 2)), (("target", ((None, None, 2), -1)),)),
        Example((Real((3, 2)), Discrete((2,))), (("target", 1),)),
        Example((Real((3,)), Discrete(())), (("target", 1),)),
        Example(reals(()), (("target", ()),)),
    ),
    helpers='''
def erased(x, key):
    """x with zeros at the key."""
    out = np.array(x)
    out.__setitem__(key, 0)
    return out
''',
)

# Put


def _put_space(x: Ground, value: Ground, *indices: Ground, target: Target) -> Ground:
    place = placed(x, target, indices)
    if value != place:
        raise SpaceError(f"a value in {value} does not fit where {place} is asked")
    return x


def _put_rule(x: Value, value: Value, *indices: Value, out: Value, target: Target) -> Linear:
    before, end = space_of(x), space_of(out)
    if isinstance(before, Discrete):
        return Join((Zero(UNIT, UNIT),) * (2 + len(indices)))
    written: Linear = scattered(target, indices, space_of(value), end)
    if indices and space_of(indices[0]).shape:
        lead = before.shape[: len(indices)]
        last = winners(*indices, shape=lead)
        whole, axes = space_of(value).shape, tuple(range(len(space_of(indices[0]).shape)))
        written = Then(keeping(broadcast(last, shape=whole, axes=axes), value), written)
    return Join((_erasing(x, indices, target), written, *_still(indices, out)))


def _written_batch(
    op: Primitive, args: Sequence[Value], batched: Sequence[bool], values: int, target: Target
) -> Value:
    """erase or put with one more leading axis: so many values, then index arrays."""
    count = count_of(args, batched)
    wide = [a if has else led(a, count) for a, has in zip(args[:values], batched, strict=False)]
    places = args[values:]
    indices = batched_indices(places, batched[values:], count) if places else ()
    return op(*wide, *indices, target=batched_target(target))


put: Primitive = Primitive(
    "put",
    lambda x, value, *indices, target: f"written({x}, {subject(target, indices)}, {value})",
    _put_space,
    work=lambda spaces, out, params: size(spaces[1]),
    linearise=_put_rule,
    batch=lambda *args, batched, target: _written_batch(put, args, batched, 2, target),
    inplace=lambda out, x, value, *indices, target: f"{out}[{bracket(target, indices)}] = {value}",
    domain=(Domain(), Domain(), Domain(-2, 1)),
    examples=(
        Example(reals((3,), ()), (("target", (1,)),)),
        Example(reals((4, 2), (2,)), (("target", ((None, None, 2), -1)),)),
        Example((Real((3, 2)), Real((2, 2)), Discrete((2,))), (("target", 1),)),
        Example((Real((3, 3)), Real((4,)), Discrete((4,)), Discrete((4,))), (("target", 2),)),
        Example((Real((3,)), Real(()), Discrete(())), (("target", 1),)),
        Example(reals((), ()), (("target", ()),)),
    ),
    helpers='''
def written(x, key, value):
    """x with the value at the key."""
    out = np.array(x)
    out.__setitem__(key, np.asarray(value)[()])
    return out
''',
)

FAMILY = (winners, erase, put)
