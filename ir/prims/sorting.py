"""Order: sorted arrays, and where the entries of an array stand in order.

Of equal entries the one that comes first stands first, and nan stands last. Where entries stand
is discrete, so the derivative of a sorted array is a gather, at every order.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Linear, Then
from cats.ir.primitive import Domain, Example, Primitive, free, leaf_of
from cats.ir.prims.choice import equal, greater, less, logical_and, logical_or
from cats.ir.prims.indexing import gather, index
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import all_led, broadcast, convert, new_axes, reals, reshape, with_shape
from cats.ir.prims.layout import sum as total
from cats.ir.spaces import Discrete, Ground, Real, Shape, Space, Value, size, space_of


def length_of(x: Ground, axis: int) -> int:
    """The length of an axis; raises SpaceError if there is no such axis."""
    if not 0 <= axis < len(x.shape):
        raise SpaceError(f"{axis} is not an axis of {x}")
    return x.shape[axis]


def _halvings(spaces: Any, out: Space, params: dict[str, Any]) -> int:
    """A comparison for each entry and each halving of its line."""
    return size(spaces[0]) * length_of(spaces[0], params["axis"]).bit_length()


_LINES = (
    Example(reals((4,)), (("axis", 0),)),
    Example(reals((2, 3)), (("axis", 1),)),
    Example(reals((3, 2)), (("axis", 0),)),
    Example(reals((0,)), (("axis", 0),)),
)

# Entries at places along an axis


def _flat_space(places: Ground, *, axis: int, length: Natural, lead: Natural) -> Ground:
    length_of(places, axis)
    if lead > axis:
        raise SpaceError(f"axis {axis} of {places} is one of the {lead} axes before the places")
    return Discrete(places.shape)


flat_places: Primitive = Primitive(
    "flat_places",
    lambda places, *, axis, length, lead: f"flat_places({places}, {axis}, {length}, {lead})",
    _flat_space,
    domain=(Domain(0, 2),),
    batch=lambda places, *, batched, axis, length, lead: flat_places(
        places, axis=axis + 1, length=length, lead=lead + 1
    ),
    examples=(
        Example((Discrete((2, 3)),), (("axis", 1), ("lead", 0), ("length", 4))),
        Example((Discrete((3, 2)),), (("axis", 0), ("lead", 0), ("length", 3))),
        Example((Discrete((2, 3, 2)),), (("axis", 1), ("lead", 1), ("length", 3))),
    ),
    helpers='''
def flat_places(places, axis, length, lead):
    """Places along an axis of this length, as places in the flat array of all axes but the lead."""
    before = np.prod(places.shape[lead:axis], dtype=int)
    after = np.prod(places.shape[axis + 1 :], dtype=int)
    lines = places.reshape(*places.shape[:lead], before, places.shape[axis], after)
    start = np.arange(before).reshape(-1, 1, 1) * length
    return ((start + lines) * after + np.arange(after)).reshape(places.shape)
''',
)


def _flat(shape: Shape, places: Value, axis: int) -> Value:
    """Places along an axis as places in the flat array."""
    if len(shape) == 1:
        return places
    return flat_places(places, axis=axis, length=shape[axis], lead=0)


def along(x: Value, places: Value, axis: int) -> Value:
    """The entries of x at places along an axis: np.take_along_axis."""
    space = space_of(x)
    flat = x if len(space.shape) == 1 else reshape(x, shape=(size(space),))
    return gather(flat, _flat(space.shape, places, axis))


def taking(x: Value, places: Value, axis: int) -> Linear:
    """v |-> the entries of v at places along an axis of x."""
    space = space_of(x)
    flat, end = with_shape(space, (size(space),)), with_shape(space, space_of(places).shape)
    taken = leaf_of(gather, 0, (_flat(space.shape, places, axis),), flat, end)
    if len(space.shape) == 1:
        return taken
    return Then(leaf_of(reshape, 0, (), space, flat, shape=flat.shape), taken)


# The order


MANY = 4000
"""On lines of so many entries a sort whose ties are mended is faster than a stable one, and entries
of few ranks are found faster without sorting."""

FEW = 8
"""So many ranks are few."""

STABLE_ORDER = f'''
def stable_order(x, axis):
    """np.argsort(x, axis=axis, kind="stable"); of much data by a faster sort, its ties mended."""
    if x.shape[axis] < {MANY}:
        return np.argsort(x, axis=axis, kind="stable")
    quick = np.moveaxis(np.argsort(x, axis=axis), axis, -1)
    ordered = np.take_along_axis(np.moveaxis(x, axis, -1), quick, -1)
    after, before = ordered[..., 1:], ordered[..., :-1]
    same = (after == before) | ((after != after) & (before != before))
    if not same.any():
        return np.moveaxis(quick, -1, axis)
    first = np.zeros((*same.shape[:-1], 1), bool)
    group = x.shape[axis] * np.cumsum(np.concatenate([first, ~same], -1), -1)
    return np.moveaxis(np.sort(group + quick, -1) - group, -1, axis)
'''


Algorithm = Literal["quicksort", "heapsort", "mergesort", "stable"]
"""How NumPy sorts."""


def _places_space(x: Ground, *, axis: int, kind: Algorithm | None) -> Ground:
    length_of(x, axis)
    return Discrete(x.shape)


def _argsort_text(x: str, *, axis: int, kind: str | None) -> str:
    if kind == "stable":
        return f"stable_order({x}, {axis})"
    return f"np.argsort({x}, axis={axis}{f', kind={kind!r}' if kind else ''})"


argsort: Primitive = Primitive(
    "argsort",
    _argsort_text,
    _places_space,
    work=_halvings,
    kinks=lambda x, *, axis, kind: _tied(x, axis),
    batch=lambda x, *, batched, axis, kind: argsort(x, axis=axis + 1, kind=kind),
    examples=(
        *(Example(e.spaces, (*e.params, ("kind", "stable"))) for e in _LINES),
        Example(reals((4,)), (("axis", 0), ("kind", None))),
    ),
    helpers=STABLE_ORDER,
)


def stable(x: Value, axis: int) -> Value:
    """Where the entries stand in order, equal ones as they came."""
    return argsort(x, axis=axis, kind="stable")


def _permutation_space(order: Ground, *, axis: int) -> Ground:
    length_of(order, axis)
    if not isinstance(order, Discrete):
        raise SpaceError(f"{order} holds no places")
    return Discrete(order.shape)


def _shuffled(order: Value) -> tuple[Value, ...]:
    return (np.argsort(order, axis=-1),)


inverse: Primitive = Primitive(
    "inverse",
    lambda order, *, axis: f"inverse({order}, {axis})",
    _permutation_space,
    work=free,
    batch=lambda order, *, batched, axis: inverse(order, axis=axis + 1),
    domain=(Domain(0, 3),),
    examples=(
        Example((Discrete((5,)),), (("axis", 0),), _shuffled),
        Example((Discrete((2, 4)),), (("axis", 1),), _shuffled),
    ),
    helpers='''
def inverse(order, axis):
    """Where each place stands in permutations along an axis."""
    found = np.zeros_like(order)
    shape = [-1 if i == axis else 1 for i in range(order.ndim)]
    np.put_along_axis(found, order, np.arange(order.shape[axis]).reshape(shape), axis)
    return found
''',
)


def _sort_space(x: Ground, *, axis: int) -> Ground:
    length_of(x, axis)
    return x


sort: Primitive = Primitive(
    "sort",
    lambda x, *, axis: f"np.sort({x}, axis={axis})",
    _sort_space,
    work=_halvings,
    linearise=lambda x, *, out, axis: taking(x, stable(x, axis), axis),
    kinks=lambda x, *, axis: _repeated(x, axis),
    batch=lambda x, *, batched, axis: sort(x, axis=axis + 1),
    examples=_LINES,
)


def _repeated(x: Value, axis: int) -> Value:
    """Which of the sorted entries are equal to a neighbour."""
    inside = ((None, None, None),) * axis
    ordered = sort(x, axis=axis)
    first = index(ordered, key=(*inside, (None, 1, None)))
    ahead = index(ordered, key=(*inside, (1, None, None)))
    behind = index(ordered, key=(*inside, (None, -1, None)))
    same, never = equal(behind, ahead), less(first, first)
    return logical_or(concatenate(same, never, axis=axis), concatenate(never, same, axis=axis))


def _tied(x: Value, axis: int) -> Value:
    """Which entries are equal to another of their line."""
    return along(_repeated(x, axis), inverse(stable(x, axis), axis=axis), axis)


# Partitions


def kth_text(kth: tuple[int, ...]) -> str:
    """The ranks as NumPy takes them: a number, or some."""
    return str(kth[0] if len(kth) == 1 else kth)


def _kth_space(x: Ground, *, axis: int, kth: tuple[int, ...]) -> Ground:
    n = length_of(x, axis)
    if not kth or (n and any(not -n <= k < n for k in kth)):
        raise SpaceError(f"a partition at {kth_text(kth)} of an axis of length {n}")
    return x


def _argpartition_space(x: Ground, *, axis: int, kth: tuple[int, ...]) -> Ground:
    return Discrete(_kth_space(x, axis=axis, kth=kth).shape)


def _partition_rule(x: Value, *, out: Value, axis: int, kth: tuple[int, ...]) -> Linear:
    """The entry of rank r of the result is the entry of rank r of the argument."""
    ranks = inverse(stable(out, axis), axis=axis)
    return taking(x, along(stable(x, axis), ranks, axis), axis)


_CUTS = (
    Example(reals((5,)), (("axis", 0), ("kth", (2,)))),
    Example(reals((2, 4)), (("axis", 1), ("kth", (0, -2)))),
    Example(reals((3, 2)), (("axis", 0), ("kth", (1,)))),
)

partition: Primitive = Primitive(
    "partition",
    lambda x, *, axis, kth: f"np.partition({x}, {kth_text(kth)}, axis={axis})",
    _kth_space,
    linearise=_partition_rule,
    kinks=lambda x, *, axis, kth: _tied(x, axis),
    batch=lambda x, *, batched, axis, kth: partition(x, axis=axis + 1, kth=kth),
    examples=_CUTS,
)

argpartition: Primitive = Primitive(
    "argpartition",
    lambda x, *, axis, kth: f"np.argpartition({x}, {kth_text(kth)}, axis={axis})",
    _argpartition_space,
    kinks=lambda x, *, axis, kth: _tied(x, axis),
    batch=lambda x, *, batched, axis, kth: argpartition(x, axis=axis + 1, kth=kth),
    examples=_CUTS,
)

# Entries of given ranks


def _ranked_space(x: Ground, ranks: Ground, *, axis: int, nans: bool) -> Ground:
    n = length_of(x, axis)
    lines = (*x.shape[:axis], *x.shape[axis + 1 :])
    if not isinstance(ranks, Discrete) or len(ranks.shape) != len(x.shape):
        raise SpaceError(f"ranks along axis {axis} of {x} must be integers, as many for each line")
    if (*ranks.shape[:axis], *ranks.shape[axis + 1 :]) != lines or not n:
        raise SpaceError(f"{ranks} are no ranks along axis {axis} of {x}")
    return Discrete(ranks.shape)


ranked: Primitive = Primitive(
    "ranked",
    lambda x, ranks, *, axis, nans: f"ranked({x}, {ranks}, {axis}, {nans})",
    _ranked_space,
    work=lambda spaces, out, params: 4 * size(spaces[0]) * length_of(out, params["axis"]),
    kinks=lambda x, ranks, *, axis, nans: along(
        _tied(x, axis), ranked(x, ranks, axis=axis, nans=nans), axis
    ),
    batch=lambda *args, batched, axis, nans: ranked(
        *all_led(args, batched), axis=axis + 1, nans=nans
    ),
    domain=(Domain(), Domain(0, 2)),
    examples=(
        Example((Real((4,)), Discrete((2,))), (("axis", 0), ("nans", True))),
        Example((Real((2, 3)), Discrete((2, 1))), (("axis", 1), ("nans", False))),
        Example((Real((3, 2)), Discrete((2, 2))), (("axis", 0), ("nans", True))),
    ),
    helpers=f'''{STABLE_ORDER}

def place_of(x, value, rank, axis):
    """Where an entry of this value and rank stands in the stable order."""
    last = value != value
    holes = last.any()
    same = (x == value) | (last & (x != x)) if holes else x == value
    if np.all(np.count_nonzero(same, axis, keepdims=True) == 1):
        return same.argmax(axis, keepdims=True)
    less = (x < value) | (last & (x == x)) if holes else x < value
    before = np.count_nonzero(less, axis, keepdims=True)
    return (same.cumsum(axis) > rank - before).argmax(axis, keepdims=True)


def places_of(x, ranks, axis):
    """Where the entries of these ranks stand in the stable order; few are found without it."""
    wanted = np.unique(ranks)
    if x.shape[axis] < {MANY} or not 0 < wanted.size <= {FEW}:
        return np.take_along_axis(stable_order(x, axis), ranks, axis)
    parts = [np.take(np.partition(x, k, axis), [k], axis) for k in wanted]
    number = np.searchsorted(wanted, ranks)
    values = np.take_along_axis(np.concatenate(parts, axis), number, axis)
    pairs = [[np.take(a, [i], axis) for a in (values, ranks)] for i in range(ranks.shape[axis])]
    return np.concatenate([place_of(x, value, rank, axis) for value, rank in pairs], axis)


def ranked(x, ranks, axis, nans):
    """The same; if `nans`, a line that holds nan gives the place of its first nan at every rank."""
    found = places_of(x, ranks, axis)
    if not nans:
        return found
    none = x != x
    return np.where(none.any(axis, keepdims=True), none.argmax(axis, keepdims=True), found)
''',
)

# The largest and the smallest


def _extreme_space(x: Ground, *, axis: int, skip: bool) -> Ground:
    if not length_of(x, axis):
        raise SpaceError(
            f"where the largest or smallest entry of {x} along axis {axis} stands: there is none",
            remedy="Check that the array is not empty.",
        )
    return Discrete((*x.shape[:axis], *x.shape[axis + 1 :]))


def _extreme(name: str) -> Primitive:
    def kinks(x: Value, *, axis: int, skip: bool) -> Value:
        shape = space_of(x).shape
        kept = new_axes(shape, (axis,))
        place = reshape(op(x, axis=axis, skip=skip), shape=tuple(
            1 if i == axis else n for i, n in enumerate(shape)
        ))  # fmt: skip
        best = reshape(along(x, place, axis), shape=tuple(shape[i] for i in kept))
        equals = equal(x, broadcast(best, shape=shape, axes=kept))
        several = greater(total(convert(equals, dtype="int64"), axes=(axis,)), 1)
        return logical_and(equals, broadcast(several, shape=shape, axes=kept))

    op: Primitive = Primitive(
        name,
        lambda x, *, axis, skip: f"np.{'nan' if skip else ''}{name}({x}, axis={axis})",
        _extreme_space,
        work=lambda spaces, out, params: size(spaces[0]),
        kinks=kinks,
        batch=lambda x, *, batched, axis, skip: op(x, axis=axis + 1, skip=skip),
        home=__name__,
        examples=tuple(
            Example(e.spaces, (*e.params, ("skip", skip)))
            for e in _LINES[:-1]
            for skip in (False, True)
        ),
    )
    return op


argmax = _extreme("argmax")
argmin = _extreme("argmin")

FAMILY = (
    flat_places,
    argsort,
    inverse,
    sort,
    partition,
    argpartition,
    ranked,
    argmax,
    argmin,
)
