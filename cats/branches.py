"""The choice not made yet: what its branches give becomes what one case step gives.

Only wires cross the edge of a branch. A value that is zero crosses as nothing, a masked one as
itself and its mask, so that what is known inside a branch is known outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from cats.functor import At
from cats.ir.constant import Constant
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import LinearProgram
from cats.ir.prims.algebra import add, mul, sub
from cats.ir.prims.choice import greater_equal
from cats.ir.prims.layout import convert
from cats.ir.spaces import Discrete, Space, Value, leaves
from cats.ir.wire import Builder, Wire
from cats.zeros import Masked, Nothing, materialise, plain


class Choice(NamedTuple):
    """What says which branch is taken, and what the branches read."""

    tag: Value
    residuals: list[Value]


def choice(step: LinCase[LinearProgram], at: At) -> Choice:
    """The tag of a linear case as the number of a branch, and the residuals of its branches."""
    tag, residuals = at(step.tag), [at(r) for r in step.residuals]
    if not step.widths:
        return Choice(tag, residuals)
    if type(tag) is Wire:
        which, rest = _apart(tag, step.widths)
        return Choice(which, [*residuals, rest])
    branch, own = step.taken(int(tag))
    return Choice(branch, [*residuals, np.int64(own)])


def _apart(tag: Wire, widths: Sequence[int]) -> tuple[Value, Value]:
    """The branch that a value of a wide tag chooses, and which of its own values it is."""
    beyond = [greater_equal(tag, bound) for bound in accumulate(widths[:-1])]
    passed = [convert(b, dtype="int64") for b in beyond]
    which, rest = passed[0], sub(tag, mul(passed[0], widths[0]))
    for one, width in zip(passed[1:], widths[1:], strict=False):
        which, rest = add(which, one), sub(rest, mul(one, width))
    return (beyond[0] if len(beyond) == 1 else which), rest


class Branch(NamedTuple):
    """The results of one branch, in a builder of its own."""

    builder: Builder
    results: Sequence[Value]


def parts(v: Value) -> list[Value]:
    """What crosses the edge for one value: nothing, itself, or itself and its mask."""
    if isinstance(v, Nothing):
        return []
    return [plain(v), v.mask] if isinstance(v, Masked) else [v]


def whole(count: int, space: Space, crossed: Iterator[Wire]) -> Value:
    """The value on the other side, of so many parts."""
    if count == 0:
        return Nothing(space)
    return next(crossed) if count == 1 else Masked(next(crossed), next(crossed), clean=True)


def chosen(
    tag: Wire, captured: Sequence[Wire], branches: Sequence[Branch], spaces: Sequence[Space]
) -> list[Value]:
    """The results of the branch that the tag will choose, as one case step."""
    counts = [_count(column) for column in zip(*[b.results for b in branches], strict=True)]
    programs = tuple([b.builder.finish(_shown(b, counts, spaces)) for b in branches])
    made = tag.recorder.case(programs, tag, captured) if any(counts) else ()
    crossed = iter(made)
    return [whole(n, space, crossed) for n, space in zip(counts, spaces, strict=True)]


def _count(column: Sequence[Value]) -> int:
    """In how many parts a result leaves: as many from every branch."""
    known = [isinstance(v, Nothing | Masked) for v in column]
    if not any(known):
        return 1
    return 0 if all(isinstance(v, Nothing) for v in column) else 2


def _shown(branch: Branch, counts: Sequence[int], spaces: Sequence[Space]) -> list[Wire]:
    """The results of a branch, each in its number of parts."""
    builder, shown = branch.builder, list[Wire]()
    for v, count, space in zip(branch.results, counts, spaces, strict=True):
        if count:
            shown.append(builder.lift(materialise(plain(v), builder)))
        if count == 2:
            shown.append(mask_of(v, space, builder))
    return shown


def mask_of(v: Value, space: Space, builder: Builder) -> Wire:
    """Where the value may be other than zero."""
    if isinstance(v, Masked):
        return builder.lift(v.mask)
    here = Constant(np.bool_(not isinstance(v, Nothing)))
    return builder.full(here, mask_space(space))


def mask_space(space: Space) -> Discrete:
    """Where the masks of values of the space live."""
    (ground,) = leaves(space)
    return Discrete(ground.shape, "bool")
